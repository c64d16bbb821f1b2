/** The pooled endpoints of all instances: their logins, their pools, their cancel requests. */
import type { TLSSocket } from 'node:tls'
import type { InstanceUid } from '../../domain/ids.ts'
import type { Admission } from '../../operations/admit-login.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { encodeAuthenticationOk, encodeBackendKeyData, encodeReadyForQuery } from '../../protocol/backend.ts'
import { replicationModeOf } from '../../protocol/replication.ts'
import type { CancelRequest, ProtocolVersion, StartupMessage } from '../../protocol/startup.ts'
import type { ByteReader } from '../byte-reader.ts'
import { forwardCancelRequest } from '../cancel.ts'
import { endWith } from '../refusal-message.ts'
import type { SessionLink } from '../session-link.ts'
import type { GatewayDependencies, PooledSettings } from '../settings.ts'
import { CancelKeys } from './cancel-keys.ts'
import { InstanceBackends } from './instance-backends.ts'
import { BackendRefused, openPooledBackend } from './open-backend.ts'
import { PoolCounts, type PoolFigures } from './pool-counts.ts'
import { Pool } from './pool.ts'
import { poolNameOf } from './pool-name.ts'
import { encodeStatus } from './reported-parameters.ts'
import { seedForRandom } from './seed.ts'
import { PooledSession } from './session.ts'

export interface PooledLogin {
  readonly socket: TLSSocket
  readonly startup: { readonly message: StartupMessage; readonly version: ProtocolVersion }
  readonly admission: Admission
  readonly request: { readonly database: string; readonly clientAddress: string }
  /** Has what the client sent behind its password. */
  readonly reader: ByteReader
  readonly onOpen: () => void
  /** Until the session is open. */
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
  /** Of every instance that had a pooled session since the start of the process. */
  figures(): readonly PoolFigures[]
}

export function createPooledEndpoint(
  dependencies: Pick<GatewayDependencies, 'clusters' | 'instances' | 'openSessions' | 'metrics' | 'log'>,
  settings: PooledSettings,
): PooledEndpoint {
  const instances = new Map<InstanceUid, InstanceBackends>()
  const counts = new Map<InstanceUid, PoolCounts>()
  const sessions = new Set<PooledSession>()
  const cancelKeys = new CancelKeys()
  const sweep = setInterval(() => {
    for (const [uid, backends] of instances) {
      for (const pool of backends.pools.values()) pool.retireIdle()
      forgetUnused(uid, backends)
    }
  }, settings.idleMs / 2)
  sweep.unref()

  function forgetUnused(uid: InstanceUid, backends: InstanceBackends): void {
    for (const [name, pool] of backends.pools) if (pool.isUnused) backends.pools.delete(name)
    if (backends.pools.size === 0) instances.delete(uid)
  }

  function countsOf(uid: InstanceUid): PoolCounts {
    const found = counts.get(uid) ?? new PoolCounts()
    counts.set(uid, found)
    return found
  }

  /** The instance as it is now: a restart in between may have moved it, or ended it. */
  async function present({ instance }: Admission) {
    const found = await dependencies.instances.loadInstance(instance.uid)
    if (found !== undefined) return found
    throw new RefusedError(
      refuse('instance_not_reachable', { reason: 'The database instance does not exist.' }),
    )
  }

  function poolOf({ admission, startup }: PooledLogin): Pool {
    const { uid } = admission.instance
    const backends = instances.get(uid) ?? new InstanceBackends(settings.backendsPerInstance, countsOf(uid))
    instances.set(uid, backends)
    const name = poolNameOf(admission, startup)
    const pool =
      backends.pools.get(name) ??
      new Pool(
        {
          async open(signal) {
            const presentAdmission = { ...admission, instance: await present(admission) }
            return dependencies.metrics.timed('open_backend', () =>
              openPooledBackend(presentAdmission, startup, signal, dependencies.clusters),
            )
          },
          random: seedForRandom,
          now: () => performance.now(),
        },
        settings,
        backends,
      )
    backends.pools.set(name, pool)
    return pool
  }

  /** What a session is told of settings; the first of a pool waits for a backend that knows them. */
  async function openingOf(pool: Pool, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (pool.opening === undefined) pool.putBack((await pool.acquire(undefined, signal)).backend)
    return pool.opening ?? new Map<string, string>()
  }

  async function passCancel(
    admission: Admission,
    key: { readonly processId: number; readonly key: Buffer },
  ): Promise<void> {
    const instance = await present(admission)
    await forwardCancelRequest({ kind: 'cancel_request', ...key }, instance, dependencies.clusters)
  }

  return {
    sessionsPerInstance: settings.sessionsPerInstance,
    async serve(login) {
      const { socket, startup, admission, request, reader, onOpen, signal } = login
      const pool = poolOf(login)
      pool.sessions += 1
      let opening: ReadonlyMap<string, string>
      try {
        opening = await openingOf(pool, signal)
      } catch (error) {
        pool.sessions -= 1
        if (!(error instanceof BackendRefused)) throw error
        dependencies.metrics.loginRefused('backend')
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
      }
    },
    cancel: (request) => cancelKeys.cancel(request),
    endSessions() {
      clearInterval(sweep)
      for (const session of sessions) session.end(new RefusedError(refuse('pooled_session_ended')))
      for (const { pools } of instances.values()) for (const pool of pools.values()) pool.close()
    },
    figures: () =>
      [...counts].map(([instanceUid, of]) => {
        const pools = [...(instances.get(instanceUid)?.pools.values() ?? [])]
        const sum = (figure: (pool: Pool) => number) => pools.reduce((all, pool) => all + figure(pool), 0)
        return {
          instanceUid,
          backendsInUse: sum(({ backendsInUse }) => backendsInUse),
          backendsIdle: sum(({ idleBackends }) => idleBackends),
          sessions: sum((pool) => pool.sessions),
          waiting: sum(({ waiting }) => waiting),
          counts: of,
        }
      }),
  }
}

/** For the list of open sessions. No backend belongs to the session alone, so its end is said by the gateway. */
function linkTo(client: TLSSocket, session: PooledSession): SessionLink {
  const [readBefore, writtenBefore] = [client.bytesRead, client.bytesWritten]
  return {
    bytesFromClient: () => client.bytesRead - readBefore,
    bytesToClient: () => client.bytesWritten - writtenBefore,
    backendProcessId: () => undefined,
    isWorking: () => session.isWorking,
    cut: () => {
      session.end(new RefusedError(refuse('pooled_session_ended')))
    },
  }
}

/** @throws RefusedError instance_not_reachable, replication_not_pooled: what a login is told before its password */
export function requirePooled(endpoint: PooledEndpoint | undefined, message: StartupMessage): PooledEndpoint {
  if (endpoint === undefined) {
    throw new RefusedError(refuse('instance_not_reachable', { reason: 'The instance has no such endpoint.' }))
  }
  if (replicationModeOf(message) !== 'none') throw new RefusedError(refuse('replication_not_pooled'))
  return endpoint
}
