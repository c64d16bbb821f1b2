/**
 * Reads messages from a socket one after another while a login is under way. Nothing is consumed beyond what was
 * asked for; what came behind it stays and is handed over with `takeRest`.
 */
import type { Duplex } from 'node:stream'
import type { Decoded } from '../protocol/frame.ts'
import { refused } from '../operations/refused-error.ts'

/** The other side went away; there is nobody left to answer. */
export class ConnectionEnded extends Error {
  constructor() {
    super('the connection ended during the login')
    this.name = 'ConnectionEnded'
  }
}

export interface ByteReader {
  /**
   * @param decode judges the bytes so far; its bounds are the only ones, so it must have some
   * @throws RefusedError protocol_violation, ConnectionEnded, or the reason of the signal
   */
  next<Message>(decode: (bytes: Buffer) => Decoded<Message>): Promise<Message>
  /** Stops reading. The socket is paused and free for its next owner. @returns the bytes that were not consumed */
  takeRest(): Buffer
}

/** @param signal its abort ends a read that waits; the reason is thrown */
export function createByteReader(stream: Duplex, signal: AbortSignal): ByteReader {
  let buffered: Buffer = Buffer.alloc(0)

  const takeIn = (): boolean => {
    const chunk = stream.read() as Buffer | null
    if (chunk === null) return false
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    return true
  }

  return {
    async next(decode) {
      for (;;) {
        signal.throwIfAborted()
        const decoded = decode(buffered)
        if (decoded.outcome === 'message') {
          buffered = buffered.subarray(decoded.length)
          return decoded.message
        }
        if (decoded.outcome === 'violation') {
          throw refused('protocol_violation', { violation: decoded.violation })
        }
        if (!takeIn()) await waitForBytes(stream, signal)
      }
    },
    takeRest() {
      while (takeIn());
      const rest = buffered
      buffered = Buffer.alloc(0)
      return rest
    },
  }
}

function waitForBytes(stream: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => () => {
      stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onEnd)
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const onReadable = settle(resolve)
    const onEnd = settle(() => {
      reject(new ConnectionEnded())
    })
    const onAbort = settle(() => {
      reject(signal.reason as Error)
    })
    if (stream.destroyed || stream.readableEnded) {
      reject(new ConnectionEnded())
      return
    }
    stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onEnd)
    signal.addEventListener('abort', onAbort)
  })
}
