/**
 * A small world of database instances in memory: rows, clusters, and processes that work on them and may be killed
 * at any call, before or after it took effect. Keeps the promises of the ports that the real ones keep.
 */
import { effectiveCapacity, type DatabaseInstance } from '../../src/domain/database-instance.ts'
import type { Principal } from '../../src/domain/identity.ts'
import type { Fault } from '../../src/domain/fault.ts'
import type { InstanceUid } from '../../src/domain/ids.ts'
import type { InstanceDriver } from '../../src/operations/ports/clusters.ts'
import type { Directory } from '../../src/operations/ports/directory.ts'
import type { InstanceStore } from '../../src/operations/ports/instances.ts'
import type { ReconcilePorts } from '../../src/operations/instances/reconcile-database-instance.ts'
import { NO_SETTINGS } from '../../src/policy/instance-settings.ts'
import { ALICE, ALICE_ID, INSTANCE_UID, NOW, WORKSPACE } from '../policy/facts.ts'

export interface Cluster {
  isRunning: boolean
  isPrepared: boolean
  /** What somebody did to it that keeps a part of it from being prepared. */
  problems?: readonly Fault[]
  /** What the postmaster was started with. */
  capacity: string | undefined
  ownerRoleOf: string | undefined
  starts: number
  readonly exits: (() => void)[]
}

export interface World {
  readonly rows: Map<InstanceUid, DatabaseInstance>
  readonly clusters: Map<InstanceUid, Cluster>
  /** The creator of every instance; undefined once it was deleted. */
  owner: Principal | undefined
  now: Date
}

export const createWorld = (): World => ({ rows: new Map(), clusters: new Map(), owner: ALICE, now: NOW })

export const instanceRow = (change: Partial<DatabaseInstance> = {}): DatabaseInstance => ({
  uid: INSTANCE_UID,
  workspaceId: WORKSPACE,
  name: 'sales',
  settings: NO_SETTINGS,
  state: 'STARTING',
  fault: undefined,
  creatorId: ALICE_ID,
  creatorName: ALICE.name,
  createdAt: NOW,
  pgMajorVersion: undefined,
  systemIdentifier: undefined,
  listener: { host: '127.0.0.2', port: 5432 },
  pooledListener: undefined,
  backend: { kind: 'embedded', socketDirectory: undefined },
  ...change,
})

/** Puts an instance into the world that runs as its row says. */
export function placeInstance(world: World, change: Partial<DatabaseInstance> = {}): DatabaseInstance {
  const row = instanceRow({ state: 'AVAILABLE', ...IDENTITY_OF_CLUSTER, ...change })
  world.rows.set(row.uid, row)
  const runs = row.state === 'AVAILABLE'
  world.clusters.set(row.uid, {
    isRunning: runs,
    isPrepared: true,
    capacity: runs ? effectiveCapacity(row.settings) : undefined,
    ownerRoleOf: row.creatorName,
    starts: 0,
    exits: [],
  })
  return row
}

const IDENTITY_OF_CLUSTER = {
  systemIdentifier: '7000000000000000001',
  pgMajorVersion: 18,
  backend: { kind: 'embedded', socketDirectory: '/run/lakegate/sales' },
} as const

/** The postmaster dies, whoever ended it. */
export function endPostmaster(cluster: Cluster): void {
  cluster.isRunning = false
  cluster.capacity = undefined
  for (const tell of cluster.exits.splice(0)) tell()
}

export type Intervene = (call: {
  readonly number: number
  readonly name: string
  readonly moment: 'before' | 'after'
}) => void

/** The ports as one process has them. `intervene` is told of every call and may throw, as a world that fails does. */
export function portsOf(
  world: World,
  intervene: Intervene = () => undefined,
): ReconcilePorts & {
  readonly store: InstanceStore
  readonly directory: Pick<Directory, 'loadPrincipal'>
} {
  let calls = 0
  const call = async <Result>(name: string, effect: () => Result): Promise<Result> => {
    calls += 1
    const number = calls
    // Every call of a real port goes through the event loop.
    await Promise.resolve()
    intervene({ number, name, moment: 'before' })
    const result = effect()
    intervene({ number, name, moment: 'after' })
    return result
  }
  return {
    clock: () => world.now,
    directory: {
      loadPrincipal: async () =>
        call('loadPrincipal', () =>
          world.owner === undefined ? undefined : { ...world.owner, isAccountAdmin: false },
        ),
    },
    store: storeOf(world, call),
    driver: driverOf(world, call),
  }
}

type Call = <Result>(name: string, effect: () => Result) => Promise<Result>

