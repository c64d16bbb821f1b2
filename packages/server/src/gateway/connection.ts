/** The script of one connection, from its first byte to its last. Reads like DESIGN §6. */
import type { InstanceUid } from '../domain/ids.ts'
import { refused, RefusedError } from '../operations/refused-error.ts'
import { placesOf } from '../policy/pooled-login.ts'
import { agreeOnProtocol } from '../protocol/protocol-version.ts'
import { decodeName, lastValue, type StartupMessage } from '../protocol/startup.ts'
import { createProofAsker } from './proof/ask-for-proof.ts'
import { openBackend } from './backend/open-backend.ts'
import { ConnectionEnded, type ByteStream, type ClientStream } from './streams/byte-stream.ts'
import { forwardCancelRequest, type CancelByKey } from './sessions/cancel.ts'
import { findClientAddress, type Balancers } from './listening/client-address.ts'
import { closeConnection } from './close-connection.ts'
import type { Counters } from './connection-limits.ts'
import { shakeHands, type Handshake } from './handshake/handshake.ts'
import { readLoginMethod } from './proof/login-method.ts'
import { requirePooled, type PooledEndpoint } from './pooled/endpoint.ts'
import { endWith, refusalMessage } from './refusal-message.ts'
import { relay } from './relay/relay.ts'
import { guardReplication, requireLogicalReplication, wantsReplication } from './relay/replication.ts'
import { routeOf } from './handshake/route.ts'
import type { SecureContexts } from './listening/secure-contexts.ts'
import { seeClient } from './handshake/seen-client.ts'
import type { ConnectionTarget, GatewayDependencies, ServingSettings } from './settings.ts'
import type { CancelKeys } from './sessions/cancel-keys.ts'
import { linkDirectly } from './sessions/session-link.ts'

/** Of one address. */
const MOST_TOLD_AT_ONCE = 20
/** A client that wants to know sends its startup packet at once. */
const TELLING_LIMIT_MS = 2_000

export interface SessionContext {
  readonly dependencies: GatewayDependencies
  readonly settings: ServingSettings
  readonly target: ConnectionTarget
  readonly balancers: Balancers
  readonly secureContexts: SecureContexts
  readonly counters: Counters
  readonly cancelKeys: CancelKeys
  readonly pooled: PooledEndpoint | undefined
  readonly cancel: CancelByKey
  /** Its abort refuses logins that are under way. */
  readonly stopping: AbortSignal
}

export interface ClientConnection {
  readonly socket: ClientStream
  /**
   * What is closed when something ends: TLS as soon as there is any, and never the socket below it. Node calls us from
   * inside SSL_read when a handshake is done, and a process that destroys both sockets there crashes.
   */
  outermost: ByteStream
  /** False while the client waits for TLS, and would take our words for it. */
  canBeTold: boolean
}

interface LoginProgress {
  /** Which instance is meant; it need not exist. */
  onRoute(instanceUid: InstanceUid): void
  onOpen(instanceUid: InstanceUid): void
}

/** Resolves when the connection is over, however it ended. */
export async function serveConnection(connection: ClientConnection, context: SessionContext): Promise<void> {
  const { socket } = connection
  const { settings, counters } = context
  const { metrics } = context.dependencies
  const began = performance.now()
  const limitMs = settings.loginDeadlineMs
  const deadline = startDeadline(limitMs, context.stopping, tooSlow(limitMs))
  let release: (() => void) | undefined
  let { instanceUid } = context.target
  try {
    const clientAddress = await findClientAddress(socket, context.balancers, deadline.signal)
    release = await counters.logins.take(clientAddress, settings.loginsPerAddress)
    if (release === undefined) {
      deadline.clear()
      await refuseTheCrowd(connection, clientAddress, context)
      return
    }
    const handshake = await takeHandshake(connection, context, deadline.signal)
    if (handshake.kind === 'cancel_request') {
      await cancel(handshake, context)
      closeConnection(connection.outermost)
      return
    }
    const progress: LoginProgress = {
      onRoute(uid) {
        instanceUid = uid
      },
      onOpen(uid) {
        deadline.clear()
        release?.()
        metrics.loginAdmitted(uid, performance.now() - began)
      },
    }
    // The place before the login stays that of the peer: nobody takes places of an address that is only told.
    const address = handshake.handedOnAddress ?? clientAddress
    await serveLogin(handshake, address, context, progress, deadline.signal)
  } catch (error) {
    if (error instanceof ConnectionEnded) {
      closeConnection(connection.outermost)
    } else {
      const reason = error instanceof RefusedError ? error.refusal.name : 'internal_error'
      metrics.loginRefused(instanceUid, reason)
      if (!(error instanceof RefusedError)) context.dependencies.log.error({ err: error }, 'a login failed')
      if (connection.canBeTold) endWith(connection.outermost, refusalMessage(error))
      else closeConnection(connection.outermost)
    }
  } finally {
    deadline.clear()
    release?.()
  }
}

