/** What SCRAM-SHA-256-PLUS binds a login to: the certificate that the client sees, hashed as RFC 5929 §4.1 says. */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
// @peculiar/x509 builds on decorators that need this polyfill to be there before it.
import 'reflect-metadata'
import { X509Certificate } from '@peculiar/x509'

/** RFC 5929 §4.1, by the names of Web Cryptography. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['MD5', 'sha256'],
  ['SHA-1', 'sha256'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
])
/** Of certificates; a gateway shows one for each of its host names. */
const MOST_REMEMBERED = 1_000
const remembered = new Map<string, string | undefined>()

/** Undefined when the certificate's signature has no hash, as with Ed25519: then SCRAM-SHA-256-PLUS is not offered. */
export function channelEndPoint(socket: TLSSocket): Buffer | undefined {
  const certificate = socket.getX509Certificate()
  if (certificate === undefined) return undefined
  const { fingerprint256, raw } = certificate
  let hash = remembered.get(fingerprint256)
  if (!remembered.has(fingerprint256)) {
    hash = hashOfSignature(raw)
    if (remembered.size >= MOST_REMEMBERED) remembered.clear()
    remembered.set(fingerprint256, hash)
  }
  return hash === undefined ? undefined : createHash(hash).update(raw).digest()
}

/** That of the signature; SHA-256 in the place of MD5 and SHA-1. */
export function hashOfSignature(certificate: Uint8Array): string | undefined {
  const { hash } = new X509Certificate(certificate).signatureAlgorithm as { hash?: { name: string } | string }
  const name = typeof hash === 'object' ? hash.name : hash
  return name === undefined ? undefined : HASHES.get(name.toUpperCase())
}
