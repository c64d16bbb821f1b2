/**
 * The packets with which a connection begins: SSLRequest, GSSENCRequest, CancelRequest, StartupMessage.
 * Read as PostgreSQL does (ProcessStartupPacket in tcop/backend_startup.c), byte for byte: parameter values
 * stay bytes, because a startup packet has no encoding.
 */
import { decodeUtf8, FieldCursor, needMore, violation, type Decoded } from './frame.ts'
import { CANCEL_KEY_LENGTH, LONGEST_NAME, LONGEST_STARTUP_PACKET } from './limits.ts'
import { buildStartupPacket, field } from './message-builder.ts'

const CANCEL_REQUEST_CODE = 80_877_102
const SSL_REQUEST_CODE = 80_877_103
const GSS_ENCRYPTION_REQUEST_CODE = 80_877_104

export interface ProtocolVersion {
  readonly major: number
  readonly minor: number
}

export interface StartupParameter {
  /** One character per byte (latin1): names are compared as bytes and carry no encoding. */
  readonly name: string
  readonly value: Buffer
}

export interface StartupMessage {
  readonly kind: 'startup_message'
  readonly version: ProtocolVersion
  /** In the order in which they were sent, including repeated names. */
  readonly parameters: readonly StartupParameter[]
}

export interface CancelRequest {
  readonly kind: 'cancel_request'
  readonly processId: number
  readonly key: Buffer
}

export type StartupPacket =
  | { readonly kind: 'ssl_request' }
  | { readonly kind: 'gss_encryption_request' }
  | CancelRequest
  | StartupMessage
  /** Another major version; what follows the version is not read. */
  | { readonly kind: 'unsupported_version'; readonly version: ProtocolVersion }

export const SUPPORTED_MAJOR_VERSION = 3

/** Decodes one startup packet from the start of the bytes. */
export function decodeStartupPacket(bytes: Buffer): Decoded<StartupPacket> {
  if (bytes.length < 4) return needMore(4)
  const length = bytes.readInt32BE(0)
  if (length < 8 || length > LONGEST_STARTUP_PACKET) return violation('invalid length of startup packet')
  if (bytes.length < length) return needMore(length)
  const code = bytes.readInt32BE(4)
  const body = bytes.subarray(8, length)
  const decoded = decodeBody(code, body)
  return typeof decoded === 'string' ? violation(decoded) : { outcome: 'message', message: decoded, length }
}

/** The packet, or the text of the violation. */
function decodeBody(code: number, body: Buffer): StartupPacket | string {
  switch (code) {
    case SSL_REQUEST_CODE:
      return body.length === 0 ? { kind: 'ssl_request' } : 'invalid length of SSLRequest'
    case GSS_ENCRYPTION_REQUEST_CODE:
      return body.length === 0 ? { kind: 'gss_encryption_request' } : 'invalid length of GSSENCRequest'
    case CANCEL_REQUEST_CODE:
      return decodeCancelRequest(body)
    default: {
      const version = { major: code >>> 16, minor: code & 0xffff }
      return version.major === SUPPORTED_MAJOR_VERSION
        ? decodeParameters(version, body)
        : { kind: 'unsupported_version', version }
    }
  }
}

function decodeCancelRequest(body: Buffer): CancelRequest | string {
  const keyLength = body.length - 4
  if (keyLength < CANCEL_KEY_LENGTH.least || keyLength > CANCEL_KEY_LENGTH.most) {
    return 'invalid length of cancel request packet'
  }
  return { kind: 'cancel_request', processId: body.readInt32BE(0), key: body.subarray(4) }
}

function decodeParameters(version: ProtocolVersion, body: Buffer): StartupMessage | string {
  const cursor = new FieldCursor(body)
  const parameters: StartupParameter[] = []
  for (;;) {
    const name = cursor.stringBytes()
    if (name === undefined || (name.length === 0 && cursor.remaining > 0)) break
    if (name.length === 0) return { kind: 'startup_message', version, parameters }
    const value = cursor.stringBytes()
    if (value === undefined) break
    parameters.push({ name: name.toString('latin1'), value })
  }
  // PostgreSQL's own message for every malformed list.
  return 'invalid startup packet layout: expected terminator as last byte'
}

/** In PostgreSQL the last value wins for a single-valued parameter such as `user`. */
export const lastValue = (message: StartupMessage, name: string): Buffer | undefined =>
  message.parameters.findLast((parameter) => parameter.name === name)?.value

/**
 * The name of a role or database as PostgreSQL would understand it: cut to 63 bytes, without splitting a
 * character, which is how CREATE ROLE cuts it too. Undefined when it is not UTF-8.
 */
export function decodeName(value: Buffer): string | undefined {
  const whole = decodeUtf8(value)
  if (whole === undefined || value.length <= LONGEST_NAME) return whole
  let end = LONGEST_NAME
  // 10xxxxxx continues a character (RFC 3629 §3).
  while (end > 0 && ((value[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return decodeUtf8(value.subarray(0, end))
}

export function encodeStartupMessage(
  version: ProtocolVersion,
  parameters: readonly StartupParameter[],
): Buffer {
  const fields = parameters.flatMap(({ name, value }) => [
    field.string(Buffer.from(name, 'latin1')),
    field.string(value),
  ])
  return buildStartupPacket(field.int32((version.major << 16) | version.minor), ...fields, Buffer.of(0))
}

export const encodeSslRequest = (): Buffer => buildStartupPacket(field.int32(SSL_REQUEST_CODE))

export const encodeCancelRequest = ({ processId, key }: Omit<CancelRequest, 'kind'>): Buffer =>
  buildStartupPacket(field.int32(CANCEL_REQUEST_CODE), field.int32(processId), key)
