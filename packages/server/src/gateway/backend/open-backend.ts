/**
 * Opens the backend as exactly the admitted role (DESIGN §3, §6.6): of an embedded instance over its Unix socket, where
 * peer authentication lets the gateway in, of an attached one over TLS. Startup parameters pass as PostgreSQL would take
 * them.
 */
import path from 'node:path'
import { refused } from '../../operations/refused-error.ts'
import type { Admission } from '../../operations/login/admission.ts'
import { LONGEST_STARTUP_PACKET_OF_BACKEND } from '../../protocol/limits.ts'
import { lockClaims, openClaims, SESSION_CLAIMS_SETTING, type ClaimsLock } from './open-claims.ts'
import { isProtocolOption } from '../../protocol/protocol-version.ts'
import { encodeStartupMessage, type ProtocolVersion, type StartupMessage } from '../../protocol/startup.ts'
import type { AttachedClusters } from './attached-clusters.ts'
import { logInToBackend, toUnavailable, unavailable, type BackendAnswer } from './backend-login.ts'
import { createByteReader } from '../byte-reader.ts'
import type { SeenClient } from '../handshake/seen-client.ts'
import { decodeGreeting } from '../sessions/session-keys.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import { streams } from '../streams/this-runtime.ts'

/** Settings of databricks_auth are ours to make; a client's own would only pretend. */
const OWN_SETTINGS = 'databricks_auth.'
const SESSION_TICKET_SETTING = 'databricks_auth.session'
/**
 * Read by databricks_session_identity(): who is really behind the role, and from where. In one setting, because every
 * earlier gateway makes this one too, and passes on none of a client's under this name.
 */
const SESSION_IDENTITY_SETTING = 'databricks_auth.identity'

export const backendSocketPath = (directory: string): string => path.join(directory, '.s.PGSQL.5432')

export interface Opening {
  readonly message: StartupMessage
  readonly version: ProtocolVersion
  /** Undefined where the backend will serve more clients than one. */
  readonly client?: SeenClient
}

/** @throws RefusedError facts_unavailable when the backend cannot be reached or speaks out of turn (attack 15) */
export async function openBackend(
  admission: Admission,
  startup: Opening,
  signal: AbortSignal,
  clusters: AttachedClusters,
): Promise<BackendAnswer> {
  const { backend } = admission.instance
  const claims = lockClaims(admission.claimedTables)
  const packet = encodeStartupMessage(startup.version, startupParameters(admission, startup, claims))
  if (packet.length > LONGEST_STARTUP_PACKET_OF_BACKEND) {
    throw refused('protocol_violation', { violation: 'the startup parameters are too long' })
  }
  if (backend.kind === 'attached') return clusters.open(admission, backend, { packet, claims }, signal)
  if (backend.socketDirectory === undefined) throw unavailable('The database instance has no backend yet.')
  const socket = await reach(backendSocketPath(backend.socketDirectory), signal)
  try {
    socket.write(packet)
    return await logInToBackend(socket, createByteReader(socket, signal), (reader) =>
      claims === undefined
        ? reader.next(decodeGreeting)
        : openClaims(socket, reader, claims, admission.roleName),
    )
  } catch (error) {
    socket.destroy()
    throw toUnavailable(error)
  }
}

/**
 * The role that was admitted stands in for whatever the client called it; its protocol options were answered. Our own
 * settings are always there, if only empty: they outrank those that a client brings in `options`.
 */
function startupParameters(
  admission: Admission,
  { message, client }: Opening,
  claims: ClaimsLock | undefined,
): StartupMessage['parameters'] {
  const passed = message.parameters.filter(
    ({ name }) => name !== 'user' && !name.toLowerCase().startsWith(OWN_SETTINGS) && !isProtocolOption(name),
  )
  const behind = admission.behind === undefined ? '' : JSON.stringify({ ...admission.behind, client })
  return [
    { name: 'user', value: Buffer.from(admission.roleName, 'utf8') },
    ...passed,
    { name: SESSION_TICKET_SETTING, value: Buffer.from(admission.sessionTicket ?? '', 'utf8') },
    { name: SESSION_IDENTITY_SETTING, value: Buffer.from(behind, 'utf8') },
    { name: SESSION_CLAIMS_SETTING, value: Buffer.from(claims?.setting ?? '', 'utf8') },
  ]
}

async function reach(socketPath: string, signal: AbortSignal): Promise<ByteStream> {
  try {
    return await streams.connect(socketPath, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw unavailable('The database instance does not accept connections.', error)
  }
}
