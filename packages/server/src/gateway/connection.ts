/** The course of one connection, from its first byte to its last, in the order of DESIGN §6. */
import type { Admission } from '../operations/login/admission.ts'
import { refused, RefusedError } from '../operations/refused-error.ts'
import { placesOf } from '../policy/pooled-login.ts'
import { agreeOnProtocol } from '../protocol/protocol-version.ts'
import { openBackend, type Opening } from './backend/open-backend.ts'
import { closeConnection } from './close-connection.ts'
import type { Counters } from './connection-limits.ts'
import { shakeHands, type Handshake } from './handshake/handshake.ts'
import { readStartup, type LoginWanted } from './handshake/read-startup.ts'
import { routeOf } from './handshake/route.ts'
import { seeClient } from './handshake/seen-client.ts'
import { findClientAddress, type Balancers } from './listening/client-address.ts'
import type { SecureContexts } from './listening/secure-contexts.ts'
import { LoginUnderWay, startDeadline } from './login-under-way.ts'
import { requirePooled, type PooledEndpoint } from './pooled/endpoint.ts'
import { createProofAsker } from './proof/ask-for-proof.ts'
import { endWith, refusalMessage } from './refusal-message.ts'
import { relay } from './relay/relay.ts'
import { guardReplication, requireLogicalReplication } from './relay/replication.ts'
import type { CancelKeys } from './sessions/cancel-keys.ts'
import { forwardCancelRequest, type CancelByKey } from './sessions/cancel.ts'
import { linkDirectly } from './sessions/session-link.ts'
import type { ConnectionTarget, GatewayDependencies, ServingSettings } from './settings.ts'
import { ConnectionEnded, type ByteStream, type ClientStream } from './streams/byte-stream.ts'

export interface ConnectionContext {
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
   * What is closed when the connection ends: the TLS stream once there is one, and then never the socket below it. Node
   * calls us from inside SSL_read when a handshake is done, and a process that destroys both sockets there crashes.
   */
  outermost: ByteStream
  /** False while the client waits for TLS: it would take a plain message for part of the handshake. */
  canReceiveError: boolean
}

/** Resolves when the connection is over, however it ended. */
export async function serveConnection(
  connection: ClientConnection,
  context: ConnectionContext,
): Promise<void> {
  const { settings, target, stopping, dependencies } = context
  const login = new LoginUnderWay(target.instanceUid, settings.loginDeadlineMs, stopping, dependencies.log)
  try {
    await serve(connection, context, login)
    login.reached('session_over')
  } catch (error) {
    login.reached('refused')
    if (error instanceof ConnectionEnded) closeConnection(connection.outermost)
    else tell(connection, context, login, error)
  } finally {
    login.over()
  }
}

async function serve(
  connection: ClientConnection,
  context: ConnectionContext,
  login: LoginUnderWay,
): Promise<void> {
  const { settings, counters, target, dependencies, pooled } = context

  const peer = await findClientAddress(connection.socket, context.balancers, login.signal)
  login.reached('client_address')
  // Before the login the place is counted for the peer, so that no one can use up places of an address that is only
  // claimed.
  if (!(await login.take(counters.logins, peer, settings.loginsPerAddress, 'until_open')))
    return refuseAboveLimit(connection, context, login, peer)

  const handshake = await takeHandshake(connection, context, login.signal)
  login.reached('handshake')
  if (handshake.kind === 'cancel_request') return passCancelRequest(connection, context, handshake)

  const { version, negotiation } = agreeOnProtocol(handshake.message)
  if (negotiation !== undefined) handshake.socket.write(negotiation)
  const wanted = readStartup(handshake, target, settings.domain)
  const { instanceUid, roleName } = wanted
  login.instanceUid = instanceUid
  login.reached('route')
  const shared = wanted.endpoint === 'pooled' ? requirePooled(pooled, wanted.message) : undefined
  // The endpoints count separately: many pooled sessions, which share backends, leave room for a direct one.
  const place = shared === undefined ? instanceUid : `pooled ${instanceUid}`
  const most = shared?.sessionsPerInstance ?? settings.connectionsPerInstance
  if (!(await login.take(counters.sessions, place, most, 'until_over'))) throw tooMany(most)

  const clientAddress = handshake.handedOnAddress ?? peer
  const admission = await askAndAdmit(context, login, handshake, wanted, clientAddress)
  login.reached('admitted')
  // Counted only after the proof: strangers can neither fill the places of a role nor learn that they are full.
  const mostOfRole = Math.min(
    settings.connectionsPerRole,
    // CONNECTION LIMIT: at the direct endpoint PostgreSQL itself counts its backends, which are the sessions.
    placesOf(admission.pooled?.roleConnectionLimit ?? -1),
  )
  if (!(await login.take(counters.roles, `${place} ${roleName}`, mostOfRole, 'until_over')))
    throw refused('too_many_connections_of_role', { role: roleName, limit: String(mostOfRole) })
  if (wanted.replicates) requireLogicalReplication(admission)

  if (shared === undefined) {
    const client = seeClient(handshake.socket, clientAddress)
    const startup = { message: wanted.message, version, client }
    return serveDirectly(context, login, handshake, { ...wanted, clientAddress, startup, admission })
  }
  return shared.serve({
    socket: handshake.socket,
    reader: handshake.reader,
    startup: { message: wanted.message, version },
    admission,
    request: { database: wanted.database, clientAddress },
    databases: counters.databases,
    signal: login.signal,
    onOpen: () => {
      dependencies.metrics.loginAdmitted(instanceUid, login.open())
    },
  })
}