const sameAsObserved = (
  row: DatabaseInstance | undefined,
  observed: DatabaseInstance,
): row is DatabaseInstance =>
  row?.state === observed.state && JSON.stringify(row.settings) === JSON.stringify(observed.settings)

function storeOf(world: World, call: Call): InstanceStore {
  const { rows } = world
  const change = (uid: InstanceUid, what: Partial<DatabaseInstance>): DatabaseInstance | undefined => {
    const row = rows.get(uid)
    if (row === undefined) return undefined
    const changed = { ...row, ...what }
    rows.set(uid, changed)
    return changed
  }
  return {
    loadInstance: async (uid) => call('loadInstance', () => rows.get(uid)),
    findByName: async (workspaceId, name) =>
      call('findByName', () =>
        [...rows.values()].find((row) => row.workspaceId === workspaceId && row.name === name),
      ),
    listAll: async () => call('listAll', () => [...rows.values()]),
    listPage: async (workspaceId, { size }) =>
      call('listPage', () =>
        [...rows.values()].filter((row) => row.workspaceId === workspaceId).slice(0, size),
      ),
    count: async (workspaceId) =>
      call('count', () => [...rows.values()].filter((row) => row.workspaceId === workspaceId).length),
    insert: async (instance) =>
      call('insert', () => {
        const row = instanceRow(instance)
        rows.set(row.uid, row)
        return row
      }),
    updateSettings: async (observed, { settings, state }) =>
      call('updateSettings', () =>
        sameAsObserved(rows.get(observed.uid), observed)
          ? change(observed.uid, { settings, state })
          : undefined,
      ),
    updateState: async (observed, state) =>
      call('updateState', () =>
        sameAsObserved(rows.get(observed.uid), observed) ? change(observed.uid, { state }) : undefined,
      ),
    updateAttachedCluster: async (observed, { state }) =>
      call('updateAttachedCluster', () =>
        sameAsObserved(rows.get(observed.uid), observed) ? change(observed.uid, { state }) : undefined,
      ),
    recordFault: async (uid, fault) =>
      call('recordFault', () => {
        change(uid, { fault })
      }),
    recordCluster: async (uid, cluster) =>
      call('recordCluster', () => {
        change(uid, cluster)
      }),
    recordPooledListener: () => Promise.resolve(),
    recordListener: async (uid, listener) =>
      call('recordListener', () => {
        change(uid, { listener })
      }),
    remove: async (uid) =>
      call('remove', () => {
        rows.delete(uid)
      }),
    listPermissions: async () => call('listPermissions', () => []),
    replacePermissions: async () => call('replacePermissions', () => undefined),
    loadPermission: async () => call('loadPermission', () => undefined),
    loadPermissionsIn: async () => call('loadPermissionsIn', () => new Map()),
  }
}

function driverOf(world: World, call: Call): InstanceDriver {
  const clusterOf = ({ uid }: DatabaseInstance): Cluster | undefined => world.clusters.get(uid)
  return {
    start: async (instance) =>
      call('start', () => {
        const cluster = clusterOf(instance) ?? {
          isRunning: false,
          isPrepared: false,
          capacity: undefined,
          ownerRoleOf: undefined,
          starts: 0,
          exits: [],
        }
        world.clusters.set(instance.uid, cluster)
        if (!cluster.isRunning) {
          cluster.isRunning = true
          cluster.capacity = effectiveCapacity(instance.settings)
          cluster.starts += 1
        }
        return IDENTITY_OF_CLUSTER
      }),
    isRunning: async (instance) => call('isRunning', () => clusterOf(instance)?.isRunning ?? false),
    prepare: async (instance, owner) =>
      call('prepare', () => {
        const cluster = clusterOf(instance)
        if (cluster?.isRunning !== true) throw new Error('prepared what does not run')
        cluster.isPrepared = true
        if (owner !== undefined) cluster.ownerRoleOf = owner.name
        return cluster.problems ?? []
      }),
    stop: async (instance) =>
      call('stop', () => {
        const cluster = clusterOf(instance)
        if (cluster?.isRunning === true) endPostmaster(cluster)
      }),
    destroy: async (instance) =>
      call('destroy', () => {
        const cluster = clusterOf(instance)
        if (cluster?.isRunning === true) endPostmaster(cluster)
        world.clusters.delete(instance.uid)
      }),
    waitForExit: async (instance) => {
      const cluster = clusterOf(instance)
      if (cluster?.isRunning === true) await new Promise<void>((resolve) => cluster.exits.push(resolve))
    },
  }
}
