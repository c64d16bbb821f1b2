/** The system database: an external PostgreSQL by URL, or a cluster of our own below the data directory. */
import path from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { Redacted } from '../domain/redacted.ts'
import { SYSTEM_SUPERUSER } from '../domain/role.ts'
import { startCluster, stopCluster, type ClusterDefinition } from '../instances/embedded/cluster.ts'
import { keepClusterRunning } from '../instances/embedded/keep-running.ts'
import type { Log } from '../observation/log.ts'
import { holdInstallation } from '../store/installation-lock.ts'
import { createDatabaseIfMissing, migrate } from '../store/migrate.ts'
import { judgeNames, listMarkedIdentities } from '../store/name-judgement.ts'
import {
  openSystemDatabase,
  type SystemDatabase,
  type SystemDatabaseAddress,
} from '../store/system-database.ts'
import type { Machine } from './machine.ts'

export interface RunningSystemDatabase {
  readonly database: SystemDatabase
  readonly address: SystemDatabaseAddress
  /** Closes the connections and, where it is ours, stops the cluster. */
  stop(): Promise<void>
}

const DATABASE = 'lakegate'

/**
 * @param refuseToMake asked before an embedded one is made: what says that there was one before
 * @throws Fault already_running when another `lakegate up` works on the same system database
 */
export async function startSystemDatabase(
  machine: Machine,
  databaseUrl: Redacted<string> | undefined,
  refuseToMake: (missing: string) => Promise<Fault | undefined>,
  log: Log,
): Promise<RunningSystemDatabase> {
  const cluster = databaseUrl === undefined ? { ...defineCluster(machine), refuseToMake } : undefined
  const address = await reach(databaseUrl, cluster)
  const release = await holdInstallation(address, (reason) => {
    log.error({ reason }, 'the lock on the system database is lost')
  })
  if (release === undefined) {
    // It belongs to the Lakegate that runs, and goes on.
    throw new Fault({
      code: 'already_running',
      origin: 'configuration',
      message:
        databaseUrl === undefined
          ? `Another Lakegate runs on the data directory ${machine.dataDirectory}.`
          : 'Another Lakegate works on this system database.',
      nextStep: 'Stop it first, or choose another data directory with LAKEGATE_DATA_DIR.',
    })
  }
  const database = openSystemDatabase(address, (error) => {
    log.warn({ err: error }, 'a connection to the system database was lost')
  })
  const letGo = cluster === undefined ? undefined : keepRunning(cluster, log)
  const stop = async () => {
    await letGo?.()
    await database.destroy()
    await release()
    if (cluster !== undefined) await stopCluster(cluster)
  }
  try {
    await bringUpToDate(database, log)
  } catch (error) {
    await stop()
    throw error
  }
  return { database, address, stop }
}

/**
 * An external one that several processes share.
 * @throws Fault configuration_invalid without a URL
 */
export function openSharedSystemDatabase(
  databaseUrl: Redacted<string> | undefined,
  log: Log,
): RunningSystemDatabase {
  if (databaseUrl === undefined) {
    throw new Fault({
      code: 'configuration_invalid',
      origin: 'configuration',
      message:
        'The setting database-url is not set, and control planes and gateways share a system database.',
      nextStep: 'Set LAKEGATE_DATABASE_URL to the URL of a PostgreSQL, the same for all of them.',
    })
  }
  const address = { kind: 'url', url: databaseUrl } as const
  const database = openSystemDatabase(address, (error) => {
    log.warn({ err: error }, 'a connection to the system database was lost')
  })
  return { database, address, stop: () => database.destroy() }
}

async function reach(
  databaseUrl: Redacted<string> | undefined,
  cluster: ClusterDefinition | undefined,
): Promise<SystemDatabaseAddress> {
  if (databaseUrl !== undefined) return { kind: 'url', url: databaseUrl }
  if (cluster === undefined) throw new Error('there is neither a URL nor a cluster')
  const { socketDirectory } = await startCluster(cluster)
  const address = {
    kind: 'socket',
    directory: socketDirectory,
    user: SYSTEM_SUPERUSER,
    database: DATABASE,
  } as const
  await createDatabaseIfMissing(address)
  return address
}

const keepRunning = (cluster: ClusterDefinition, log: Log) =>
  keepClusterRunning(cluster, {
    onDied: () => {
      log.error({}, 'the system database died; it is started again')
    },
    onRestarted: () => {
      log.info({}, 'the system database runs again')
    },
    onRestartFailed: (error) => {
      log.error({ err: error }, 'the system database cannot be started; it is tried again')
    },
  })

const defineCluster = (machine: Machine): ClusterDefinition => ({
  id: 'system',
  directory: path.join(machine.dataDirectory, 'system'),
  binaries: machine.binaries,
  account: machine.account,
  superuser: SYSTEM_SUPERUSER,
  expectedIdentifier: undefined,
  configuration: { maxConnections: 100, sharedBuffersMegabytes: 64, extensionDirectory: undefined },
})

/** The shared one, brought up to date first: for a control plane among others. */
export async function joinSystemDatabase(
  databaseUrl: Redacted<string> | undefined,
  log: Log,
): Promise<RunningSystemDatabase> {
  const system = openSharedSystemDatabase(databaseUrl, log)
  try {
    await bringUpToDate(system.database, log)
  } catch (error) {
    await system.stop()
    throw error
  }
  return system
}

/** In one line of the log; all of them are found by the filter `nameProblem pr` (docs/identities.md). */
const MOST_MARKED_IN_THE_LOG = 50

async function bringUpToDate(database: SystemDatabase, log: Log): Promise<void> {
  await migrate(database)
  await judgeNames(database)
  const { total, identities } = await listMarkedIdentities(database, MOST_MARKED_IN_THE_LOG)
  if (total === 0) return
  log.warn(
    { total, identities },
    'there are identities whose names people cannot tell apart; they stay as they are until somebody renames them',
  )
}
