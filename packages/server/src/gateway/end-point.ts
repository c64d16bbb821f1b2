/**
 * `tls-server-end-point` of a connection to an attached cluster (RFC 5929 §4.1): the hash of the server's certificate
 * with the hash of its signature, SHA-256 in the place of MD5 and SHA-1.
 */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/**
 * Object identifiers of signature algorithms as they stand in a certificate (RFC 4055, RFC 5758), with the hash to take.
 * Others, Ed25519 and RSASSA-PSS among them, define none that PostgreSQL would agree on.
 */
const HASHES: readonly (readonly [string, string])[] = [
  ['06092a864886f70d01010b', 'sha256'],
  ['06092a864886f70d01010c', 'sha384'],
  ['06092a864886f70d01010d', 'sha512'],
  ['06092a864886f70d010105', 'sha256'],
  ['06082a8648ce3d040302', 'sha256'],
  ['06082a8648ce3d040303', 'sha384'],
  ['06082a8648ce3d040304', 'sha512'],
]

/** @returns undefined when the certificate allows no channel binding */
export function tlsServerEndPoint(socket: TLSSocket): Buffer | undefined {
  const { raw } = socket.getPeerCertificate()
  const algorithm = signatureAlgorithm(raw)
  const hash = HASHES.find(([identifier]) => identifier === algorithm)?.[1]
  return hash === undefined ? undefined : createHash(hash).update(raw).digest()
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, … }, … } (RFC 5280 §4.1). */
function signatureAlgorithm(certificate: Buffer): string | undefined {
  const whole = element(certificate, 0)
  const signed = whole === undefined ? undefined : element(certificate, whole.content)
  const algorithm = signed === undefined ? undefined : element(certificate, signed.end)
  const identifier = algorithm === undefined ? undefined : element(certificate, algorithm.content)
  return identifier === undefined || algorithm === undefined
    ? undefined
    : certificate.subarray(algorithm.content, identifier.end).toString('hex')
}

/** One element of DER: where its content begins and where it ends. The bytes were accepted by OpenSSL before. */
function element(
  bytes: Buffer,
  offset: number,
): { readonly content: number; readonly end: number } | undefined {
  const first = bytes[offset + 1]
  if (first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (lengthBytes > 4 || offset + 2 + lengthBytes > bytes.length) return undefined
  const content = offset + 2 + lengthBytes
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(offset + 2, lengthBytes)
  return content + length > bytes.length ? undefined : { content, end: content + length }
}
