/**
 * postgresql.conf, pg_hba.conf and pg_ident.conf of a local cluster. They are written at every start, outside of its
 * data directory, where the account that runs PostgreSQL can read but not change them: Unix socket only, and peer
 * authentication that accepts only the account of the gateway, as any role (DESIGN §3).
 */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { SYSTEM_SUPERUSER } from '../../domain/role.ts'
import { ownAccount, type OperatingSystemAccount } from './operating-system-account.ts'
import { writeOwnFile } from './own-files.ts'
import type { ClusterPlaces } from './places.ts'

export interface ClusterConfiguration {
  readonly maxConnections: number
  readonly sharedBuffersMegabytes: number
  /** 0 or left out means no limit. Settings of roles, databases and sessions take precedence. */
  readonly idleSessionSeconds?: number
  /** Directory whose `extension` folder contains databricks_auth; undefined where it is not needed. */
  readonly extensionDirectory: string | undefined
  /** False where the data need not outlive a crash of the machine, so that nothing waits for the disk. Left out means true. */
  readonly isDurable?: boolean
  /** Left out means none. */
  readonly preloadLibraries?: readonly string[]
  /** Left out when nobody replicates from it. */
  readonly replication?: {
    readonly isLogical: boolean
    /** How much write-ahead log a slot may keep for a consumer that does not fetch it. */
    readonly slotMegabytes: number | 'unlimited'
  }
}

/** For the supervisor, the gateway's own queries and the operator, in addition to the connections of clients. */
const RESERVED_CONNECTIONS = 10

export const configurationFileIn = ({ configuration }: ClusterPlaces): string =>
  path.join(configuration, 'postgresql.conf')

export async function writeConfigurationFiles(request: {
  readonly places: ClusterPlaces
  readonly socketDirectory: string
  readonly account: OperatingSystemAccount
  readonly configuration: ClusterConfiguration
}): Promise<void> {
  const { places, account } = request
  const own = ownAccount().name
  const rules = path.join(places.configuration, 'pg_hba.conf')
  const names = path.join(places.configuration, 'pg_ident.conf')
  const configuration = await withSlots(places.data, request.configuration)
  const settings = {
    ...serverSettings(request.socketDirectory, places.serverLog, configuration),
    hba_file: rules,
    ident_file: names,
  }
  // First the file of initdb, with whatever the operator added to it; our settings come later and override it.
  const include = `include_if_exists ${quote(path.join(places.data, 'postgresql.conf'))}\n`
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quote(value)}\n`)
  const group = account.spawnAs === undefined ? {} : { group: account.gid }
  await writeOwnFile(configurationFileIn(places), `${include}${lines.join('')}`, group)
  await writeOwnFile(
    rules,
    `local all all peer map=lakegate\nlocal replication ${SYSTEM_SUPERUSER} peer map=lakegate\n`,
    group,
  )
  // PostgreSQL 16 and later: the user name `all` means every role. No other account is accepted.
  await writeOwnFile(names, `lakegate "${own.replaceAll('"', '""')}" all\n`, group)
}

/**
 * PostgreSQL does not start with a lower wal_level than its existing slots need; after logical replication is switched
 * off, Lakegate drops the slots (drop-logical-slots.ts).
 */
async function withSlots(data: string, configuration: ClusterConfiguration): Promise<ClusterConfiguration> {
  const { replication } = configuration
  if (replication === undefined || replication.isLogical) return configuration
  const slots = await readdir(path.join(data, 'pg_replslot'))
  return { ...configuration, replication: { ...replication, isLogical: slots.length > 0 } }
}

/** A forgotten slot would keep write-ahead log until the disk is full: PostgreSQL invalidates it at these limits. */
function replicate(replication: ClusterConfiguration['replication']): Record<string, string> {
  if (replication === undefined) return {}
  return {
    wal_level: replication.isLogical ? 'logical' : 'replica',
    max_replication_slots: '10',
    max_wal_senders: '10',
    max_slot_wal_keep_size:
      replication.slotMegabytes === 'unlimited' ? '-1' : `${String(replication.slotMegabytes)}MB`,
  }
}

function preload(libraries: readonly string[]): Record<string, string> {
  if (libraries.length === 0) return {}
  return {
    shared_preload_libraries: libraries.join(', '),
    // A command such as ALTER ROLE may contain a password, which pg_stat_statements would keep as it was written
    // (behaviour 74).
    ...(libraries.includes('pg_stat_statements') ? { 'pg_stat_statements.track_utility': 'off' } : {}),
  }
}

const quote = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

function serverSettings(
  socketDirectory: string,
  serverLog: string,
  configuration: ClusterConfiguration,
): Record<string, string> {
  const { maxConnections, sharedBuffersMegabytes, idleSessionSeconds, extensionDirectory } = configuration
  return {
    listen_addresses: '',
    port: '5432',
    // A list, in which a name that contains a comma must be quoted.
    unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    // PostgreSQL keeps the reserved connections free in addition to those already used by superusers; twice the number
    // leaves clients all of theirs.
    max_connections: String(maxConnections + 2 * RESERVED_CONNECTIONS),
    superuser_reserved_connections: String(RESERVED_CONNECTIONS),
    shared_buffers: `${String(sharedBuffersMegabytes)}MB`,
    // behaviour 73: PostgreSQL knows best which session is idle, and reports it itself (57P05).
    idle_session_timeout: `${String(idleSessionSeconds ?? 0)}s`,
    // A failing statement may contain a password or a secret; its text must stay out of the log (behaviour 74).
    log_min_error_statement: 'panic',
    log_destination: 'stderr',
    // Bounded: one file per weekday, overwritten each week.
    logging_collector: 'on',
    log_directory: serverLog,
    log_filename: 'postgresql-%a.log',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_truncate_on_rotation: 'on',
    ...(extensionDirectory === undefined ? {} : { extension_control_path: `${extensionDirectory}:$system` }),
    // PostgreSQL documentation 14.5, «Non-Durable Settings».
    ...(configuration.isDurable === false
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
      : {}),
    ...preload(configuration.preloadLibraries ?? []),
    ...replicate(configuration.replication),
  }
}
