/**
 * The only way in which the gateway closes a connection that a peer may be reading. `destroy` alone ends TLS without
 * close_notify, which the peer takes for an attack: libpq reports "SSL error: unexpected eof while reading" where
 * PostgreSQL closes in order (`be_tls_close`; RFC 8446 §6.1). test/house/closed-in-order.test.ts lists every exception.
 */
import type { ByteStream } from './streams/byte-stream.ts'

/** Byte streams, and the sockets of HTTP. */
type Closable = Pick<
  ByteStream,
  'destroyed' | 'destroy' | 'resume' | 'end' | 'once' | 'writableEnded' | 'writableFinished'
>

/** How long a peer may take to read the last bytes before the socket is destroyed. */
const LINGER_MS = 2_000
/** The same after the answers of PostgreSQL, which may be long and read slowly (attack 60). */
export const ANSWER_LINGER_MS = 60_000
/** How long the peer may take to close its side once everything has been sent. */
const CLOSING_MS = 5_000

/**
 * Writes what is pending and the last message, then close_notify and the end of the stream. What the peer still sends
 * is read and dropped: unread bytes turn the close into a reset, which may overtake our last bytes. A peer that neither
 * reads nor closes is destroyed when its time is over.
 */
export function closeConnection(
  socket: Closable,
  { lastWord, lingerMs = LINGER_MS }: { readonly lastWord?: Buffer; readonly lingerMs?: number } = {},
): void {
  if (socket.destroyed) return
  socket.resume()
  // Node creates an error, with a stack trace, for a second end() even when nothing listens for it.
  if (!socket.writableEnded) {
    if (lastWord === undefined) socket.end()
    else socket.end(lastWord)
  }
  let deadline = destroyAfter(socket, lingerMs)
  const onFinish = () => {
    clearTimeout(deadline)
    deadline = destroyAfter(socket, Math.min(lingerMs, CLOSING_MS))
  }
  if (socket.writableFinished) onFinish()
  else socket.once('finish', onFinish)
  socket.once('close', () => {
    clearTimeout(deadline)
  })
}

function destroyAfter(socket: Pick<Closable, 'destroy'>, milliseconds: number): NodeJS.Timeout {
  return setTimeout(() => socket.destroy(), milliseconds).unref()
}
