/**
 * Opens the backend as exactly the admitted role (DESIGN §3, §6.6): for an embedded instance over its Unix socket,
 * where peer authentication admits the gateway; for an attached one over TLS. Other startup parameters are passed on as
 * PostgreSQL would take them.
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

/** Only the gateway sets databricks_auth settings; one that a client sends would be forged, so it is dropped. */
const OWN_SETTINGS = 'databricks_auth.'
const SESSION_TICKET_SETTING = 'databricks_auth.session'
/**
 * Read by databricks_session_identity(): the identity behind the role, and its client's address. Everything is in one
 * setting because every earlier gateway sets this one too and drops a client's own value for it.
 */
const SESSION_IDENTITY_SETTING = 'databricks_auth.identity'

export const backendSocketPath = (directory: string): string => path.join(directory, '.s.PGSQL.5432')

export interface Opening {
  readonly message: StartupMessage
  readonly version: ProtocolVersion
  /** Undefined when the backend will serve more than one client. */
  readonly client?: SeenClient
}

/** @throws RefusedError facts_unavailable when the backend cannot be reached or breaks the protocol (attack 15) */
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
 * The admitted role replaces the user name that the client sent; protocol options have been answered already. Our own
 * settings are always present, even if empty, because they override those that a client sets in `options`.
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