async function takeHandshake(
  connection: ClientConnection,
  { secureContexts, target, dependencies }: SessionContext,
  signal: AbortSignal,
): Promise<Handshake> {
  const secureContext = await secureContexts.contextFor(target.certificateHost)
  return shakeHands(connection.socket, secureContext, signal, {
    readHandedOn: dependencies.readHandedOn,
    tlsIsNext() {
      connection.canBeTold = false
    },
    upgraded(encrypted) {
      connection.outermost = encrypted
      connection.canBeTold = true
    },
  })
}

/**
 * Above the limit of its address a client is told so inside TLS, for libpq shows nobody what came in clear before
 * (CVE-2024-10977). That costs a handshake, so only some at a time get one, and those not for long; the others are
 * told in clear. A cancel request takes no place and is served, as by a PostgreSQL that is full.
 * @throws RefusedError too_many_connections, ConnectionEnded
 */
async function refuseTheCrowd(
  connection: ClientConnection,
  clientAddress: string,
  context: SessionContext,
): Promise<void> {
  const { counters, settings } = context
  const refusal = tooMany(settings.loginsPerAddress)
  const leave = await counters.logins.take(`told ${clientAddress}`, MOST_TOLD_AT_ONCE)
  if (leave === undefined) throw refusal
  const limitMs = Math.min(TELLING_LIMIT_MS, settings.loginDeadlineMs)
  const limit = startDeadline(limitMs, context.stopping, refusal)
  try {
    const handshake = await takeHandshake(connection, context, limit.signal)
    if (handshake.kind !== 'cancel_request') throw refusal
    await cancel(handshake, context)
    closeConnection(connection.outermost)
  } finally {
    limit.clear()
    leave()
  }
}

