/**
 * Opens backends of attached clusters: on the host that is the primary now, over verified TLS, as exactly the admitted
 * role. The primary of the last login is tried first; if it is not the primary any more, each other host is tried once.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { inOrder, type ClusterHost } from '../../domain/attached-cluster.ts'
import type { AttachedBackend } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import type { Admission } from '../../operations/login/admission.ts'
import type { BackendCredential, BackendCredentials } from '../../operations/ports/attached.ts'
import { decodeErrorResponse } from '../../protocol/error-response.ts'
import { decodeFrame, FieldCursor, type Frame } from '../../protocol/frame.ts'
import { buildMessage } from '../../protocol/message-builder.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import { encodeCancelRequest, type CancelRequest } from '../../protocol/startup.ts'
import { logInToBackend, nextFrame, toUnavailable, unavailable, type BackendAnswer } from './backend-login.ts'
import { createByteReader, type ByteReader } from '../byte-reader.ts'
import { ConnectionEnded } from '../streams/byte-stream.ts'
import { openClaims, type ClaimsLock } from './open-claims.ts'
import { proofOf } from './prove-to-backend.ts'
import { reachHost } from './reach-host.ts'

export interface AttachedClusters {
  /** @throws RefusedError facts_unavailable when no host is a primary that lets the gateway in */
  open(
    admission: Pick<Admission, 'instance' | 'roleName' | 'roleOid'>,
    backend: AttachedBackend,
    startup: { readonly packet: Buffer; readonly claims: ClaimsLock | undefined },
    signal: AbortSignal,
  ): Promise<BackendAnswer>
  /** Resolves when the cluster has taken the request and closed the connection; does not say whether it succeeded. */
  cancel(
    uid: InstanceUid,
    backend: AttachedBackend,
    request: CancelRequest,
    signal: AbortSignal,
  ): Promise<void>
}

/**
 * A greeting is a few dozen ParameterStatus messages and perhaps notices; a backend that sends more is hostile (attack
 * 15).
 */
const LONGEST_GREETING = 256 * 1024

/** Why this host cannot be used; the message follows the host's name in a sentence. */
class NotThisHost extends Error {}

export function createAttachedClusters(credentials: BackendCredentials): AttachedClusters {
  /** Lost at a restart, which costs one more attempt. */
  const primaries = new Map<InstanceUid, ClusterHost>()

  return {
    async open(admission, backend, startup, signal) {
      const { uid } = admission.instance
      const credential = await loadCredential(credentials, admission)
      const failures: string[] = []
      for (const host of inOrder(backend.cluster.hosts, primaries.get(uid))) {
        try {
          const answer = await openAt(host, { admission, backend, credential, ...startup }, signal)
          primaries.set(uid, host)
          return answer.kind === 'open' ? { ...answer, session: { ...answer.session, host } } : answer
        } catch (error) {
          if (!(error instanceof NotThisHost)) throw error
          failures.push(`${host.host}: ${error.message}`)
        }
      }
      throw unavailable('No primary of the cluster can be used.', new Error(failures.join('; ')))
    },

    async cancel(uid, { cluster }, request, signal) {
      const primary = primaries.get(uid)
      // The key means something only to the host that made it, and only the process that used that host knows which it
      // is. A process that does not know sends the request to every host.
      await Promise.all(
        (primary === undefined ? cluster.hosts : [primary]).map(async (host) => {
          let socket: Awaited<ReturnType<typeof reachHost>> | undefined
          try {
            socket = await reachHost(host, cluster.tls, undefined, signal)
            socket.resume().end(encodeCancelRequest(request))
            await once(socket, 'close', { signal })
          } catch {
            // Cancelling is best effort by definition: PostgreSQL, "Canceling Requests in Progress".
          } finally {
            // A host that does not close would keep the descriptor for ever.
            socket?.destroy()
          }
        }),
      )
    },
  }
}

async function loadCredential(
  credentials: BackendCredentials,
  { instance, roleName, roleOid }: Pick<Admission, 'instance' | 'roleName' | 'roleOid'>,
): Promise<BackendCredential> {
  try {
    return await credentials.credentialFor(instance, { name: roleName, oid: roleOid })
  } catch (error) {
    if (error instanceof Fault) throw unavailable(`${error.message} ${error.nextStep ?? ''}`.trim(), error)
    throw error
  }
}

interface Opening {
  readonly admission: Pick<Admission, 'roleName'>
  readonly backend: AttachedBackend
  readonly credential: BackendCredential
  readonly packet: Buffer
  readonly claims: ClaimsLock | undefined
}

/** @throws NotThisHost when another host may be the one */
async function openAt(host: ClusterHost, opening: Opening, signal: AbortSignal): Promise<BackendAnswer> {
  let socket: TLSSocket
  try {
    socket = await reachHost(host, opening.backend.cluster.tls, opening.credential, signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new NotThisHost(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  try {
    socket.write(opening.packet)
    const proof = proofOf(opening.credential, socket, randomBytes(18).toString('base64'))
    const answer = await logInToBackend(
      socket,
      createByteReader(socket, signal),
      (reader) => readGreeting(socket, reader, opening),
      proof,
    )
    if (answer.kind === 'refused') judgeRefusal(answer.message)
    return answer
  } catch (error) {
    socket.destroy()
    const seen = toUnavailable(error)
    // The server closed the connection or broke the protocol, perhaps while shutting down. Another host may work.
    throw seen === error ? error : new NotThisHost('it ended the connection out of turn', { cause: error })
  }
}

/**
 * Up to ReadyForQuery, because only then it is known whether the session can write: PostgreSQL 14 and later report
 * `in_hot_standby` there, as libpq's target_session_attrs=read-write asks.
 */
async function readGreeting(
  socket: TLSSocket,
  reader: ByteReader,
  { claims, admission }: Opening,
): Promise<Buffer> {
  const frames: Frame[] = []
  let length = 0
  for (;;) {
    const frame = await nextFrame(reader)
    length += frame.body.length
    if (length > LONGEST_GREETING) throw new ConnectionEnded()
    if (frame.type === BACKEND.parameterStatus && isStandbyReport(frame.body))
      throw new NotThisHost('it is a standby')
    frames.push(frame)
    // An error after AuthenticationOk, such as a database that does not exist, goes to the client.
    if (frame.type === BACKEND.readyForQuery || frame.type === BACKEND.errorResponse) break
  }
  return claims === undefined || frames.at(-1)?.type === BACKEND.errorResponse
    ? Buffer.concat(frames.map(({ type, body }) => buildMessage(type, body)))
    : openClaims(socket, reader, claims, admission.roleName, frames)
}

function isStandbyReport(body: Buffer): boolean {
  const cursor = new FieldCursor(body)
  return (
    cursor.stringBytes()?.toString('latin1') === 'in_hot_standby' &&
    cursor.stringBytes()?.toString('latin1') === 'on'
  )
}

/**
 * 57P01–57P03: the host is starting up or shutting down, and another one may be the primary now. Class 28: the cluster
 * refuses the gateway itself, which is no fault of the client's token.
 */
function judgeRefusal(message: Buffer): void {
  const frame = decodeFrame(message, message.length)
  const { sqlstate, message: text } =
    frame.outcome === 'message'
      ? decodeErrorResponse(frame.message.body)
      : { sqlstate: undefined, message: undefined }
  if (sqlstate === '57P01' || sqlstate === '57P02' || sqlstate === '57P03')
    throw new NotThisHost(text ?? 'it does not accept connections')
  if (sqlstate?.startsWith('28') === true)
    throw unavailable(`The cluster does not let the gateway in: ${text ?? sqlstate}`)
}
