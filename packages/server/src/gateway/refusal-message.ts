/** The one renderer of refusals on the PostgreSQL protocol: FATAL, flushed before the connection closes. */
import type { Duplex } from 'node:stream'
import { RefusedError } from '../operations/refused-error.ts'
import { toPostgresRefusal } from '../policy/refusals.ts'
import { encodeErrorResponse } from '../protocol/error-response.ts'

/** How long a peer may take to read the refusal before the socket is closed all the same. */
const FLUSH_LIMIT_MS = 2_000

export function refusalMessage(error: unknown): Buffer {
  const rendered = error instanceof RefusedError ? toPostgresRefusal(error.refusal) : undefined
  return encodeErrorResponse({
    severity: 'FATAL',
    ...(rendered ?? {
      sqlstate: 'XX000',
      message: 'internal error of the gateway',
      hint: 'The operator finds the cause in the log of Lakegate.',
    }),
  })
}

/** Says the last word and closes. What the peer still sends is read and dropped, so that it gets to read ours. */
export function endWith(socket: Duplex, message: Buffer): void {
  if (socket.destroyed) return
  socket.resume()
  socket.end(message)
  const impatience = setTimeout(() => socket.destroy(), FLUSH_LIMIT_MS)
  impatience.unref()
  socket.once('close', () => {
    clearTimeout(impatience)
  })
}
