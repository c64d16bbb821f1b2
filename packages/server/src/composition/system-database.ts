/** The system database: an external PostgreSQL by URL, or a cluster of our own below the data directory. */
import path from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { Redacted } from '../domain/redacted.ts'
import { SYSTEM_SUPERUSER } from '../domain/role.ts'
import { hasPostmaster, startCluster, stopCluster } from '../instances/embedded/cluster.ts'
import type { ClusterDefinition } from '../instances/embedded/cluster-definition.ts'
import { keepClusterRunning } from '../instances/embedded/keep-running.ts'
import type { Log } from '../observation/log.ts'
import { holdInstallation } from '../store/installation-lock.ts'
import { createDatabaseIfMissing, migrate } from '../store/migrate.ts'
import { reachSystemDatabase } from '../store/reach-system-database.ts'
import { judgeNames, listMarkedIdentities } from '../store/name-judgement.ts'
import {
  openSystemDatabase,
  type SystemDatabase,
  type SystemDatabaseAddress,
} from '../store/system-database.ts'
import type { Machine } from './machine.ts'
import { openTogether } from './shutdown.ts'

export interface RunningSystemDatabase {
  readonly database: SystemDatabase
  readonly address: SystemDatabaseAddress
  /** Closes the connections, and stops the cluster if it is our own. */
  stop(): Promise<void>
}

export const SYSTEM_DATABASE_NAME = 'lakegate'

/**
 * @param refuseToMake called before an embedded cluster is made; answers a Fault when there was one before
 * @throws Fault already_running when another `lakegate up` uses the same system database
 */
export function startSystemDatabase(
  machine: Machine,
  databaseUrl: Redacted<string> | undefined,
  refuseToMake: (missing: string) => Promise<Fault | undefined>,
  log: Log,
): Promise<RunningSystemDatabase> {
  return openTogether(async (shutdown) => {
    const cluster = databaseUrl === undefined ? { ...defineCluster(machine), refuseToMake } : undefined
    // A cluster that is already running may belong to a running Lakegate, and must then stay up.
    let isOurs = cluster !== undefined && !(await hasPostmaster(cluster))
    shutdown.add('cluster of the system database', async () => {
      if (cluster !== undefined && isOurs) await stopCluster(cluster)
    })
    const address = await reach(databaseUrl, cluster)
    const release = await holdInstallation(address, (reason) => {
      log.error({ reason }, 'the lock on the system database is lost')
    })
    isOurs = release !== undefined
    if (release === undefined) throw alreadyRunning(databaseUrl === undefined ? machine : undefined)
    shutdown.add('lock on the system database', release)
    const database = openSystemDatabase(address, (error) => {
      log.warn({ err: error }, 'a connection to the system database was lost')
    })
    shutdown.add('connections to the system database', () => database.destroy())
    const letGo = cluster === undefined ? undefined : keepRunning(cluster, log)
    shutdown.add('watch over the system database', async () => letGo?.())
    await bringUpToDate(database, log)
    return { database, address, stop: () => shutdown.run() }
  })
}

const alreadyRunning = (machine: Machine | undefined): Fault =>
  new Fault({
    code: 'already_running',
    origin: 'configuration',
    message:
      machine === undefined
        ? 'Another Lakegate works on this system database.'
        : `Another Lakegate runs on the data directory ${machine.dataDirectory}.`,
    nextStep: 'Stop it first, or choose another data directory with LAKEGATE_DATA_DIR.',
  })

/**
 * Opens an external system database that several processes share.
 * @throws Fault configuration_invalid without a URL, system_database_unreachable
 */
export async function openSharedSystemDatabase(
  databaseUrl: Redacted<string> | undefined,
  log: Log,
): Promise<RunningSystemDatabase> {
  // config/check-together.ts refuses both roles without a URL.
  if (databaseUrl === undefined) throw new Error('there is no URL of a system database')
  const address = { kind: 'url', url: databaseUrl } as const
  await reachSystemDatabase(address)
  const database = openSystemDatabase(address, (error) => {
    log.warn({ err: error }, 'a connection to the system database was lost')
  })
  return { database, address, stop: () => database.destroy() }
}

async function reach(
  databaseUrl: Redacted<string> | undefined,
  cluster: ClusterDefinition | undefined,
): Promise<SystemDatabaseAddress> {
  if (databaseUrl !== undefined) {
    const address = { kind: 'url', url: databaseUrl } as const
    await reachSystemDatabase(address)
    return address
  }
  if (cluster === undefined) throw new Error('there is neither a URL nor a cluster')
  const { socketDirectory } = await startCluster(cluster)
  const address = {
    kind: 'socket',
    directory: socketDirectory,
    user: SYSTEM_SUPERUSER,
    database: SYSTEM_DATABASE_NAME,
  } as const
  await createDatabaseIfMissing(address)
  return address
}

const keepRunning = (cluster: ClusterDefinition, log: Log) =>
  keepClusterRunning(cluster, {
    onDied: () => {
      log.error({}, 'the system database died; starting it again')
    },
    onBlind: (error) => {
      log.error({ err: error }, 'it could not be determined whether the system database runs')
    },
    onRestarted: () => {
      log.info({}, 'the system database runs again')
    },
    onRestartFailed: (error) => {
      log.error({ err: error }, 'the system database cannot be started; Lakegate tries again')
    },
  })

const defineCluster = (machine: Machine): ClusterDefinition => ({
  id: 'system',
  directory: path.join(machine.dataDirectory, 'system'),
  binaries: machine.binaries,
  account: machine.account,
  superuser: SYSTEM_SUPERUSER,
  expectedIdentifier: undefined,
  configuration: {
    maxConnections: 100,
    sharedBuffersMegabytes: 64,
    extensionDirectory: undefined,
    isDurable: machine.isDurable,
  },
})

/** Opens the shared system database and migrates it first; for a control plane beside others. */
export function joinSystemDatabase(
  databaseUrl: Redacted<string> | undefined,
  log: Log,
): Promise<RunningSystemDatabase> {
  return openTogether(async (shutdown) => {
    const system = await openSharedSystemDatabase(databaseUrl, log)
    shutdown.add('connections to the system database', () => system.stop())
    await bringUpToDate(system.database, log)
    return system
  })
}

/** Limit for one log line; the filter `nameProblem pr` finds all of them (docs/identities.md). */
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
