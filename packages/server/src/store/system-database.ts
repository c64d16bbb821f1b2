/**
 * The connection pool of the system database, and the one place where its failures become `Fault`s: an operation that
 * needs it is then refused with a retryable error, and nothing is guessed (DESIGN §8).
 */
import { Kysely, PostgresDialect, sql, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { Fault } from '../domain/fault.ts'
import type { Redacted } from '../domain/redacted.ts'
import { askTogether } from '../operations/ask-together.ts'
import { refused, RefusedError } from '../operations/refused-error.ts'
import { isDataException } from '../protocol/sqlstate.ts'
import type { SystemSchema } from './schema.ts'

export class SystemDatabase extends Kysely<SystemSchema> {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    super({ dialect: new PostgresDialect({ pool: forKysely(pool) }) })
    this.#pool = pool
  }

  /** A query that each connection prepares once; the name must be unique to this text. */
  async queryByName<Row extends object>(query: {
    readonly name: string
    readonly text: string
    readonly values: readonly unknown[]
  }): Promise<readonly Row[]> {
    // A failed query leaves the connection usable, but the pool’s own `query` would close it.
    const { ask, release } = await lend(this.#pool)
    try {
      const { rows } = await ask((client) => client.query<Row>({ ...query, values: [...query.values] }))
      return rows
    } finally {
      release()
    }
  }
}

/** node-postgres gives the error of `query_timeout` no code. */
const isReadTimeout = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout'

/**
 * Takes a connection of the pool. One that did not answer in time is closed instead of put back: the driver sends nothing
 * more on it until that answer comes.
 */
async function lend(pool: pg.Pool) {
  const client = await pool.connect()
  let isUnanswered = false
  return {
    async ask<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
      try {
        return await work(client)
      } catch (error) {
        isUnanswered ||= isReadTimeout(error)
        throw error
      }
    },
    release: () => {
      client.release(isUnanswered)
    },
  }
}

/** The pool as kysely takes connections from it. */
const forKysely = (pool: pg.Pool): PostgresPool => ({
  end: () => pool.end(),
  async connect() {
    const { ask, release } = await lend(pool)
    const query = (sql: string, parameters: readonly unknown[]) =>
      ask((client) => client.query(sql, [...parameters]))
    // The other signature is that of cursors, which nothing here uses.
    return { query: query as unknown as PostgresPoolClient['query'], release }
  },
})

/** Where the system database is: an external one by URL, or the embedded one by its Unix socket. */
export type SystemDatabaseAddress =
  | { readonly kind: 'url'; readonly url: Redacted<string> }
  | { readonly kind: 'socket'; readonly directory: string; readonly user: string; readonly database: string }

const POOL_SIZE = 10
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 10_000
/** PostgreSQL ends a statement before; a server that is gone without a word ends nothing. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 1_000

export const clientConfigOf = (address: SystemDatabaseAddress): pg.ClientConfig => ({
  ...(address.kind === 'url'
    ? { connectionString: withStrictTls(address.url.reveal()) }
    : { host: address.directory, port: 5432, user: address.user, database: address.database }),
  application_name: 'lakegate',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
})

/**
 * The driver treats these values as verify-full, and prints a warning that libpq does not. Replacing the value avoids
 * the warning, which would come before Lakegate's own message about the connection.
 */
const withStrictTls = (url: string): string =>
  /[?&]uselibpqcompat=true(&|$)/.test(url)
    ? url
    : url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full')

/** @param onIdleError called when an idle connection of the pool dies; the pool replaces it by itself */
export function openSystemDatabase(
  address: SystemDatabaseAddress,
  onIdleError: (error: Error) => void,
  poolSize = POOL_SIZE,
): SystemDatabase {
  const pool = new pg.Pool({
    ...clientConfigOf(address),
    query_timeout: ANSWER_TIMEOUT_MS,
    max: poolSize,
  })
  pool.on('error', onIdleError)
  // The pool handles errors of idle connections only. Without this listener, a FATAL error on a connection that is in
  // use but has no query in progress would end this process; the next query on it reports the error.
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
  })
  return new SystemDatabase(pool)
}

/** With more questions in one query they would delay each other. */
const LARGEST_BATCH = 100
/** For each kind of question; the other connections stay free for everything else. */
const MOST_BATCHES = 2

/**
 * For questions that every request asks: concurrent ones become one query (operations/ask-together.ts), which takes
 * arrays and returns the number of the question in each row.
 * @param ask must find each row by the index, however many questions there are: use LATERAL with OFFSET 0
 */
export function askSystemDatabaseTogether<
  Question,
  Row extends { readonly question: number },
  Answer,
>(batch: {
  readonly keyOf: (question: Question) => string
  readonly ask: (questions: readonly Question[]) => Promise<readonly Row[]>
  /** @param rows the rows of that one question */
  readonly answer: (rows: readonly Row[], question: Question) => Answer
  /**
   * How many queries may be in progress: with 1, batches are larger, and a question waits for at most one other query.
   */
  readonly mostUnderWay?: number
}): (question: Question) => Promise<Answer> {
  return askTogether(
    async (questions) => {
      const rows = await askSystemDatabase(() => batch.ask(questions))
      const rowsOf = questions.map((): Row[] => [])
      for (const row of rows) rowsOf[row.question - 1]?.push(row)
      return questions.map((question, index) => batch.answer(rowsOf[index] ?? [], question))
    },
    {
      keyOf: batch.keyOf,
      largestBatch: LARGEST_BATCH,
      mostUnderWay: batch.mostUnderWay ?? MOST_BATCHES,
      isAboutOne: isDataException,
    },
  )
}

/**
 * PostgreSQL error classes that are temporary, in this order: connection, insufficient resources, operator
 * intervention, I/O, and transaction state, such as a server that is read-only at present (25006).
 */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58', '25']

/**
 * Runs one piece of work on the system database.
 * @throws Fault system_database_unavailable, retryable, when it could not be reached; RefusedError deleted_meanwhile
 * when a row that a new row references was deleted; other errors are passed on
 */
export async function askSystemDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (isForeignKeyViolation(cause)) throw refused('deleted_meanwhile')
    if (!isUnavailable(cause)) throw cause
    throw new Fault({
      code: 'system_database_unavailable',
      origin: 'store',
      message: 'The system database does not answer.',
      nextStep: 'Retry in a few seconds; the operator finds the cause in the log.',
      retryable: true,
      cause,
    })
  }
}

function isUnavailable(error: unknown): boolean {
  // Thrown on purpose within a transaction; its text may contain anything, such as the name of a group «pool».
  if (!(error instanceof Error) || error instanceof RefusedError) return false
  if (error instanceof pg.DatabaseError) return UNAVAILABLE_CLASSES.includes(error.code?.slice(0, 2) ?? '')
  // node-postgres reports a lost or refused connection as a system error, or with one of these messages.
  return 'syscall' in error || /connection|timeout|pool|not queryable/i.test(error.message)
}

/** For people: `18.4`. */
export const askServerVersion = (database: SystemDatabase): Promise<string> =>
  askSystemDatabase(async () => {
    const { rows } = await sql<{ readonly version: string }>`
      SELECT pg_catalog.current_setting('server_version') AS version`.execute(database)
    return rows[0]?.version ?? ''
  })

/** SQLSTATE 23505. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505'
}

/** The index or constraint that a row would break (SQLSTATE 23505). */
export function violatedIndexOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code === '23505' ? error.constraint : undefined
}

/** SQLSTATE 42P01. */
export function isUndefinedTable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '42P01'
}

/** SQLSTATE 23503: a row that a new row references was deleted meanwhile. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23503'
}