function takeHandshake(
  connection: ClientConnection,
  {
    secureContexts,
    target,
    dependencies,
  }: Pick<ConnectionContext, 'secureContexts' | 'target' | 'dependencies'>,
  signal: AbortSignal,
): Promise<Handshake> {
  return secureContexts.contextFor(target.certificateHost).then((secureContext) =>
    shakeHands(connection.socket, secureContext, signal, {
      readHandedOn: dependencies.readHandedOn,
      tlsIsNext() {
        connection.canReceiveError = false
      },
      upgraded(encrypted) {
        connection.outermost = encrypted
        connection.canReceiveError = true
      },
    }),
  )
}

function askAndAdmit(
  { dependencies }: ConnectionContext,
  login: LoginUnderWay,
  { socket, reader }: Handshake & { kind: 'login' },
  { instanceUid, endpoint, roleName, wantsBearer, database }: LoginWanted,
  clientAddress: string,
): Promise<Admission> {
  return dependencies.admit(
    {
      ...{ instanceUid, roleName, wantsBearer, database, clientAddress },
      ...(endpoint === 'pooled' ? { endpoint } : {}),
    },
    createProofAsker(socket, reader, (station) => {
      login.reached(station)
    }),
  )
}

interface AdmittedDirectly extends LoginWanted {
  readonly clientAddress: string
  readonly startup: Opening
  readonly admission: Admission
}

/** Serves the session with a backend of its own, until the session is over. */
async function serveDirectly(
  { dependencies, cancelKeys }: ConnectionContext,
  login: LoginUnderWay,
  { socket, reader }: Handshake & { kind: 'login' },
  { instanceUid, database, replicates, clientAddress, startup, admission }: AdmittedDirectly,
): Promise<void> {
  const { metrics, clusters, openSessions } = dependencies
  const answer = await metrics.timed('open_backend', () =>
    openBackend(admission, startup, login.signal, clusters),
  )
  if (answer.kind === 'refused') {
    metrics.loginRefused(instanceUid, 'backend')
    endWith(socket, answer.message)
    return
  }
  login.reached('backend_open')
  const { session } = answer
  socket.write(session.greeting)
  // Bytes that the client sent after its password, without waiting for the answer: PostgreSQL would read them next as
  // well (attack 14).
  const early = reader.takeRest()
  metrics.loginAdmitted(instanceUid, login.open())
  await cancelKeys.keep(instanceUid, session.greeting, () =>
    openSessions.during(admission, { database, clientAddress }, linkDirectly(socket, session), () =>
      relay(socket, session.socket, early, replicates ? guardReplication() : undefined),
    ),
  )
}

/** For each address. */
const MOST_TOLD_AT_ONCE = 20
/** How long such a client may take; one that wants to read the refusal sends its startup packet at once. */
const TELLING_LIMIT_MS = 2_000

/**
 * A client above the limit of its address gets the refusal inside TLS, because libpq shows no message that arrived
 * before TLS (CVE-2024-10977). That costs a handshake, so only a few clients at a time get one, with a short deadline;
 * the others get the refusal in clear. A cancel request takes no place and is served, as by a PostgreSQL that is full.
 * @throws RefusedError too_many_connections, ConnectionEnded
 */
async function refuseAboveLimit(
  connection: ClientConnection,
  context: ConnectionContext,
  login: LoginUnderWay,
  peer: string,
): Promise<void> {
  const { counters, settings, stopping } = context
  const refusal = tooMany(settings.loginsPerAddress)
  if (!(await login.take(counters.logins, `told ${peer}`, MOST_TOLD_AT_ONCE, 'until_over'))) throw refusal
  const limitMs = Math.min(TELLING_LIMIT_MS, settings.loginDeadlineMs)
  const limit = startDeadline(limitMs, stopping, () => refusal)
  try {
    const handshake = await takeHandshake(connection, context, limit.signal)
    if (handshake.kind !== 'cancel_request') throw refusal
    await passCancelRequest(connection, context, handshake)
  } finally {
    limit.clear()
  }
}

/** When only one instance can be meant, its PostgreSQL checks the key; otherwise the key finds the instance. */
async function passCancelRequest(
  connection: ClientConnection,
  { dependencies, target, settings, cancel: cancelByKey }: ConnectionContext,
  { request, serverName }: Handshake & { kind: 'cancel_request' },
): Promise<void> {
  const isForAll = target.instanceUid === undefined && serverName === undefined
  const route = isForAll ? undefined : routeOf(target, serverName, settings.domain)
  if (route === undefined || route.endpoint === 'pooled') {
    await cancelByKey(request)
  } else {
    const instance = await dependencies.instances.loadInstance(route.instanceUid)
    if (instance !== undefined) await forwardCancelRequest(request, instance, dependencies.clusters)
  }
  closeConnection(connection.outermost)
}

/** Sends the client the reason wherever it can read one; logs the error for the operator when it is not a refusal. */
function tell(
  connection: ClientConnection,
  { dependencies }: ConnectionContext,
  login: LoginUnderWay,
  error: unknown,
): void {
  const { metrics, log } = dependencies
  metrics.loginRefused(
    login.instanceUid,
    error instanceof RefusedError ? error.refusal.name : 'internal_error',
  )
  if (!(error instanceof RefusedError)) log.error({ err: error }, 'a login failed')
  if (connection.canReceiveError) endWith(connection.outermost, refusalMessage(error))
  else closeConnection(connection.outermost)
}

const tooMany = (limit: number): RefusedError => refused('too_many_connections', { limit: String(limit) })
