/** The messages of the PostgreSQL protocol that a login by token consists of (PostgreSQL, «Message Formats»). */
import { LoginError } from './login-error.ts'

/** Larger ones PostgreSQL refuses as well (MAX_STARTUP_PACKET_LENGTH). */
const LONGEST_STARTUP_PACKET = 10_000
/** An ErrorResponse with all its fields is far shorter; whoever announces more is no PostgreSQL. */
const LONGEST_MESSAGE = 65_536
const CANCEL_REQUEST_CODE = 80_877_102
const SSL_REQUEST_CODE = 80_877_103

export const SSL_REQUEST = Buffer.alloc(8)
SSL_REQUEST.writeInt32BE(8)
SSL_REQUEST.writeInt32BE(SSL_REQUEST_CODE, 4)

/** The first packet of a driver, which has no type byte. @returns undefined while it is not complete */
export function takeFirstPacket(
  bytes: Buffer,
): { readonly packet: Buffer; readonly rest: Buffer } | undefined {
  if (bytes.length < 8) return undefined
  const length = bytes.readInt32BE()
  if (length < 8 || length > LONGEST_STARTUP_PACKET)
    throw violation(`the driver began with a packet of ${String(length)} bytes`)
  if (bytes.length < length) return undefined
  return { packet: bytes.subarray(0, length), rest: bytes.subarray(length) }
}

/** It is sent on a connection of its own, and no login follows it. */
export const isCancelRequest = (packet: Buffer): boolean => packet.readInt32BE(4) === CANCEL_REQUEST_CODE

export interface ServerMessage {
  readonly type: string
  readonly body: Buffer
  /** With its type and length. */
  readonly whole: Buffer
  readonly rest: Buffer
}

/** @returns undefined while the message is not complete */
export function takeMessage(bytes: Buffer): ServerMessage | undefined {
  if (bytes.length < 5) return undefined
  const length = bytes.readInt32BE(1)
  if (length < 4 || length > LONGEST_MESSAGE)
    throw violation(`the server announced a message of ${String(length)} bytes during the login`)
  if (bytes.length < length + 1) return undefined
  return {
    type: String.fromCharCode(bytes.readUInt8()),
    body: bytes.subarray(5, length + 1),
    whole: bytes.subarray(0, length + 1),
    rest: bytes.subarray(length + 1),
  }
}

export function passwordMessage(password: string): Buffer {
  const length = Buffer.byteLength(password)
  const message = Buffer.alloc(length + 6)
  message.write('p')
  message.writeInt32BE(length + 5, 1)
  message.write(password, 5)
  return message
}

export interface ServerError {
  readonly code: string
  readonly message: string
  readonly detail: string
}

/** The fields of an ErrorResponse that tell a refused token from every other «no». */
export function readServerError(body: Buffer): ServerError {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  return { code: fields.get('C') ?? '', message: fields.get('M') ?? '', detail: fields.get('D') ?? '' }
}

/**
 * Whether another token may be accepted. 28P01 says that the token is bad or expired (docs/refusals.md). 28000 says that another
 * one would not help, unless its text is about an expired token: which code the real service uses for one is not documented.
 */
export function refusesToken({ code, message, detail }: ServerError): boolean {
  if (code === '28P01') return true
  return (
    code === '28000' &&
    /\btoken\b.*\bexpired\b|\bexpired\b.*\btoken\b|decode token/i.test(`${message} ${detail}`)
  )
}

export const violation = (what: string): LoginError =>
  new LoginError(
    'PROTOCOL_VIOLATION',
    `The login failed: ${what}.`,
    'Check that host and port are those of a database instance.',
  )
