/** The `embedded` driver: each database instance is a cluster of its own below `<data directory>/instances`. */
import path from 'node:path'
import {
  effectiveCapacity,
  logicalReplicationEnabled,
  type Capacity,
  type DatabaseInstance,
} from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { SYSTEM_SUPERUSER } from '../../domain/role.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceDriver } from '../../operations/ports/clusters.ts'
import type { AdministrativeAccess } from '../administrative-client.ts'
import type { AdministrativeConnections } from '../administrative-connections.ts'
import { prepareInstance } from '../prepare.ts'
import type { PostgresBinaries } from './binaries.ts'
import { destroyCluster, isClusterRunning, startCluster, stopCluster, waitForClusterExit } from './cluster.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import { dropLogicalSlots } from './drop-logical-slots.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { isThere } from './own-files.ts'

export interface EmbeddedDriverSettings {
  /** Contains one directory per instance. */
  readonly directory: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
  /** Connections of clients and of pools together. */
  readonly connectionsOfInstance: number
  /** As `isDurable` of a cluster's configuration. */
  readonly isDurable: boolean
  /** 0 means no limit. */
  readonly sessionIdleSeconds: number
  /** How much write-ahead log a replication slot may retain. */
  readonly replicationSlotMegabytes: number
  /** Where databricks_auth is found by `extension_control_path`. */
  readonly extensionDirectory: string
  /** The libraries that exist in the binaries. */
  readonly preloadLibraries: readonly string[]
  /** libpq connection string with which instances reach the control plane. */
  readonly controlPlaneConninfo: string
  readonly connections: AdministrativeConnections
  readonly access: AdministrativeAccess
  /** The instances whose cluster was complete once. */
  readonly completeInstances: () => Promise<readonly InstanceUid[]>
}

/**
 * The real service gives 16 GB of memory per unit; here it is little enough that a laptop can run several instances.
 */
const SHARED_BUFFERS_MEGABYTES: Readonly<Record<Capacity, number>> = {
  CU_1: 64,
  CU_2: 128,
  CU_4: 256,
  CU_8: 512,
}

export function createEmbeddedDriver(settings: EmbeddedDriverSettings): InstanceDriver {
  /**
   * A single missing directory may be lost by itself. If all are missing, their volume is not mounted, and a cluster
   * made now would be hidden when it is mounted later.
   */
  const refuseToMake = async (): Promise<Fault | undefined> => {
    const uids = await settings.completeInstances()
    if (uids.length === 0) return undefined
    const found = await Promise.all(uids.map((uid) => isThere(path.join(settings.directory, uid))))
    return found.includes(true) ? undefined : volumeLost(settings.directory, uids.length)
  }
  const define = (instance: DatabaseInstance): ClusterDefinition => ({
    id: instance.uid,
    directory: path.join(settings.directory, instance.uid),
    binaries: settings.binaries,
    account: settings.account,
    superuser: SYSTEM_SUPERUSER,
    expectedIdentifier: instance.systemIdentifier,
    refuseToMake,
    configuration: {
      maxConnections: settings.connectionsOfInstance,
      isDurable: settings.isDurable,
      idleSessionSeconds: settings.sessionIdleSeconds,
      sharedBuffersMegabytes: SHARED_BUFFERS_MEGABYTES[effectiveCapacity(instance.settings)],
      extensionDirectory: settings.extensionDirectory,
      preloadLibraries: settings.preloadLibraries,
      replication: {
        isLogical: logicalReplicationEnabled(instance.settings),
        slotMegabytes: settings.replicationSlotMegabytes,
      },
    },
  })
  /** Databases whose preparation failed, by object id; a restart forgets them, which only costs some time. */
  const failedBefore = new Map<InstanceUid, ReadonlySet<string>>()
  return {
    async start(instance) {
      const { socketDirectory, ...cluster } = await startCluster(define(instance))
      const backend = { kind: 'embedded', socketDirectory } as const
      if (!logicalReplicationEnabled(instance.settings))
        await dropLogicalSlots(settings.access, { ...instance, backend })
      return { ...cluster, backend }
    },
    isRunning: (instance) => isClusterRunning(define(instance)),
    async prepare(instance, owner) {
      const { problems, failed } = await prepareInstance(settings.access, instance, {
        owner,
        controlPlaneConninfo: settings.controlPlaneConninfo,
        failedBefore: failedBefore.get(instance.uid) ?? new Set(),
      })
      failedBefore.set(instance.uid, failed)
      return problems
    },
    async stop(instance) {
      await settings.connections.close(instance.uid)
      await stopCluster(define(instance))
    },
    async destroy(instance) {
      failedBefore.delete(instance.uid)
      await settings.connections.close(instance.uid)
      await destroyCluster(define(instance))
    },
    waitForExit: (instance) => waitForClusterExit(define(instance)),
  }
}

const volumeLost = (directory: string, count: number): Fault =>
  new Fault({
    code: 'data_directory_lost',
    origin: 'machine',
    message: `None of the ${String(count)} database instances that existed before has its directory in ${directory}.`,
    nextStep:
      'Mount or restore it; new instances are made there again afterwards. Delete the instances that are lost for good.',
  })
