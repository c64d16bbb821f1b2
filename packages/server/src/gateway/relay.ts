/**
 * Relays bytes between client and backend until one of them is done: unparsed, unchanged, with back-pressure. One
 * function, called once for each direction. The hot path: no allocation of its own per chunk.
 */
import type { Duplex } from 'node:stream'
import { endsWithTerminate, LONGEST_LAST_WORD, sqlstateOfLastWord } from '../protocol/last-word.ts'
import { ANSWER_LINGER_MS, closeConnection } from './close-connection.ts'
import type { SessionEnd } from './session-link.ts'

/**
 * Resolves when both sockets are closed; every way in which either ends closes the other.
 * @param early what the client sent before
 * @returns how the backend ended it; undefined when the client did, or had said goodbye
 */
export async function relay(client: Duplex, backend: Duplex, early: Buffer): Promise<SessionEnd | undefined> {
  let hasSaidGoodbye = endsWithTerminate(early)
  let lastWord: Buffer | undefined
  let firstToEnd: Duplex | undefined
  const onEnd = (side: Duplex): void => {
    firstToEnd ??= side
  }
  const bothClosed = Promise.all([closed(client), closed(backend)])
  if (early.length > 0) backend.write(early)
  pass(client, backend, onEnd, (chunk) => {
    hasSaidGoodbye = endsWithTerminate(chunk)
  })
  pass(backend, client, onEnd, (chunk) => {
    lastWord = chunk.length > LONGEST_LAST_WORD ? undefined : chunk
  })
  await bothClosed
  if (firstToEnd !== backend || hasSaidGoodbye) return undefined
  return {
    reason: 'backend_ended',
    sqlstate: lastWord === undefined ? undefined : sqlstateOfLastWord(lastWord),
  }
}

function pass(
  from: Duplex,
  to: Duplex,
  onEnd: (side: Duplex) => void,
  onChunk: (chunk: Buffer) => void,
): void {
  from.on('data', (chunk: Buffer) => {
    onChunk(chunk)
    // Dropped when the other side is being closed: a write behind its end would destroy it without close_notify.
    if (to.writable && !to.write(chunk)) from.pause()
  })
  to.on('drain', () => {
    from.resume()
  })
  // An orderly end is passed on behind the last byte: PostgreSQL's last words reach the client, and a client that will
  // send no more still reads the answer to what it sent, as PostgreSQL ends a session only when it reads the end.
  const passEnd = () => {
    onEnd(from)
    endOnce(to)
  }
  if (from.readableEnded) passEnd()
  else from.once('end', passEnd)
  const passClose = () => {
    onEnd(from)
    closeConnection(to, { lingerMs: ANSWER_LINGER_MS })
  }
  if (from.closed) passClose()
  else from.once('close', passClose)
}

/** Node makes an error, with its stack, of a second end that nobody reads. */
function endOnce(socket: Duplex): void {
  if (!socket.writableEnded) socket.end()
}

const closed = (socket: Duplex): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else
      socket.once('close', () => {
        resolve()
      })
  })