async function serveLogin(
  { socket, reader, message: received, serverName }: Handshake & { kind: 'login' },
  clientAddress: string,
  { dependencies, settings, target, counters, cancelKeys, pooled }: SessionContext,
  progress: LoginProgress,
  signal: AbortSignal,
): Promise<void> {
  const protocol = agreeOnProtocol(received)
  if (protocol.negotiation !== undefined) socket.write(protocol.negotiation)
  const { instanceUid, endpoint } = routeOf(target, serverName, settings.domain)
  progress.onRoute(instanceUid)
  const onOpen = () => {
    progress.onOpen(instanceUid)
  }
  const { wantsBearer, message } = readLoginMethod(received)
  const shared = endpoint === 'pooled' ? requirePooled(pooled, message) : undefined
  const replicates = wantsReplication(message)
  const roleName = requireRoleName(message)
  const most = shared?.sessionsPerInstance ?? settings.connectionsPerInstance
  // The endpoints have their own places: many sessions that share backends leave room for a direct one.
  const place = shared === undefined ? instanceUid : `pooled ${instanceUid}`
  const leave = await counters.sessions.take(place, most)
  if (leave === undefined) throw tooMany(most)
  let leaveRole: (() => void) | undefined
  try {
    // As PostgreSQL, to which an empty name is none.
    const database = nameOf(message, 'database')
    const request = {
      database: database === undefined || database === '' ? roleName : database,
      clientAddress,
    }
    const admission = await dependencies.admit(
      { instanceUid, roleName, wantsBearer, ...request, ...(shared === undefined ? {} : { endpoint }) },
      createProofAsker(socket, reader),
    )
    // Behind the proof: strangers can neither fill the places of a role nor learn that they are filled.
    const mostOfRole = Math.min(
      settings.connectionsPerRole,
      // CONNECTION LIMIT: at the direct endpoint PostgreSQL counts its backends, which are the sessions.
      placesOf(admission.pooled?.roleConnectionLimit ?? -1),
    )
    leaveRole = await counters.roles.take(`${place} ${roleName}`, mostOfRole)
    if (leaveRole === undefined) throw tooManyOf(roleName, mostOfRole)
    if (replicates) requireLogicalReplication(admission)
    if (shared !== undefined) {
      const startup = { message, version: protocol.version }
      const { databases } = counters
      await shared.serve({ socket, startup, admission, request, reader, databases, onOpen, signal })
      return
    }
    const startup = { message, version: protocol.version, client: seeClient(socket, clientAddress) }
    const answer = await dependencies.metrics.timed('open_backend', () =>
      openBackend(admission, startup, signal, dependencies.clusters),
    )
    if (answer.kind === 'refused') {
      dependencies.metrics.loginRefused(instanceUid, 'backend')
      endWith(socket, answer.message)
      return
    }
    const { session } = answer
    socket.write(session.greeting)
    // Sent behind the password and before the answer: PostgreSQL would read it next as well (attack 14).
    const early = reader.takeRest()
    onOpen()
    await cancelKeys.keep(instanceUid, session.greeting, () =>
      dependencies.openSessions.during(admission, request, linkDirectly(socket, session), () =>
        relay(socket, session.socket, early, replicates ? guardReplication() : undefined),
      ),
    )
  } finally {
    leaveRole?.()
    leave()
  }
}

/** Where only one instance can be meant, its PostgreSQL compares the key; elsewhere the key finds the instance. */
async function cancel(
  { request, serverName }: Handshake & { kind: 'cancel_request' },
  { dependencies, target, settings, cancel: cancelByKey }: SessionContext,
): Promise<void> {
  if (target.instanceUid === undefined && serverName === undefined) {
    await cancelByKey(request)
    return
  }
  const { instanceUid, endpoint } = routeOf(target, serverName, settings.domain)
  if (endpoint === 'pooled') {
    await cancelByKey(request)
    return
  }
  const instance = await dependencies.instances.loadInstance(instanceUid)
  if (instance !== undefined) await forwardCancelRequest(request, instance, dependencies.clusters)
}

function requireRoleName(message: StartupMessage): string {
  const roleName = nameOf(message, 'user')
  if (roleName === undefined || roleName === '') throw refused('user_name_missing')
  return roleName
}

function nameOf(message: StartupMessage, parameter: string): string | undefined {
  const value = lastValue(message, parameter)
  if (value === undefined) return undefined
  const name = decodeName(value)
  if (name === undefined) {
    throw refused('protocol_violation', { violation: `the parameter ${parameter} is not UTF-8` })
  }
  return name
}

const tooMany = (limit: number): RefusedError => refused('too_many_connections', { limit: String(limit) })

const tooManyOf = (role: string, limit: number): RefusedError =>
  refused('too_many_connections_of_role', { role, limit: String(limit) })

const tooSlow = (limitMs: number): RefusedError =>
  refused('handshake_timeout', { seconds: String(limitMs / 1000) })

/** behaviour 72: a login that is not complete in time is over, in whatever state it is (attack 10). */
function startDeadline(
  limitMs: number,
  stopping: AbortSignal,
  reason: RefusedError,
): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(reason)
  }, limitMs)
  const onStopping = () => {
    controller.abort(refused('server_is_stopping'))
  }
  stopping.addEventListener('abort', onStopping)
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer)
      stopping.removeEventListener('abort', onStopping)
    },
  }
}
