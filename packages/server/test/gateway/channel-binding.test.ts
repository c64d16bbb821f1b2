/** src/gateway/channel-binding.ts: the hash is chosen by the signature of the certificate (RFC 5929 §4.1). */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { hashOfSignature } from '../../src/gateway/channel-binding.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-certificates-'))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const openssl = isThere()
function isThere(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    console.warn('openssl is not installed: the hashes of certificates are not tried')
    return false
  }
}

function certificateMade(key: readonly string[], digest: readonly string[]): Buffer {
  const file = path.join(directory, 'certificate.pem')
  execFileSync(
    'openssl',
    ['req', '-x509', '-nodes', '-subj', '/CN=x', '-keyout', '/dev/null', '-out', file, ...key, ...digest],
    { stdio: 'ignore' },
  )
  return new X509Certificate(readFileSync(file)).raw
}
const RSA = ['-newkey', 'rsa:2048']
const PSS = ['-sigopt', 'rsa_padding_mode:pss']
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

describe.skipIf(!openssl)('a certificate signed with', () => {
  it.each([
    ['RSA and SHA-1 is hashed with SHA-256', RSA, ['-sha1'], 'sha256'],
    ['RSA and SHA-256 is hashed with it', RSA, ['-sha256'], 'sha256'],
    ['RSA and SHA-384 is hashed with it', RSA, ['-sha384'], 'sha384'],
    ['RSA and SHA-512 is hashed with it', RSA, ['-sha512'], 'sha512'],
    ['RSASSA-PSS and SHA-384 is hashed with it', RSA, ['-sha384', ...PSS], 'sha384'],
    ['ECDSA and SHA-256 is hashed with it', P256, ['-sha256'], 'sha256'],
    ['ECDSA and SHA-512 is hashed with it', P256, ['-sha512'], 'sha512'],
    ['Ed25519 has no hash, so nothing is bound to it', ['-newkey', 'ed25519'], [], undefined],
  ])('%s', (_what, key, digest, hash) => {
    expect(hashOfSignature(certificateMade(key, digest))).toBe(hash)
  })
})
