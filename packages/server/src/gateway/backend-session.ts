/**
 * Opens the backend as exactly the admitted role, over the Unix socket of the instance, where peer authentication
 * lets the gateway in (DESIGN §3, §6.6). Startup parameters pass as PostgreSQL would take them.
 */
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { RefusedError } from '../operations/refused-error.ts'
import type { Admission } from '../operations/admit-login.ts'
import { refuse } from '../policy/refusals.ts'
import { encodeAuthenticationOk } from '../protocol/backend.ts'
import { parseBackendReply } from '../protocol/backend-reply.ts'
import { decodeFrame } from '../protocol/frame.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE, LONGEST_STARTUP_PACKET_OF_BACKEND } from '../protocol/limits.ts'
import { buildMessage } from '../protocol/message-builder.ts'
import { lockClaims, openClaims, SESSION_CLAIMS_SETTING, type ClaimsLock } from './open-claims.ts'
import { isProtocolOption } from '../protocol/protocol-version.ts'
import { encodeStartupMessage, type ProtocolVersion, type StartupMessage } from '../protocol/startup.ts'
import { ConnectionEnded, createByteReader, type ByteReader } from './byte-reader.ts'
import { decodeGreeting } from './session-keys.ts'

export interface BackendSession {
  readonly socket: Socket
  /** What PostgreSQL said so far, beginning with AuthenticationOk; for the client, unchanged. */
  readonly greeting: Buffer
}

export type BackendAnswer =
  | { readonly kind: 'open'; readonly session: BackendSession }
  /** PostgreSQL's own ErrorResponse, for the client. */
  | { readonly kind: 'refused'; readonly message: Buffer }

/** Settings of databricks_auth are ours to make; a client's own would only pretend. */
const OWN_SETTINGS = 'databricks_auth.'
const SESSION_TICKET_SETTING = 'databricks_auth.session'
/** Read by databricks_session_identity(): who is really behind the role. */
const SESSION_IDENTITY_SETTING = 'databricks_auth.identity'

export const backendSocketPath = (directory: string): string => path.join(directory, '.s.PGSQL.5432')

/** @throws RefusedError facts_unavailable when the backend cannot be reached or speaks out of turn (attack 15) */
export async function openBackend(
  admission: Admission,
  startup: { readonly message: StartupMessage; readonly version: ProtocolVersion },
  signal: AbortSignal,
): Promise<BackendAnswer> {
  const { socketDirectory } = admission.instance
  if (socketDirectory === undefined) throw unavailable('The database instance has no backend yet.')
  const claims = lockClaims(admission.claimedTables)
  const packet = encodeStartupMessage(startup.version, startupParameters(admission, startup.message, claims))
  if (packet.length > LONGEST_STARTUP_PACKET_OF_BACKEND) {
    throw new RefusedError(refuse('protocol_violation', { violation: 'the startup parameters are too long' }))
  }
  const socket = await reach(backendSocketPath(socketDirectory), signal)
  try {
    socket.write(packet)
    return await readAnswer(socket, signal, (reader) =>
      claims === undefined
        ? reader.next(decodeGreeting)
        : openClaims(socket, reader, claims, admission.roleName),
    )
  } catch (error) {
    socket.destroy()
    if (error instanceof ConnectionEnded || isProtocolViolation(error)) {
      throw unavailable('The backend ended the connection out of turn.', error)
    }
    throw error
  }
}

/**
 * The role that was admitted stands in for whatever the client called it; its protocol options were answered. Our own
 * settings are always there, if only empty: they outrank those that a client brings in `options`.
 */
function startupParameters(
  admission: Admission,
  { parameters }: StartupMessage,
  claims: ClaimsLock | undefined,
): StartupMessage['parameters'] {
  const passed = parameters.filter(
    ({ name }) => name !== 'user' && !name.toLowerCase().startsWith(OWN_SETTINGS) && !isProtocolOption(name),
  )
  const behind = admission.behind === undefined ? '' : JSON.stringify(admission.behind)
  return [
    { name: 'user', value: Buffer.from(admission.roleName, 'utf8') },
    ...passed,
    { name: SESSION_TICKET_SETTING, value: Buffer.from(admission.sessionTicket ?? '', 'utf8') },
    { name: SESSION_IDENTITY_SETTING, value: Buffer.from(behind, 'utf8') },
    { name: SESSION_CLAIMS_SETTING, value: Buffer.from(claims?.setting ?? '', 'utf8') },
  ]
}

async function reach(socketPath: string, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ path: socketPath })
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      socket.once('connect', () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      socket.once('error', reject)
    })
    return socket
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw unavailable('The database instance does not accept connections.', error)
  }
}

/** @param readGreeting what the backend says behind AuthenticationOk, as far as it is wanted at once */
async function readAnswer(
  socket: Socket,
  signal: AbortSignal,
  readGreeting: (reader: ByteReader) => Promise<Buffer>,
): Promise<BackendAnswer> {
  const reader = createByteReader(socket, signal)
  for (;;) {
    const frame = await reader.next((bytes) => decodeFrame(bytes, LONGEST_BACKEND_LOGIN_MESSAGE))
    const reply = parseBackendReply(frame)
    if (reply?.kind === 'authentication_ok') {
      const greeting = await readGreeting(reader)
      return {
        kind: 'open',
        session: { socket, greeting: Buffer.concat([encodeAuthenticationOk(), greeting, reader.takeRest()]) },
      }
    }
    if (reply?.kind === 'error_response') {
      socket.end()
      return { kind: 'refused', message: buildMessage('E', frame.body) }
    }
    // NegotiateProtocolVersion of an older backend tells us; the client keeps what we agreed on. Anything else is
    // out of turn: peer authentication asks for nothing, so a backend that does is not configured as we left it.
    if (!(reply?.kind === 'other' && reply.type === 'v')) throw new ConnectionEnded()
  }
}

const isProtocolViolation = (error: unknown): boolean =>
  error instanceof RefusedError && error.refusal.name === 'protocol_violation'

const unavailable = (reason: string, cause?: unknown): RefusedError =>
  new RefusedError(refuse('facts_unavailable', { reason }), { cause })
