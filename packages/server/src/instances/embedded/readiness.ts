/** Waits for a cluster to accept connections, and reads its system identifier. */
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { explainFailure } from './failure.ts'
import { findPostmaster, startPostmaster } from './postmaster.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { readEnd } from './own-files.ts'
import type { ClusterPlaces } from './places.ts'

const POLL_MS = 40
/** Crash recovery of a large cluster takes time; a process that is alive is waited for this long. */
const READY_LIMIT_MS = 120_000
/** The new postmaster writes its pid file a moment after it is spawned. */
const PID_FILE_LIMIT_MS = 5_000
/** Backends of a killed postmaster hold the shared memory until they notice its death; then a start succeeds. */
const ORPHANS_LIMIT_MS = 15_000
const ORPHANS = /pre-existing shared memory block|is still in use/i

export interface ClusterAnswer {
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
}

/** @throws Fault cluster_start_failed, or a Fault with what the log of the postmaster says */
export async function waitUntilReady(request: {
  readonly places: ClusterPlaces
  readonly socketDirectory: string
  readonly superuser: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
}): Promise<ClusterAnswer> {
  const begin = performance.now()
  let startedAt = begin
  for (;;) {
    const answer = await askCluster(request.socketDirectory, request.superuser)
    if (answer !== undefined) return answer
    const now = performance.now()
    const isGone = now - startedAt > PID_FILE_LIMIT_MS || (await hasFailed(request))
    if (isGone && (await findPostmaster(request.places.data)) === undefined) {
      const printed = await readLogs(request)
      if (!ORPHANS.test(printed) || now - begin > ORPHANS_LIMIT_MS) {
        throw explainFailure('cluster_start_failed', 'The cluster does not start', printed)
      }
      await pause(POLL_MS * 10)
      await startPostmaster(request)
      startedAt = performance.now()
    }
    if (now - begin > READY_LIMIT_MS) {
      throw explainFailure(
        'cluster_start_failed',
        'The cluster does not accept connections',
        await readLogs(request),
      )
    }
    await pause(POLL_MS)
  }
}

/** @returns undefined while it does not accept connections */
export async function askCluster(
  socketDirectory: string,
  superuser: string,
): Promise<ClusterAnswer | undefined> {
  const client = new pg.Client({
    host: socketDirectory,
    port: 5432,
    user: superuser,
    database: 'postgres',
    application_name: 'lakegate supervisor',
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  })
  // An error on an idle connection; the query in progress reports it as well.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ identifier: string; version: number }>(
      `SELECT system_identifier::text AS identifier, current_setting('server_version_num')::int AS version
         FROM pg_catalog.pg_control_system()`,
    )
    const row = rows[0]
    if (row === undefined) return undefined
    return { systemIdentifier: row.identifier, pgMajorVersion: Math.floor(row.version / 10_000) }
  } catch {
    // Refused, starting up or in recovery: it does not accept connections yet.
    return undefined
  } finally {
    await client.end().catch(() => undefined)
  }
}

interface Logs {
  readonly places: ClusterPlaces
  readonly account: OperatingSystemAccount
}

/** A postmaster that gives up logs FATAL, PANIC or "error while loading"; one that is starting up logs none of them. */
async function hasFailed({ places }: Logs): Promise<boolean> {
  return /FATAL:|PANIC:|error while loading/.test(await readOwnLog(places))
}

/**
 * A postmaster writes to its standard error until its logging collector runs, and afterwards to its own log. Users of
 * the instance see what is read here, so only regular files of that account are read, whatever their name.
 */
async function readLogs({ places, account }: Logs): Promise<string> {
  const { serverLog } = places
  const names = await readdir(serverLog).catch(() => [])
  const collected = await Promise.all(
    names.map(async (name) => ({ name, changed: (await lstat(path.join(serverLog, name))).mtimeMs })),
  )
  const [newest] = collected.toSorted((a, b) => b.changed - a.changed)
  const tail =
    newest === undefined ? '' : await readEnd(path.join(serverLog, newest.name), TAIL_BYTES, [account.uid])
  return `${await readOwnLog(places)}\n${tail ?? ''}`.trim()
}

const TAIL_BYTES = 8192

const readOwnLog = async ({ log }: ClusterPlaces): Promise<string> =>
  (await readEnd(log, TAIL_BYTES, [process.getuid?.() ?? -1])) ?? ''
