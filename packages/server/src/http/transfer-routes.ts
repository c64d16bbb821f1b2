/** Routes whose bodies or answers are files: read as bytes, and within the bounds of transfers.ts. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refused } from '../operations/refused-error.ts'
import type { Caller } from '../policy/permissions.ts'
import { abandonAnswer } from './abandon-answer.ts'
import type { CloseConnection } from './connections.ts'
import type { Transfer } from './route.ts'
import type { Transfers } from './transfers.ts'

/** A JSON file is a file too: its content type says nothing about how the body is to be read. */
export function takeBytes(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
}

/**
 * Takes room until the answer is out, or the client is gone.
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
  // Gone while the caller was looked up: its end was told already, and nobody would give the room back. An answer that waits
  // behind another one on the connection does not know of that itself (attack 65).
  if (reply.raw.closed || request.raw.socket.destroyed)
    throw refused('malformed_request', { problem: 'The client is gone.' })
  const { 'transfer-encoding': isChunked, 'content-length': length = '0' } = request.headers
  // What is announced as larger is refused before it is read.
  const body = isChunked === undefined ? Math.min(Number(length), largestBody) : largestBody
  const end = transfers.begin(caller.identity.id, body + largestAnswer, () => {
    abandonAnswer(reply.raw, closeConnection)
  })
  if (end === undefined) throw refused('too_many_transfers')
  reply.raw.once('close', end)
}
