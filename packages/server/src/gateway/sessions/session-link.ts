/**
 * What the list of open sessions sees of one: how much passed, which backend serves it, and the way to cut it. The
 * sockets count their bytes by themselves, so that listing costs the relay nothing.
 */
import type { ClusterHost } from '../../domain/attached-cluster.ts'
import type { BackendSession } from '../backend/backend-login.ts'
import { closeConnection } from '../close-connection.ts'
import { readBackendKey } from './session-keys.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

export interface SessionLink {
  bytesFromClient(): number
  bytesToClient(): number
  /** Undefined when no backend belongs to the session alone; then its end is for the gateway to say. */
  backendProcessId(): number | undefined
  /** Of the backend that belongs to the session alone, when its instance is an attached cluster. */
  readonly host?: ClusterHost | undefined
  /** Whether it is in the middle of a statement; undefined where PostgreSQL is to be asked. */
  isWorking(): boolean | undefined
  /** Ends the session from here: without a word where only PostgreSQL could say one. */
  cut(): void
}

/** Why a session ended before its client wanted, when the gateway had not been told to end it. */
export interface SessionEnd {
  /** `backend_ended`, or the name of a refusal. */
  readonly reason: string
  /** Of PostgreSQL's last word, if it had one that was recognised. */
  readonly sqlstate: string | undefined
}

export function linkDirectly(
  client: ByteStream,
  { socket: backend, greeting, host }: BackendSession,
): SessionLink {
  const processId = readBackendKey(greeting)?.processId
  // Startup packet and greeting are no traffic of the session.
  const [writtenBefore, readBefore] = [backend.bytesWritten, backend.bytesRead]
  return {
    bytesFromClient: () => backend.bytesWritten - writtenBefore,
    bytesToClient: () => backend.bytesRead - readBefore,
    backendProcessId: () => processId,
    isWorking: () => undefined,
    host,
    cut() {
      // The backend at once, so that nothing passes any more in either direction; the client still learns of the end.
      backend.destroy()
      closeConnection(client)
    },
  }
}
