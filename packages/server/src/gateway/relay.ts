/**
 * Relays bytes between client and backend until one of them is done: unparsed, unchanged, with back-pressure. One
 * function, called once for each direction. The hot path: no allocation of its own per chunk.
 */
import type { Duplex } from 'node:stream'
import { endsWithTerminate, LONGEST_LAST_WORD, sqlstateOfLastWord } from '../protocol/last-word.ts'
import { endBehindAnswers } from './end-behind-answers.ts'
import type { SessionEnd } from './session-link.ts'

/** How long the last bytes may take to reach a backend whose client is already gone. */
const FLUSH_LIMIT_MS = 5_000

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
  pass(client, backend, onEnd, endSoon, (chunk) => {
    hasSaidGoodbye = endsWithTerminate(chunk)
  })
  pass(backend, client, onEnd, endBehindAnswers, (chunk) => {
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
  endBehind: (to: Duplex) => void,
  onChunk: (chunk: Buffer) => void,
): void {
  let isHeard = true
  from.on('data', (chunk: Buffer) => {
    if (!isHeard) return
    onChunk(chunk)
    if (!to.write(chunk)) from.pause()
  })
  // What is still said to one who has gone is read and dropped, or whoever says it would not come to the end.
  to.once('close', () => {
    isHeard = false
    from.resume()
  })
  to.on('drain', () => {
    from.resume()
  })
  // An orderly end is passed on behind the last byte; so PostgreSQL's last words reach the client.
  from.once('end', () => {
    onEnd(from)
    endOnce(to)
  })
  from.once('close', () => {
    onEnd(from)
    endBehind(to)
  })
}

function endSoon(backend: Duplex): void {
  if (backend.destroyed) return
  endOnce(backend)
  const impatience = setTimeout(() => backend.destroy(), FLUSH_LIMIT_MS)
  backend.once('close', () => {
    clearTimeout(impatience)
  })
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
