/** src/keys/operator-certificate.ts: what could serve nobody is refused before it replaces anything (attack 41). */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadOperatorCertificate } from '../../src/keys/operator-certificate.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-operator-'))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const openssl = isThere()
function isThere(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    console.warn('openssl is not installed: certificates of operators are not tried')
    return false
  }
}

function issue(digest: string) {
  const files = { certificateFile: path.join(directory, 'c.pem'), keyFile: path.join(directory, 'k.pem') }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-subj', '/CN=x', digest, ...key],
      ...['-out', files.certificateFile, '-keyout', files.keyFile],
    ],
    { stdio: 'ignore' },
  )
  return { ...files, now: new Date() }
}

describe.skipIf(!openssl)('a certificate of the operator', () => {
  it('is taken when TLS can use it', async () => {
    const certificates = await loadOperatorCertificate(issue('-sha384'))
    expect(await certificates.certificateFor('x')).toHaveProperty('certificateChainPem')
  })

  it('is refused when its signature is none that TLS takes', async () => {
    await expect(loadOperatorCertificate(issue('-sha3-256'))).rejects.toMatchObject({
      code: 'tls_files_unusable',
      message: expect.stringContaining('md too weak') as string,
    })
  })
})
