/**
 * What the list of open sessions needs to know of a session: how many bytes passed, which backend serves it, and how to
 * cut it off. The sockets count the bytes, so listing costs the relay nothing.
 */
import type { ClusterHost } from '../../domain/attached-cluster.ts'
import type { BackendSession } from '../backend/backend-login.ts'
import { closeConnection } from '../close-connection.ts'
import { readBackendKey } from './session-keys.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

export interface SessionLink {
  bytesFromClient(): number
  bytesToClient(): number
  /** Undefined when the session has no backend of its own; then the gateway ends it. */
  backendProcessId(): number | undefined
  /** Host of the session's own backend, when its instance is an attached cluster. */
  readonly host?: ClusterHost | undefined
  /** Whether it is in the middle of a statement; undefined where only PostgreSQL knows. */
  isWorking(): boolean | undefined
  /** Ends the session from here. The client gets no message where only PostgreSQL could send one. */
  cut(): void
}

/** Why a session ended before its client ended it, when the gateway had not been told to end it. */
export interface SessionEnd {
  /** `backend_ended`, or the name of a refusal. */
  readonly reason: string
  /** SQLSTATE of PostgreSQL's last message, if that was recognised. */
  readonly sqlstate: string | undefined
}

export function linkDirectly(
  client: ByteStream,
  { socket: backend, greeting, host }: BackendSession,
): SessionLink {
  const processId = readBackendKey(greeting)?.processId
  // The startup packet and the greeting do not count as traffic of the session.
  const [writtenBefore, readBefore] = [backend.bytesWritten, backend.bytesRead]
  return {
    bytesFromClient: () => backend.bytesWritten - writtenBefore,
    bytesToClient: () => backend.bytesRead - readBefore,
    backendProcessId: () => processId,
    isWorking: () => undefined,
    host,
    cut() {
      // The backend is destroyed at once, so that nothing more passes in either direction; the client gets an orderly
      // close.
      backend.destroy()
      closeConnection(client)
    },
  }
}
