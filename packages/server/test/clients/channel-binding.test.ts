/**
 * libpq that insists on channel binding, with operator's certificates of every kind (RFC 5929 §4.1; issue 10, A9): its
 * OpenSSL and the gateway hash the same, or the login fails.
 */
import { execFile, execFileSync } from 'node:child_process'
import path from 'node:path'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWireOverTls } from '../stage/wire-client.ts'

const PASSWORD = 'correct horse, battery staple'
const RSA = ['-newkey', 'rsa:2048']
const PSS = ['-sigopt', 'rsa_padding_mode:pss']
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
const missing = whatIsMissing()
let lakegate: RunningLakegate
let dataDirectory: string
let instance: NativeInstance
let role: string
let files: { certificate: string; key: string }

function whatIsMissing(): string | undefined {
  for (const [program, version] of [
    ['psql', '--version'],
    ['openssl', 'version'],
  ] as const) {
    try {
      execFileSync(program, [version])
    } catch {
      console.warn(`${program} is not installed: channel binding is not tried with libpq`)
      return program
    }
  }
  return undefined
}

function issue(key: readonly string[], digest: readonly string[]): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', files.key, '-out', files.certificate, ...key, ...digest],
    ],
    { stdio: 'ignore' },
  )
}

beforeAll(async () => {
  if (missing !== undefined) return
  dataDirectory = await makeDataDirectory()
  files = {
    certificate: path.join(dataDirectory, 'gateway.pem'),
    key: path.join(dataDirectory, 'gateway.key'),
  }
  issue(RSA, ['-sha256'])
  lakegate = await startLakegate({
    dataDirectory,
    environment: {
      LAKEGATE_GATEWAY_HOST: '127.0.0.1',
      LAKEGATE_GATEWAY_WORKERS: '1',
      LAKEGATE_TLS_CERTIFICATE_FILE: files.certificate,
      LAKEGATE_TLS_KEY_FILE: files.key,
    },
  })
  const { ready } = lakegate
  instance = await createNativeInstance({ ...lakegate, ready: { ...ready, ca_file: files.certificate } })
  role = await instance.createRole(`PASSWORD '${PASSWORD}'`)
})
afterAll(async () => {
  if (missing !== undefined) return
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
})

/** Until the gateway shows the certificate of the files. */
async function reload(): Promise<void> {
  lakegate.process.kill('SIGHUP')
  const { raw } = new X509Certificate(readFileSync(files.certificate))
  await waitFor('the new certificate', async () => {
    const client = await connectWireOverTls(lakegate, undefined, instance)
    const shown = client.peerCertificate()
    client.close()
    return shown.equals(raw) || undefined
  })
}

const psql = (binding: string) =>
  promisify(execFile)(
    'psql',
    [
      `host=${instance.host} port=${String(instance.port)} dbname=databricks_postgres user=${role} sslmode=require channel_binding=${binding}`,
      ...['--no-psqlrc', '--tuples-only', '--no-align', '--command', 'SELECT session_user'],
    ],
    { env: { ...process.env, PGPASSWORD: PASSWORD } },
  )

describe.skipIf(missing !== undefined)('psql with channel_binding=require', () => {
  it.each([
    ['RSA and SHA-384', RSA, ['-sha384']],
    ['RSASSA-PSS and SHA-256', RSA, ['-sha256', ...PSS]],
    ['RSASSA-PSS and SHA-384', RSA, ['-sha384', ...PSS]],
    ['RSASSA-PSS and SHA-512', RSA, ['-sha512', ...PSS]],
    ['ECDSA and SHA-256', P256, ['-sha256']],
    ['ECDSA and SHA-512', P256, ['-sha512']],
  ])('logs in when the certificate is signed with %s', async (_what, key, digest) => {
    issue(key, digest)
    await reload()
    expect((await psql('require')).stdout.trim()).toBe(role)
  })

  it('does not when it is signed with Ed25519, and without it does', async () => {
    issue(['-newkey', 'ed25519'], [])
    await reload()
    await expect(psql('require')).rejects.toMatchObject({
      stderr: expect.stringContaining('channel binding') as string,
    })
    expect((await psql('prefer')).stdout.trim()).toBe(role)
  })
})
