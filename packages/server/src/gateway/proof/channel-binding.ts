/**
 * The channel binding of SCRAM-SHA-256-PLUS, `tls-server-end-point` (RFC 5929 §4.1): the hash of the server's
 * certificate, with the hash function of its signature, but SHA-256 instead of MD5 and SHA-1. Used at both ends: for
 * the certificate that the gateway shows its clients, and for the one that an attached cluster shows the gateway. It
 * agrees with PostgreSQL, which calls OpenSSL's `X509_get_signature_info`.
 */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { EncryptedStream } from '../streams/byte-stream.ts'

/**
 * Signature algorithm identifiers (hex DER of the OID) and the hash to use (RFC 3279, RFC 4055, RFC 5758, NIST CSOR).
 */
const HASHES_OF_SIGNATURES: ReadonlyMap<string, string> = new Map([
  // RSASSA-PKCS1-v1_5: MD5, SHA-1, then SHA-2
  ['2a864886f70d010104', 'sha256'],
  ['2a864886f70d010105', 'sha256'],
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  // ECDSA
  ['2a8648ce3d0401', 'sha256'],
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  // ECDSA and RSASSA-PKCS1-v1_5 with SHA-3
  ['608648016503040309', 'sha3-224'],
  ['60864801650304030a', 'sha3-256'],
  ['60864801650304030b', 'sha3-384'],
  ['60864801650304030c', 'sha3-512'],
  ['60864801650304030d', 'sha3-224'],
  ['60864801650304030e', 'sha3-256'],
  ['60864801650304030f', 'sha3-384'],
  ['608648016503040310', 'sha3-512'],
])

/** RSASSA-PSS names its hash in its parameters (RFC 4055 §3.1). */
const RSASSA_PSS = '2a864886f70d01010a'
const HASHES_OF_PSS: ReadonlyMap<string, string> = new Map([
  ['2b0e03021a', 'sha256'],
  ['608648016503040204', 'sha224'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
  ['608648016503040207', 'sha3-224'],
  ['608648016503040208', 'sha3-256'],
  ['608648016503040209', 'sha3-384'],
  ['60864801650304020a', 'sha3-512'],
])
/** The default when the parameter is left out is SHA-1, for which SHA-256 is used. */
const DEFAULT_HASH_OF_PSS = 'sha256'
/** The tag of `hashAlgorithm [0]`. */
const HASH_ALGORITHM = 0xa0

/** For the certificate that this end shows. @returns undefined when it allows no binding; see `channelBindingHash` */
export const ownEndPoint = (socket: Pick<EncryptedStream, 'getX509Certificate'>): Buffer | undefined =>
  endPointOf(socket.getX509Certificate()?.raw)

/** For the certificate that the server at the other end shows. @returns as `ownEndPoint` */
export const peerEndPoint = (socket: TLSSocket): Buffer | undefined =>
  endPointOf(socket.getPeerX509Certificate()?.raw)

function endPointOf(certificate: Buffer | undefined): Buffer | undefined {
  const hash = certificate === undefined ? undefined : channelBindingHash(certificate)
  return certificate === undefined || hash === undefined
    ? undefined
    : createHash(hash).update(certificate).digest()
}

/**
 * @param certificate DER that OpenSSL has accepted
 * @returns undefined for a signature without a hash function of its own, such as Ed25519: RFC 5929 does not define that
 * case, and PostgreSQL offers no binding for it either
 */
export function channelBindingHash(certificate: Buffer): string | undefined {
  // RFC 5280 §4.1:
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm, parameters }, … }
  const whole = element(certificate, 0)
  const signed = whole && element(certificate, whole.content)
  const signature = signed && element(certificate, signed.end)
  const algorithm = signature && element(certificate, signature.content)
  if (signature === undefined || algorithm === undefined) return undefined
  const identifier = contentOf(certificate, algorithm)
  if (identifier !== RSASSA_PSS) return HASHES_OF_SIGNATURES.get(identifier)
  // RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] SEQUENCE { algorithm, … } DEFAULT sha1, … }
  const parameters = algorithm.end < signature.end ? element(certificate, algorithm.end) : undefined
  if (parameters === undefined) return undefined
  if (parameters.content === parameters.end || certificate[parameters.content] !== HASH_ALGORITHM)
    return DEFAULT_HASH_OF_PSS
  const tagged = element(certificate, parameters.content)
  const hashAlgorithm = tagged && element(certificate, tagged.content)
  const hash = hashAlgorithm && element(certificate, hashAlgorithm.content)
  return hash && HASHES_OF_PSS.get(contentOf(certificate, hash))
}

interface Element {
  readonly content: number
  readonly end: number
}

const contentOf = (bytes: Buffer, { content, end }: Element): string => bytes.toString('hex', content, end)

/** One element of DER: where its content begins and where it ends. */
function element(bytes: Buffer, offset: number): Element | undefined {
  const first = bytes[offset + 1]
  if (first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (lengthBytes > 4 || offset + 2 + lengthBytes > bytes.length) return undefined
  const content = offset + 2 + lengthBytes
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(offset + 2, lengthBytes)
  return content + length > bytes.length ? undefined : { content, end: content + length }
}
