/**
 * Runs work in several databases of a cluster; all such work goes through here. The databases belong to users: one may
 * be locked, half dropped, full, or gone between two statements. None of them prevents the others from being processed,
 * each has a time limit, and failures are reported with the name of the database.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import type { RoleOid } from '../domain/ids.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'
import { isNoDatabase } from './postgresql-errors.ts'

export interface Walk {
  readonly access: AdministrativeAccess
  readonly instance: DatabaseInstance
  /** Time limit for each statement; waiting for a lock is limited to half of it. */
  readonly timeoutMs: number
  /** Time limit for all databases together; one that is not reached in time is reported as failed. */
  readonly budgetMs?: number
  /**
   * Limits the work to databases where one of these roles owns or was granted something, and the administrative
   * database.
   */
  readonly holding?: readonly RoleOid[]
  /**
   * Databases, by object id, to process last, so that those that used up the time in an earlier walk do not do so
   * again.
   */
  readonly last?: ReadonlySet<string>
}

export interface DatabaseFailure {
  readonly oid: string
  readonly database: string
  readonly error: unknown
}

interface DatabaseRow {
  readonly oid: string
  readonly name: string
}

const DEFAULT_BUDGET_MS = 60_000

/**
 * Excludes databases that do not accept connections because their owner said so, and those whose DROP DATABASE was
 * interrupted: their connection limit is -2, and they can only be dropped (pg_database.h, DATCONNLIMIT_INVALID_DB).
 */
const CONNECTABLE = 'datallowconn AND datconnlimit <> -2'

const LIST = `
  SELECT oid::text AS oid, datname::text AS name FROM pg_catalog.pg_database
   WHERE ${CONNECTABLE}
     AND ($1::pg_catalog.oid[] IS NULL OR datname = pg_catalog.current_database()
          OR oid IN (SELECT dbid FROM pg_catalog.pg_shdepend
                      WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = ANY ($1)))
   ORDER BY datname`

/**
 * Finds a database that is being renamed, moved or dropped: connecting to it would block, and no timeout of a session
 * ends that.
 */
const IS_LOCKED = `
  SELECT FROM pg_catalog.pg_locks
   WHERE locktype = 'object' AND classid = 'pg_catalog.pg_database'::pg_catalog.regclass
     AND objid = $1 AND mode = 'AccessExclusiveLock' AND granted`

/** @returns the databases in which `work` failed */
export async function inEveryDatabase(
  walk: Walk,
  work: (client: pg.Client) => Promise<void>,
): Promise<readonly DatabaseFailure[]> {
  const { access, instance, timeoutMs, last = new Set() } = walk
  const endAt = performance.now() + (walk.budgetMs ?? DEFAULT_BUDGET_MS)
  return access.inSession(instance, administrativeDatabase(instance), timeoutMs, async (home) => {
    const { rows } = await home.query<DatabaseRow>(LIST, [walk.holding ?? null])
    const failures: DatabaseFailure[] = []
    for (const row of rows.toSorted((a, b) => Number(last.has(a.oid)) - Number(last.has(b.oid)))) {
      try {
        if (performance.now() > endAt) throw notReached(row)
        await inOneDatabase(walk, home, row, work)
      } catch (error) {
        if (await isStillThere(home, row)) failures.push(failureOf(row, error))
      }
    }
    return failures
  })
}

async function inOneDatabase(
  { access, instance, timeoutMs }: Walk,
  home: pg.Client,
  { oid, name }: DatabaseRow,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const { rowCount } = await home.query(IS_LOCKED, [oid])
  if (rowCount !== 0) throw locked(name)
  await access.inSession(instance, name, timeoutMs, async (client) => {
    // Another database may have been given this name meanwhile; if it existed at the start, it is processed under its
    // own object id.
    const found = await client.query(
      'SELECT FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database() AND oid = $1',
      [oid],
    )
    if (found.rowCount === 0) throw changedMeanwhile(name)
    await work(client)
  })
}

/** A database that was dropped meanwhile, or that its owner closed, needs nothing any more. */
async function isStillThere(home: pg.Client, { oid }: DatabaseRow): Promise<boolean> {
  const { rowCount } = await home.query(
    `SELECT FROM pg_catalog.pg_database WHERE oid = $1 AND ${CONNECTABLE}`,
    [oid],
  )
  return rowCount !== 0
}

function failureOf({ oid, name }: DatabaseRow, error: unknown): DatabaseFailure {
  const cause = error instanceof Fault && error.code === 'instance_unreachable' ? error.cause : error
  // It exists, but not under the name that we read: PostgreSQL does not check the names of databases in another
  // encoding.
  return { oid, database: name, error: isNoDatabase(cause) ? unreadableName(name) : cause }
}

const faultOf = (code: string, message: string, nextStep: string): Fault =>
  new Fault({ code, origin: 'instance', message, nextStep, retryable: true })

const locked = (name: string): Fault =>
  faultOf(
    'database_locked',
    `The database ${JSON.stringify(name)} is locked by an open transaction that changes it.`,
    'End that transaction: SELECT pid FROM pg_locks WHERE locktype = $$object$$ AND mode = $$AccessExclusiveLock$$.',
  )

const changedMeanwhile = (name: string): Fault =>
  faultOf(
    'database_changed_meanwhile',
    `The database ${JSON.stringify(name)} was renamed or dropped meanwhile.`,
    'Repeat the request.',
  )

const notReached = ({ name }: DatabaseRow): Fault =>
  faultOf(
    'database_not_reached',
    `The time limit was reached before the database ${JSON.stringify(name)} could be processed.`,
    'Check which other databases are slow or locked.',
  )

const unreadableName = (name: string): Fault =>
  faultOf(
    'database_name_unreadable',
    `The name of the database ${JSON.stringify(name)} is not text in UTF-8.`,
    'Rename it, from a database with its encoding: ALTER DATABASE … RENAME TO ….',
  )
