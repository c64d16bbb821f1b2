/**
 * The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), with keys instead of a password. A
 * backend is trusted as little as a client (attack 15): salt and iterations must be those that Lakegate itself set, so
 * a hostile backend cannot make the gateway do costly work, and only a correct server signature completes the exchange.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { FieldCursor } from './frame.ts'
import { buildMessage, field } from './message-builder.ts'
import { FRONTEND } from './message-types.ts'

export interface ScramKey {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly clientKey: Uint8Array
  readonly serverKey: Uint8Array
}

const PLAIN = 'SCRAM-SHA-256'
const PLUS = 'SCRAM-SHA-256-PLUS'
/** A server nonce of 18 bytes has 24 characters and follows our own nonce. */
const LONGEST_SERVER_MESSAGE = 1024

export interface ScramStart {
  readonly message: Buffer
  /** @returns the answer to AuthenticationSASLContinue; undefined when the server does not have the key */
  proceed(serverFirst: Buffer): ScramProof | undefined
}

export interface ScramProof {
  readonly message: Buffer
  /** Whether AuthenticationSASLFinal proves that the server has the key too. */
  isProvenBy(serverFinal: Buffer): boolean
}

/**
 * @param mechanisms the body of AuthenticationSASL after its code
 * @param endPoint `tls-server-end-point` of the connection (RFC 5929 §4); undefined when its certificate has none
 * @returns undefined when the server offers no acceptable mechanism
 */
export function startScram(
  mechanisms: Buffer,
  key: ScramKey,
  endPoint: Buffer | undefined,
  nonce: string,
): ScramStart | undefined {
  const offered = readMechanisms(mechanisms)
  if (offered === undefined) return undefined
  const binding = endPoint !== undefined && offered.includes(PLUS) ? endPoint : undefined
  if (binding === undefined && !offered.includes(PLAIN)) return undefined
  // RFC 5802 §6: `y` tells a server which offers channel binding that an attacker has removed its offer.
  const header = binding !== undefined ? 'p=tls-server-end-point,,' : endPoint === undefined ? 'n,,' : 'y,,'
  // PostgreSQL takes the user from the startup message and ignores this one.
  const clientFirstBare = `n=,r=${nonce}`
  const first = Buffer.from(header + clientFirstBare, 'ascii')
  return {
    message: buildMessage(
      FRONTEND.passwordMessage,
      field.string(binding === undefined ? PLAIN : PLUS),
      field.int32(first.length),
      first,
    ),
    proceed: (serverFirst) => proceed({ key, nonce, header, binding, clientFirstBare }, serverFirst),
  }
}

function readMechanisms(body: Buffer): readonly string[] | undefined {
  const cursor = new FieldCursor(body)
  const names: string[] = []
  for (;;) {
    const name = cursor.stringBytes()
    if (name === undefined) return undefined
    if (name.length === 0) return cursor.remaining === 0 ? names : undefined
    names.push(name.toString('latin1'))
  }
}

interface Sent {
  readonly key: ScramKey
  readonly nonce: string
  readonly header: string
  readonly binding: Buffer | undefined
  readonly clientFirstBare: string
}

function proceed(sent: Sent, serverFirst: Buffer): ScramProof | undefined {
  const { key } = sent
  if (serverFirst.length > LONGEST_SERVER_MESSAGE) return undefined
  const text = serverFirst.toString('latin1')
  const [, nonce, salt, iterations] =
    /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})$/.exec(text) ?? []
  if (nonce === undefined || salt === undefined || iterations === undefined) return undefined
  // RFC 5802 §5.1: our nonce, extended. Without a part from the server, a recorded exchange could be replayed.
  if (!nonce.startsWith(sent.nonce) || nonce.length === sent.nonce.length) return undefined
  if (Number(iterations) !== key.iterations) return undefined
  if (!Buffer.from(salt, 'base64').equals(key.salt)) return undefined

  const channel = Buffer.concat([Buffer.from(sent.header, 'ascii'), sent.binding ?? Buffer.alloc(0)])
  const withoutProof = `c=${channel.toString('base64')},r=${nonce}`
  const signed = `${sent.clientFirstBare},${text},${withoutProof}`
  const signature = hmac(createHash('sha256').update(key.clientKey).digest(), signed)
  const proof = Buffer.from(key.clientKey).map((byte, index) => byte ^ (signature[index] ?? 0))
  const expected = Buffer.from(`v=${hmac(key.serverKey, signed).toString('base64')}`, 'ascii')
  return {
    message: buildMessage(
      FRONTEND.passwordMessage,
      Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`, 'ascii'),
    ),
    isProvenBy: (serverFinal) =>
      serverFinal.length === expected.length && timingSafeEqual(serverFinal, expected),
  }
}

const hmac = (key: Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text, 'latin1').digest()
