/**
 * Reads messages one after another from a stream while a login is under way. Never consumes more than was asked for;
 * the bytes after that stay buffered until `takeRest`.
 */
import { refused } from '../operations/refused-error.ts'
import type { Decoded } from '../protocol/frame.ts'
import { ConnectionEnded, type ByteStream } from './streams/byte-stream.ts'

export interface ByteReader {
  /**
   * @param decode judges the bytes read so far; it must limit their length, because nothing else does
   * @throws RefusedError protocol_violation, ConnectionEnded, or the reason of the signal
   */
  next<Message>(decode: (bytes: Buffer) => Decoded<Message>): Promise<Message>
  /** Leaves the stream paused for its next owner, who resumes it. @returns the bytes that were not consumed */
  takeRest(): Buffer
}

const NOTHING: Buffer = Buffer.alloc(0)

/**
 * The stream flows only while a read waits, so a client that sends too early fills the kernel's buffers and not ours.
 * @param signal its abort ends a waiting read; the abort reason is thrown
 */
export function createByteReader(stream: ByteStream, signal: AbortSignal): ByteReader {
  let buffered = NOTHING

  /** Resolves when more bytes have arrived. */
  function more(): Promise<void> {
    if (stream.destroyed || stream.readableEnded) return Promise.reject(new ConnectionEnded())
    return new Promise((resolve, reject) => {
      const stop = () => {
        stream.pause()
        stream.off('data', onData)
        stream.off('end', onEnd)
        stream.off('close', onEnd)
        signal.removeEventListener('abort', onAbort)
      }
      const onData = (bytes: Buffer) => {
        stop()
        buffered = buffered.length === 0 ? bytes : Buffer.concat([buffered, bytes])
        resolve()
      }
      const onEnd = () => {
        stop()
        reject(new ConnectionEnded())
      }
      const onAbort = () => {
        stop()
        reject(signal.reason as Error)
      }
      stream.on('data', onData)
      stream.on('end', onEnd)
      stream.on('close', onEnd)
      signal.addEventListener('abort', onAbort)
      stream.resume()
    })
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
        await more()
      }
    },
    takeRest() {
      const rest = buffered
      buffered = NOTHING
      return rest
    },
  }
}
