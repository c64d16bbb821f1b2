/**
 * Relays bytes between client and backend until one of them ends: unparsed, unchanged, with back-pressure. One
 * function, called once for each direction. This is the hot path: no allocation of its own per chunk. The client's
 * messages are examined only where a guard is given, for replication.
 */
import { endsWithTerminate, LONGEST_LAST_WORD, sqlstateOfLastWord } from '../../protocol/last-word.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { toPostgresRefusal } from '../../policy/refusals.ts'
import { ANSWER_LINGER_MS, closeConnection } from '../close-connection.ts'
import { endWith, refusalMessage } from '../refusal-message.ts'
import type { SessionEnd } from '../sessions/session-link.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

/** How long the last bytes may take to reach a backend whose client has already closed. */
const FLUSH_LIMIT_MS = 5_000

/** Examines what the client sends before it is passed on. Without a guard, nothing is examined. */
export interface ClientGuard {
  /** @returns what may be passed on now, or why the session is over */
  admit(chunk: Buffer): readonly Buffer[] | RefusedError
}

/**
 * Resolves when both sockets are closed; every way in which either ends closes the other.
 * @param early what the client sent before the session was open
 * @returns how the backend or a refusal of the guard ended the session; undefined when the client did, or had sent
 * Terminate
 */
export async function relay(
  client: ByteStream,
  backend: ByteStream,
  early: Buffer,
  guard?: ClientGuard,
): Promise<SessionEnd | undefined> {
  let hasSentTerminate = endsWithTerminate(early)
  let lastWord: Buffer | undefined
  let firstToEnd: ByteStream | undefined
  let refusal: RefusedError | undefined
  const write =
    guard === undefined
      ? (chunk: Buffer) => backend.write(chunk)
      : (chunk: Buffer) => {
          if (refusal !== undefined) return true
          const admitted = guard.admit(chunk)
          if (!(admitted instanceof RefusedError)) return backend.write(Buffer.concat(admitted))
          refusal = admitted
          endWith(client, refusalMessage(refusal))
          closeConnection(backend)
          return true
        }
  const onEnd = (side: ByteStream): void => {
    firstToEnd ??= side
  }
  const bothClosed = Promise.all([closed(client), closed(backend)])
  if (early.length > 0) write(early)
  pass(client, backend, onEnd, FLUSH_LIMIT_MS, (chunk) => {
    hasSentTerminate = endsWithTerminate(chunk)
    return write(chunk)
  })
  pass(backend, client, onEnd, ANSWER_LINGER_MS, (chunk) => {
    lastWord = chunk.length > LONGEST_LAST_WORD ? undefined : chunk
    return client.write(chunk)
  })
  await bothClosed
  if (refusal !== undefined) {
    const { name } = refusal.refusal
    return { reason: name, sqlstate: toPostgresRefusal(refusal.refusal)?.sqlstate }
  }
  if (firstToEnd !== backend || hasSentTerminate) return undefined
  return {
    reason: 'backend_ended',
    sqlstate: lastWord === undefined ? undefined : sqlstateOfLastWord(lastWord),
  }
}

function pass(
  from: ByteStream,
  to: ByteStream,
  onEnd: (side: ByteStream) => void,
  /** How long the other side may take to read the last bytes after this side has closed. */
  lingerMs: number,
  /** @returns false when the other side's buffer is full, until `drain` */
  passOn: (chunk: Buffer) => boolean,
): void {
  let isHeard = true
  from.on('data', (chunk: Buffer) => {
    // Dropped when the other side is being closed: a write after its end would destroy it without close_notify.
    if (isHeard && to.writable && !passOn(chunk)) from.pause()
  })
  // Bytes for a side that has closed are read and dropped; otherwise this side would never reach its end.
  to.once('close', () => {
    isHeard = false
    from.resume()
  })
  to.on('drain', () => {
    from.resume()
  })
  // An orderly end is passed on after the last byte: PostgreSQL's last messages reach the client, and a client that has
  // ended its side still reads its answers, because PostgreSQL ends the session only when it reads that end.
  const passEnd = () => {
    onEnd(from)
    endOnce(to)
  }
  if (from.readableEnded) passEnd()
  else from.once('end', passEnd)
  const passClose = () => {
    onEnd(from)
    closeConnection(to, { lingerMs })
  }
  if (from.closed) passClose()
  else from.once('close', passClose)
  from.resume()
}

/** Node creates an error, with a stack trace, for a second end() even when nothing listens for it. */
function endOnce(socket: ByteStream): void {
  if (!socket.writableEnded) socket.end()
}

const closed = (socket: ByteStream): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else
      socket.once('close', () => {
        resolve()
      })
  })
