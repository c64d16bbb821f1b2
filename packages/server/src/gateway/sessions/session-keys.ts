/**
 * The process id and cancel key of a session's backend, as PostgreSQL sent them to the client. At an address that all
 * instances share, they find the session that a cancel request is for (attack 13).
 */
import { timingSafeEqual } from 'node:crypto'
import type { InstanceUid } from '../../domain/ids.ts'
import { decodeFrame, needMore, type Decoded } from '../../protocol/frame.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE } from '../../protocol/limits.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import type { CancelRequest } from '../../protocol/startup.ts'

export interface SessionKey {
  readonly instanceUid: InstanceUid
  readonly processId: number
  readonly secret: Buffer
}

/**
 * Decodes what a backend sends after AuthenticationOk: everything up to ReadyForQuery, or up to the error that ends the
 * login. A message that is longer than login messages may be is passed on as it arrives.
 */
export function decodeGreeting(bytes: Buffer): Decoded<Buffer> {
  for (let offset = 0; ;) {
    const decoded = decodeFrame(bytes.subarray(offset), LONGEST_BACKEND_LOGIN_MESSAGE)
    if (decoded.outcome === 'need_more') return needMore(offset + decoded.total)
    if (decoded.outcome === 'violation') return { outcome: 'message', message: bytes, length: bytes.length }
    offset += decoded.length
    if (decoded.message.type === BACKEND.readyForQuery || decoded.message.type === BACKEND.errorResponse)
      return { outcome: 'message', message: bytes.subarray(0, offset), length: offset }
  }
}

/** @param greeting whole messages, and perhaps the beginning of another one */
export function readBackendKey(greeting: Buffer): Omit<SessionKey, 'instanceUid'> | undefined {
  let rest = greeting
  for (;;) {
    const decoded = decodeFrame(rest, LONGEST_BACKEND_LOGIN_MESSAGE)
    if (decoded.outcome !== 'message') return undefined
    const { type, body } = decoded.message
    if (type === BACKEND.backendKeyData && body.length >= 8)
      return { processId: body.readInt32BE(0), secret: Buffer.from(body.subarray(4)) }
    rest = rest.subarray(decoded.length)
  }
}

/** Compares process and key; comparing keys takes the same time however far they agree. */
export function isSameKey({ processId, secret }: SessionKey, request: CancelRequest): boolean {
  const { key } = request
  return processId === request.processId && secret.length === key.length && timingSafeEqual(secret, key)
}
