/**
 * How a command of the operator reaches the system database of this machine's Lakegate, whether that runs or not. Who may
 * use it: the account that runs Lakegate (PostgreSQL lets in nobody else by its socket), or whoever knows the URL.
 */
import path from 'node:path'
import type { LoadedSettings } from '../../config/load.ts'
import { Fault } from '../../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../../domain/role.ts'
import { hasPostmaster } from '../../instances/embedded/cluster.ts'
import { isThere } from '../../instances/embedded/own-files.ts'
import { socketDirectoryOf } from '../../instances/embedded/socket-directory.ts'
import { reachSystemDatabase } from '../../store/reach-system-database.ts'
import {
  openSystemDatabase,
  type SystemDatabase,
  type SystemDatabaseAddress,
} from '../../store/system-database.ts'
import { compareMigrations } from '../../store/migrate.ts'
import { dataDirectoryHere } from '../data-directory.ts'
import { prepareMachine } from '../machine.ts'
import { openProcessLog } from '../process-log.ts'
import { SYSTEM_DATABASE_NAME, startSystemDatabase } from '../system-database.ts'

const MOST_CONNECTIONS = 2

/** Where it answers at this moment; undefined when it is embedded and does not run. */
export async function addressOfRunningSystemDatabase(
  settings: LoadedSettings,
): Promise<SystemDatabaseAddress | undefined> {
  const url = settings['database-url'].value
  if (url !== undefined) return { kind: 'url', url }
  const directory = path.join(dataDirectoryHere(settings), 'system')
  if (!(await hasPostmaster({ directory }))) return undefined
  return {
    kind: 'socket',
    directory: socketDirectoryOf(directory),
    user: SYSTEM_SUPERUSER,
    database: SYSTEM_DATABASE_NAME,
  }
}

/**
 * Runs work on the system database. An embedded one that does not run is started for it, and stopped again.
 * @throws Fault installation_missing, system_database_of_another_version, and what a start throws
 */
export async function onSystemDatabase<Result>(
  settings: LoadedSettings,
  work: (database: SystemDatabase) => Promise<Result>,
): Promise<Result> {
  const address = await addressOfRunningSystemDatabase(settings)
  if (address !== undefined) return onRunning(address, work)
  const dataDirectory = dataDirectoryHere(settings)
  // Nothing is made in a directory that may be the wrong one.
  if (!(await isThere(path.join(dataDirectory, 'system')))) throw nothingThere(dataDirectory)
  const log = openProcessLog(settings)
  const system = await startSystemDatabase(
    await prepareMachine(settings),
    undefined,
    () => Promise.resolve(nothingThere(dataDirectory)),
    log,
  )
  try {
    return await work(system.database)
  } finally {
    await system.stop()
  }
}

async function onRunning<Result>(
  address: SystemDatabaseAddress,
  work: (database: SystemDatabase) => Promise<Result>,
): Promise<Result> {
  await reachSystemDatabase(address)
  const database = openSystemDatabase(address, () => undefined, MOST_CONNECTIONS)
  try {
    const { last, unknown, missing } = await compareMigrations(database)
    if (last === undefined) throw nothingThere('the system database')
    if (unknown.length > 0 || missing.length > 0) throw ofAnotherVersion()
    return await work(database)
  } finally {
    await database.destroy()
  }
}

const nothingThere = (where: string): Fault =>
  new Fault({
    code: 'installation_missing',
    origin: 'configuration',
    message: `There is no installation of Lakegate in ${where}.`,
    nextStep:
      'Name the data directory of the installation with LAKEGATE_DATA_DIR, or its external system database with LAKEGATE_DATABASE_URL.',
  })

const ofAnotherVersion = (): Fault =>
  new Fault({
    code: 'system_database_of_another_version',
    origin: 'configuration',
    message: 'The system database has the schema of another version of Lakegate than this program.',
    nextStep:
      'Use the program of the Lakegate that works on it; a start of this version brings the schema up to date.',
  })
