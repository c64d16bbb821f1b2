/** src/gateway/proof/channel-binding.ts: the hash is chosen by the signature of the certificate (RFC 5929 §4.1). */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { channelBindingHash, ownEndPoint, peerEndPoint } from '../../../src/gateway/proof/channel-binding.ts'

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

function certificateMade(
  key: readonly string[],
  digest: readonly string[],
): { readonly cert: string; readonly key: string } {
  const file = path.join(directory, 'certificate.pem')
  const keyFile = path.join(directory, 'key.pem')
  execFileSync(
    'openssl',
    ['req', '-x509', '-nodes', '-subj', '/CN=x', '-keyout', keyFile, '-out', file, ...key, ...digest],
    { stdio: 'ignore' },
  )
  return { cert: readFileSync(file, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
const RSA = ['-newkey', 'rsa:2048']
const PSS = ['-sigopt', 'rsa_padding_mode:pss']
const PSS_KEY = ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048']
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

/** By the hash that RFC 5929 asks for. */
const CERTIFICATES: readonly (readonly [string, readonly string[], readonly string[], string | undefined])[] =
  [
    ['RSA and MD5 is hashed with SHA-256', RSA, ['-md5'], 'sha256'],
    ['RSA and SHA-1 is hashed with SHA-256', RSA, ['-sha1'], 'sha256'],
    ['RSA and SHA-224 is hashed with it', RSA, ['-sha224'], 'sha224'],
    ['RSA and SHA-256 is hashed with it', RSA, ['-sha256'], 'sha256'],
    ['RSA and SHA-384 is hashed with it', RSA, ['-sha384'], 'sha384'],
    ['RSA and SHA-512 is hashed with it', RSA, ['-sha512'], 'sha512'],
    ['RSA and SHA3-256 is hashed with it', RSA, ['-sha3-256'], 'sha3-256'],
    ['RSASSA-PSS and SHA-1, its default, is hashed with SHA-256', RSA, ['-sha1', ...PSS], 'sha256'],
    ['RSASSA-PSS and SHA-224 is hashed with it', RSA, ['-sha224', ...PSS], 'sha224'],
    ['RSASSA-PSS and SHA-256 is hashed with it', RSA, ['-sha256', ...PSS], 'sha256'],
    ['RSASSA-PSS and SHA-384 is hashed with it', RSA, ['-sha384', ...PSS], 'sha384'],
    ['RSASSA-PSS and SHA-512 is hashed with it', RSA, ['-sha512', ...PSS], 'sha512'],
    ['RSASSA-PSS by a key for that alone is hashed as it says', PSS_KEY, ['-sha384'], 'sha384'],
    ['ECDSA and SHA-1 is hashed with SHA-256', P256, ['-sha1'], 'sha256'],
    ['ECDSA and SHA-224 is hashed with it', P256, ['-sha224'], 'sha224'],
    ['ECDSA and SHA-256 is hashed with it', P256, ['-sha256'], 'sha256'],
    ['ECDSA and SHA-384 is hashed with it', P256, ['-sha384'], 'sha384'],
    ['ECDSA and SHA-512 is hashed with it', P256, ['-sha512'], 'sha512'],
    ['ECDSA and SHA3-256 is hashed with it', P256, ['-sha3-256'], 'sha3-256'],
    ['Ed25519 has no hash, so nothing is bound to it', ['-newkey', 'ed25519'], [], undefined],
  ]

describe.skipIf(!openssl)('a certificate signed with', () => {
  it.each(CERTIFICATES)('%s', (_what, key, digest, hash) => {
    expect(channelBindingHash(new X509Certificate(certificateMade(key, digest).cert).raw)).toBe(hash)
  })
})

describe.skipIf(!openssl)('the two ends of a connection whose certificate is signed with', () => {
  it.each([
    ['RSA and SHA-384', RSA, ['-sha384'], 'sha384'],
    ['RSASSA-PSS and SHA-256', RSA, ['-sha256', ...PSS], 'sha256'],
    ['RSASSA-PSS and SHA-384', RSA, ['-sha384', ...PSS], 'sha384'],
    ['ECDSA and SHA-512', P256, ['-sha512'], 'sha512'],
    ['Ed25519', ['-newkey', 'ed25519'], [], undefined],
  ])('%s bind to the same', async (_what, key, digest, hash) => {
    const { cert, key: privateKey } = certificateMade(key, digest)
    const server = createServer({ cert, key: privateKey })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
    const client = connect({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false })
    await once(client, 'secureConnect')
    const [atServer] = await accepted
    const { raw } = new X509Certificate(cert)
    const expected = hash === undefined ? undefined : createHash(hash).update(raw).digest()
    expect(ownEndPoint(atServer)).toEqual(expected)
    expect(peerEndPoint(client)).toEqual(expected)
    client.destroy()
    server.close()
  })
})

describe('bytes that are no certificate', () => {
  it.each([
    ['none', ''],
    ['a length that is cut off', '3082'],
    ['an element longer than the bytes', '30820400'],
    ['an empty sequence', '3000'],
  ])('bind nothing: %s', (_what, hex) => {
    expect(channelBindingHash(Buffer.from(hex, 'hex'))).toBeUndefined()
  })
})
