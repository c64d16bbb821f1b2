/**
 * The pools of all instances: finds the pool of a login, runs the periodic work of the pools, and forgets unused ones.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import type { Admission, PooledAdmission } from '../../operations/login/admission.ts'
import { refused } from '../../operations/refused-error.ts'
import type { ProtocolVersion, StartupMessage } from '../../protocol/startup.ts'
import type { GatewayDependencies, PooledSettings } from '../settings.ts'
import { InstanceBackends } from './instance-backends.ts'
import { makeWay, type PoolsOfInstance } from './make-way.ts'
import { openPooledBackend } from './open-backend.ts'
import { PoolCounts, type PoolFigures } from './pool-counts.ts'
import { poolNameOf } from './pool-name.ts'
import { Pool } from './pool.ts'
import { seedForRandom } from './seed.ts'

/** What names the pool of a login, and what its backends are opened with. */
export interface PoolRequest {
  readonly startup: { readonly message: StartupMessage; readonly version: ProtocolVersion }
  readonly admission: Admission & { readonly pooled: PooledAdmission }
  readonly databaseName: string
}

export interface Pools {
  of(request: PoolRequest): Pool
  /**
   * The instance as it is now; since the login it may have been moved by a restart, or deleted. @throws RefusedError
   */
  present(admission: Admission): Promise<DatabaseInstance>
  /** For every instance that had a pooled session since the process started. */
  figures(): readonly PoolFigures[]
  /** Closes every idle backend. */
  close(): void
}

interface Instance {
  readonly backends: InstanceBackends<Pool>
  /** The instance as of the last login. */
  seen: DatabaseInstance
}

export function createPools(
  dependencies: Pick<GatewayDependencies, 'clusters' | 'instances' | 'metrics' | 'claimedDatabases' | 'log'>,
  settings: PooledSettings,
): Pools {
  const instances = new Map<InstanceUid, Instance>()
  const counts = new Map<InstanceUid, PoolCounts>()
  const sweep = setInterval(
    () => {
      for (const [uid, instance] of instances) {
        for (const pool of instance.backends.pools.values()) pool.retireIdle()
        forgetUnused(uid, instance)
      }
    },
    Math.min(settings.idleMs, settings.lifetimeMs) / 2,
  )
  sweep.unref()
  const wayMaker = makeWay({ list, claimed: dependencies.claimedDatabases, log: dependencies.log })

  function forgetUnused(uid: InstanceUid, { backends }: Instance): void {
    for (const [name, pool] of backends.pools) {
      if (pool.isUnused) backends.pools.delete(name)
    }
    if (backends.pools.size === 0) instances.delete(uid)
  }

  function countsOf(uid: InstanceUid): PoolCounts {
    const found = counts.get(uid) ?? new PoolCounts()
    counts.set(uid, found)
    return found
  }

  function instanceOf({ instance }: Admission): Instance {
    const { uid } = instance
    const found = instances.get(uid) ?? {
      backends: new InstanceBackends<Pool>(settings.backendsPerInstance, countsOf(uid)),
      seen: instance,
    }
    found.seen = instance
    instances.set(uid, found)
    return found
  }

  function list(): readonly PoolsOfInstance[] {
    return [...instances.values()].map(({ seen, backends }) => ({
      instance: seen,
      pools: [...backends.pools.values()],
    }))
  }

  async function present({ instance }: Admission): Promise<DatabaseInstance> {
    const found = await dependencies.instances.loadInstance(instance.uid)
    if (found !== undefined) return found
    throw refused('instance_not_reachable', { reason: 'The database instance does not exist.' })
  }

  function make({ admission, startup, databaseName }: PoolRequest, backends: InstanceBackends<Pool>): Pool {
    return new Pool(
      { roleOid: admission.roleOid, databaseOid: admission.pooled.database.oid },
      {
        async open(signal) {
          const presentAdmission = { ...admission, instance: await present(admission) }
          return dependencies.metrics.timed('open_backend', () =>
            openPooledBackend(presentAdmission, { ...startup, databaseName }, signal, dependencies.clusters),
          )
        },
        random: seedForRandom,
        now: () => performance.now(),
      },
      settings,
      backends,
    )
  }

  return {
    of(request) {
      const { backends } = instanceOf(request.admission)
      const name = poolNameOf(request.admission, request.startup)
      const pool = backends.pools.get(name) ?? make(request, backends)
      backends.pools.set(name, pool)
      return pool
    },
    present,
    figures: () =>
      [...counts].map(([instanceUid, of]) => {
        const pools = [...(instances.get(instanceUid)?.backends.pools.values() ?? [])]
        const sum = (figure: (pool: Pool) => number) => pools.reduce((all, pool) => all + figure(pool), 0)
        return {
          instanceUid,
          backendsInUse: sum(({ backendsInUse }) => backendsInUse),
          backendsIdle: sum(({ idleBackends }) => idleBackends),
          sessions: sum(({ sessions }) => sessions),
          waiting: sum(({ waiting }) => waiting),
          counts: of,
        }
      }),
    close() {
      clearInterval(sweep)
      wayMaker.stop()
      for (const { backends } of instances.values()) for (const pool of backends.pools.values()) pool.close()
    },
  }
}
