/** `lakegate status` on the machine of the data directory: records of processes, their health, the system database. */
import pg from 'pg'
import {
  askHealth,
  problemsOf,
  type InstanceStatus,
  type Problem,
  type ProcessStatus,
  type ReadStatus,
  type SystemDatabaseStatus,
} from '../../cli/operator/status.ts'
import { readVersion } from '../../cli/version.ts'
import type { LoadedSettings } from '../../config/load.ts'
import { effectiveStopped, type DatabaseInstance } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../../domain/role.ts'
import { isInstallationHeld } from '../../store/installation-lock.ts'
import { createInstanceStore } from '../../store/instances.ts'
import { compareMigrations } from '../../store/migrate.ts'
import { reachSystemDatabase } from '../../store/reach-system-database.ts'
import { askServerVersion, openSystemDatabase, type SystemDatabase } from '../../store/system-database.ts'
import { dataDirectoryHere } from '../data-directory.ts'
import { addressOfRunningSystemDatabase } from './reach-installation.ts'
import { listKilled, listRunning, type RunningProcess } from './running-processes.ts'

export const readStatus: ReadStatus = async (settings) => {
  const dataDirectory = dataDirectoryHere(settings)
  const running = await listRunning(dataDirectory)
  const processes = await Promise.all(running.map(statusOf))
  const { system, instances, problems } = await readSystemDatabase(settings)
  return {
    lakegate_version: readVersion(),
    where: dataDirectory,
    processes,
    system_database: system,
    instances,
    problems: [
      ...(await problemsOfProcesses(dataDirectory, processes, system)),
      ...problems,
      ...(processes.length === 0 ? [] : problemsOf(instances)),
    ],
    running: processes.length > 0,
  }
}

async function statusOf({ record }: RunningProcess): Promise<ProcessStatus> {
  return {
    role: record.role,
    url: record.public_url ?? record.health_url,
    pid: record.pid,
    started_at: record.started_at,
    lakegate_version: record.lakegate_version,
    node_version: record.node_version,
    ...(record.gateway === undefined ? {} : { gateway: describeGateway(record.gateway) }),
    health: await askHealth(record.health_url),
  }
}

const describeGateway = ({ runtime, workers }: { runtime: string; workers: number }): string =>
  workers === 0
    ? 'in this process'
    : `${String(workers)} ${workers === 1 ? 'worker' : 'workers'} on ${runtime}`

async function problemsOfProcesses(
  dataDirectory: string,
  processes: readonly ProcessStatus[],
  system: SystemDatabaseStatus,
): Promise<readonly Problem[]> {
  const unhealthy = processes
    .filter(({ health }) => health !== 'ready')
    .map(({ role, pid, health }) => ({
      what: `The process ${String(pid)} (${role}) is there, and ${health === 'no answer' ? 'does not answer' : 'is not ready'}.`,
      next_step: 'Look into its log, and run `lakegate doctor`.',
    }))
  const others = processes
    .filter(({ lakegate_version: version }) => version !== readVersion())
    .map(({ role, pid, lakegate_version: version }) => ({
      what: `The process ${String(pid)} (${role}) is Lakegate ${version ?? ''}, and this program is ${readVersion()}.`,
      next_step: 'After an upgrade, restart it (docs/operating.md, «Upgrade»).',
    }))
  if (processes.length > 0) return [...unhealthy, ...others]
  const killed = await listKilled(dataDirectory)
  const start = { next_step: 'Start it: `lakegate up`. It adopts what was left running.' }
  if (killed.length > 0)
    return [{ what: 'Lakegate was killed, or ended without stopping in order.', ...start }]
  return system.kind === 'embedded' && system.state === 'running'
    ? [{ what: 'PostgreSQL of the system database runs without a Lakegate.', ...start }]
    : []
}

interface SystemReading {
  readonly system: SystemDatabaseStatus
  readonly instances: readonly InstanceStatus[]
  readonly problems: readonly Problem[]
}

async function readSystemDatabase(settings: LoadedSettings): Promise<SystemReading> {
  const kind = settings['database-url'].value === undefined ? 'embedded' : 'external'
  const address = await addressOfRunningSystemDatabase(settings)
  if (address === undefined) return { system: { kind, state: 'stopped' }, instances: [], problems: [] }
  let database: SystemDatabase | undefined
  try {
    await reachSystemDatabase(address)
    database = openSystemDatabase(address, () => undefined, 2)
    const { last, unknown } = await compareMigrations(database)
    const supervised = await isInstallationHeld(database)
    const system: SystemDatabaseStatus = {
      ...{ kind, state: 'running', supervised },
      postgres_version: await askServerVersion(database),
      ...(last === undefined ? {} : { schema: last }),
    }
    // Its tables may be others than this program knows.
    if (last === undefined || unknown.length > 0) return { system, instances: [], problems: [] }
    const instances = await Promise.all((await createInstanceStore(database).listAll()).map(describe))
    return { system, instances, problems: supervised ? [] : [unsupervised()] }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return {
      system: { kind, state: 'unreachable' },
      instances: [],
      problems: [{ what: error.message, next_step: error.nextStep ?? 'Run `lakegate doctor`.' }],
    }
  } finally {
    await database?.destroy()
  }
}

const unsupervised = (): Problem => ({
  what: 'No control plane looks after the instances: none is restarted when it dies.',
  next_step: 'Start one: `lakegate up`, or `lakegate serve --role control`.',
})

async function describe(instance: DatabaseInstance): Promise<InstanceStatus> {
  const { name, state, fault, backend, listener } = instance
  const version = await askVersionOf(instance)
  const message = fault === undefined ? undefined : `${fault.message} ${fault.nextStep ?? ''}`.trim()
  return {
    name,
    state,
    kind: backend.kind === 'embedded' ? 'local' : 'attached',
    ...(version === undefined ? {} : { postgres_version: version }),
    address: `${listener.host}${listener.port === undefined ? '' : ` port ${String(listener.port)}`}`,
    ...(message === undefined ? {} : { message }),
  }
}

const ANSWER_LIMIT_MS = 3_000

/** The full version of a local cluster that runs, else the major version that was found last. */
async function askVersionOf({
  backend,
  settings,
  pgMajorVersion,
}: DatabaseInstance): Promise<string | undefined> {
  const known = pgMajorVersion === undefined ? undefined : String(pgMajorVersion)
  if (backend.kind !== 'embedded' || backend.socketDirectory === undefined || effectiveStopped(settings))
    return known
  const client = new pg.Client({
    ...{ host: backend.socketDirectory, port: 5432, user: SYSTEM_SUPERUSER, database: 'postgres' },
    application_name: 'lakegate status',
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return rows[0]?.server_version ?? known
  } catch {
    // It does not run at this moment; its state says why.
    return known
  } finally {
    await client.end().catch(() => undefined)
  }
}
