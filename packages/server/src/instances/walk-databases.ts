/**
 * The one way to do something in several databases of a cluster. They belong to strangers: a database may be locked,
 * half dropped, full, or gone between two statements. None of them keeps the others from their turn, each has a bounded
 * time, and what could not be done is told with the name of the database.
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
  /** Of each statement; a lock is waited for half as long. */
  readonly timeoutMs: number
  /** Of the whole: a database whose turn does not come before is told as one that failed. */
  readonly budgetMs?: number
  /** Only where something belongs or was granted to one of these roles, and the administrative database. */
  readonly holding?: readonly RoleOid[]
  /** By object id: those come last, so that whatever cost the time of an earlier walk does not cost it again. */
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
 * Without those that nobody may connect to (their owner said so), and without those whose DROP DATABASE was interrupted:
 * their connection limit is -2, and they can only be dropped (pg_database.h, DATCONNLIMIT_INVALID_DB).
 */
const CONNECTABLE = 'datallowconn AND datconnlimit <> -2'

const LIST = `
  SELECT oid::text AS oid, datname::text AS name FROM pg_catalog.pg_database
   WHERE ${CONNECTABLE}
     AND ($1::pg_catalog.oid[] IS NULL OR datname = pg_catalog.current_database()
          OR oid IN (SELECT dbid FROM pg_catalog.pg_shdepend
                      WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = ANY ($1)))
   ORDER BY datname`

/** A database that is being renamed, moved or dropped: who connects to it waits, and no timeout of a session ends that. */
const IS_LOCKED = `
  SELECT FROM pg_catalog.pg_locks
   WHERE locktype = 'object' AND classid = 'pg_catalog.pg_database'::pg_catalog.regclass
     AND objid = $1 AND mode = 'AccessExclusiveLock' AND granted`

/** @returns where `work` could not be done */
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
    // Another one may have got the name meanwhile; its turn comes by its own object id, if it was there.
    const found = await client.query(
      'SELECT FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database() AND oid = $1',
      [oid],
    )
    if (found.rowCount === 0) throw changedMeanwhile(name)
    await work(client)
  })
}

/** What was dropped meanwhile, or closed by its owner, needs nothing any more. */
async function isStillThere(home: pg.Client, { oid }: DatabaseRow): Promise<boolean> {
  const { rowCount } = await home.query(
    `SELECT FROM pg_catalog.pg_database WHERE oid = $1 AND ${CONNECTABLE}`,
    [oid],
  )
  return rowCount !== 0
}

function failureOf({ oid, name }: DatabaseRow, error: unknown): DatabaseFailure {
  const cause = error instanceof Fault && error.code === 'instance_unreachable' ? error.cause : error
  // It is there, but not under the name that we read: PostgreSQL does not check names of databases with another encoding.
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
    'Repeat what you did.',
  )

const notReached = ({ name }: DatabaseRow): Fault =>
  faultOf(
    'database_not_reached',
    `The time was over before the turn of the database ${JSON.stringify(name)} came.`,
    'See which other databases are slow or locked.',
  )

const unreadableName = (name: string): Fault =>
  faultOf(
    'database_name_unreadable',
    `The name of the database ${JSON.stringify(name)} is not text in UTF-8.`,
    'Rename it, from a database with its encoding: ALTER DATABASE … RENAME TO ….',
  )
