/** Routes whose bodies or answers are files: read as bytes, and within the limits of transfers.ts. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refused } from '../operations/refused-error.ts'
import type { Caller } from '../policy/permissions.ts'
import { abandonAnswer } from './abandon-answer.ts'
import type { CloseConnection } from './connections.ts'
import type { Transfer } from './route.ts'
import type { Transfers } from './transfers.ts'

/** A JSON file is a file too, so the content type does not decide how the body is read. */
export function takeBytes(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
}

/**
 * Takes room until the answer was sent, or the client has disconnected.
 * @throws RefusedError too_many_transfers
 */
export function beginTransfer({
  transfers,
  caller,
  transfer: { largestBody, largestAnswer },
  request,
  reply,
  closeConnection,
}: {
  readonly transfers: Transfers
  readonly caller: Caller
  readonly transfer: Transfer
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly closeConnection: CloseConnection
}): void {
  // The client disconnected while the caller was looked up: 'close' was emitted already, so the room would never be
  // given back. An answer that waits behind another one on the connection does not get that event itself (attack 65).
  if (reply.raw.closed || request.raw.socket.destroyed)
    throw refused('malformed_request', { problem: 'The client has disconnected.' })
  const { 'transfer-encoding': isChunked, 'content-length': length = '0' } = request.headers
  // A body that is announced as too large is refused before it is read.
  const body = isChunked === undefined ? Math.min(Number(length), largestBody) : largestBody
  const end = transfers.begin(caller.identity.id, body + largestAnswer, () => {
    abandonAnswer(reply.raw, closeConnection)
  })
  if (end === undefined) throw refused('too_many_transfers')
  reply.raw.once('close', end)
}
