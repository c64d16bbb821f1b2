/**
 * A connection to the backend of a login that is still being judged. PostgreSQL starts a process for a connection before
 * it reads the startup message, so that process starts while the facts of the login are read. Nothing is sent before the
 * login is admitted; a connection that is closed without a byte leaves no trace in PostgreSQL's log
 * (`ProcessStartupPacket`).
 */
import type { InstanceBackend } from '../../domain/database-instance.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import { streams } from '../streams/this-runtime.ts'
import { backendSocketPath } from './backend-socket.ts'

export class EarlyConnection {
  #opening: { readonly socketPath: string; readonly stream: Promise<ByteStream> } | undefined

  /** Starts connecting to an embedded instance; an attached one is connected to by its own rules. */
  begin(backend: InstanceBackend, signal: AbortSignal): void {
    if (backend.kind !== 'embedded' || backend.socketDirectory === undefined) return
    const socketPath = backendSocketPath(backend.socketDirectory)
    const stream = streams.connect(socketPath, signal)
    // Whoever takes the connection gets the error; one that is never taken does not matter.
    stream.catch(() => undefined)
    this.#opening = { socketPath, stream }
  }

  /**
   * @returns the connection that was begun, or a new one where there is none to that socket
   * @throws the error of connecting, or the reason of the signal
   */
  async take(socketPath: string, signal: AbortSignal): Promise<ByteStream> {
    const opening = this.#opening
    if (opening?.socketPath !== socketPath) return streams.connect(socketPath, signal)
    this.#opening = undefined
    const stream = await opening.stream
    // PostgreSQL was restarted in the meantime.
    return stream.destroyed ? streams.connect(socketPath, signal) : stream
  }

  /** Closes a connection that was not taken. */
  close(): void {
    const opening = this.#opening
    this.#opening = undefined
    opening?.stream.then(
      (stream) => stream.destroy(),
      () => undefined,
    )
  }
}
