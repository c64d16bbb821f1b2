/** The pooled endpoints of all instances: their logins, their pools, their cancel requests. */
import type { Admission, PooledAdmission } from '../../operations/login/admission.ts'
import { refused } from '../../operations/refused-error.ts'
import { placesOf } from '../../policy/pooled-login.ts'
import { encodeAuthenticationOk, encodeBackendKeyData, encodeReadyForQuery } from '../../protocol/backend.ts'
import { replicationModeOf } from '../../protocol/replication.ts'
import type { CancelRequest, ProtocolVersion, StartupMessage } from '../../protocol/startup.ts'
import type { ByteReader } from '../byte-reader.ts'
import { forwardCancelRequest } from '../sessions/cancel.ts'
import type { Counter } from '../connection-limits.ts'
import { endWith } from '../refusal-message.ts'
import type { SessionLink } from '../sessions/session-link.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import type { GatewayDependencies, PooledSettings } from '../settings.ts'
import { BackendRefused } from './backend-ends.ts'
import { CancelKeys } from './cancel-keys.ts'
import type { PoolFigures } from './pool-counts.ts'
import { termsOf } from './pool-terms.ts'
import type { Pool } from './pool.ts'
import { createPools } from './pools.ts'
import { encodeStatus } from './reported-parameters.ts'
import { PooledSession } from './session.ts'

export interface PooledLogin {
  readonly socket: ByteStream
  readonly startup: { readonly message: StartupMessage; readonly version: ProtocolVersion }
  readonly admission: Admission
  readonly request: { readonly database: string; readonly clientAddress: string }
  /** Holds the bytes that the client sent after its password. */
  readonly reader: ByteReader
  /** Counts the sessions of each database of each instance, over all workers. */
  readonly databases: Counter
  readonly onOpen: () => void
  /** Ends the login; without effect once the session is open. */
  readonly signal: AbortSignal
}

export interface PooledEndpoint {
  readonly sessionsPerInstance: number
  /** Resolves when the connection is over. @throws RefusedError */
  serve(login: PooledLogin): Promise<void>
  /** @returns false when no session here has that key */
  cancel(request: CancelRequest): Promise<boolean>
  /** Tells every client that its session is over (57P01). */
  endSessions(): void
  /** For every instance that had a pooled session since the process started. */
  figures(): readonly PoolFigures[]
}

export function createPooledEndpoint(
  dependencies: Pick<
    GatewayDependencies,
    'clusters' | 'instances' | 'openSessions' | 'metrics' | 'claimedDatabases' | 'log'
  >,
  settings: PooledSettings,
): PooledEndpoint {
  const pools = createPools(dependencies, settings)
  const sessions = new Set<PooledSession>()
  const cancelKeys = new CancelKeys()

  /**
   * The settings that are reported to a new session; the first session of a pool waits for a backend that knows them.
   */
  async function openingOf(pool: Pool, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (pool.opening !== undefined) return pool.opening
    const { backend } = await pool.acquire(undefined, signal)
    const opening = new Map(backend.reported)
    pool.putBack(backend)
    return opening
  }

  async function passCancel(
    admission: Admission,
    key: { readonly processId: number; readonly key: Buffer },
  ): Promise<void> {
    const instance = await pools.present(admission)
    await forwardCancelRequest({ kind: 'cancel_request', ...key }, instance, dependencies.clusters)
  }

  return {
    sessionsPerInstance: settings.sessionsPerInstance,
    async serve(login) {
      const { socket, startup, admission, request, reader, onOpen, signal } = login
      const { pooled } = admission
      if (pooled === undefined) throw new Error('a pooled login was admitted as a direct one')
      const leaveDatabase = await takePlaceIn(request.database, admission, pooled, login.databases)
      const pool = pools.of({ startup, admission: { ...admission, pooled }, databaseName: request.database })
      pool.join(termsOf(pooled))
      let opening: ReadonlyMap<string, string>
      try {
        opening = await openingOf(pool, signal)
      } catch (error) {
        pool.leave(undefined)
        leaveDatabase()
        if (!(error instanceof BackendRefused)) throw error
        dependencies.metrics.loginRefused(admission.instance.uid, 'backend')
        endWith(socket, error.answer)
        return
      }
      const session = new PooledSession(socket, opening, {
        pool,
        passCancel: (key) =>
          passCancel(admission, key).catch((error: unknown) => {
            dependencies.log.warn({ err: error }, 'a cancel request could not be passed on')
          }),
        onDefect: (error) => {
          dependencies.log.error({ err: error }, 'a pooled session failed')
        },
      })
      const key = cancelKeys.give(startup.version, () => session.cancel())
      session.processId = key.processId
      sessions.add(session)
      try {
        const statuses = [...opening].map(([name, value]) => encodeStatus(name, value))
        socket.write(
          Buffer.concat([
            encodeAuthenticationOk(),
            ...statuses,
            encodeBackendKeyData(key.processId, key.key),
            encodeReadyForQuery(),
          ]),
        )
        const early = reader.takeRest()
        onOpen()
        await dependencies.openSessions.during(admission, request, linkTo(socket, session), () =>
          session.run(early),
        )
      } finally {
        key.forget()
        sessions.delete(session)
        leaveDatabase()
      }
    },
    cancel: (request) => cancelKeys.cancel(request),
    endSessions() {
      for (const session of sessions) session.end(refused('pooled_session_ended'))
      pools.close()
    },
    figures: pools.figures,
  }
}

/** CONNECTION LIMIT counts the sessions as the clients see them, not the backends. @throws RefusedError */
async function takePlaceIn(
  name: string,
  { instance }: Admission,
  { database }: PooledAdmission,
  databases: Counter,
): Promise<() => void> {
  const { oid, connectionLimit } = database
  const leave = await databases.take(`${instance.uid} ${oid}`, placesOf(connectionLimit))
  if (leave !== undefined) return leave
  throw refused('too_many_connections_of_database', { database: name, limit: String(connectionLimit) })
}

/** For the list of open sessions. No backend belongs to this session alone, so the gateway itself ends it. */
function linkTo(client: ByteStream, session: PooledSession): SessionLink {
  const [readBefore, writtenBefore] = [client.bytesRead, client.bytesWritten]
  return {
    bytesFromClient: () => client.bytesRead - readBefore,
    bytesToClient: () => client.bytesWritten - writtenBefore,
    backendProcessId: () => undefined,
    isWorking: () => session.isWorking,
    cut: () => {
      session.end(refused('pooled_session_ended'))
    },
  }
}

/** @throws RefusedError instance_not_reachable, replication_not_pooled: both before the password is asked for */
export function requirePooled(endpoint: PooledEndpoint | undefined, message: StartupMessage): PooledEndpoint {
  if (endpoint === undefined) {
    throw refused('instance_not_reachable', { reason: 'The instance has no such endpoint.' })
  }
  if (replicationModeOf(message) !== 'none') throw refused('replication_not_pooled')
  return endpoint
}
