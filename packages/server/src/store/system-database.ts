/**
 * The connection pool of the system database, and the one place where its failures become `Fault`s: whatever
 * needs it is then refused with a retryable error, and nothing is guessed (DESIGN §8).
 */
import { Kysely, PostgresDialect } from 'kysely'
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
    super({ dialect: new PostgresDialect({ pool }) })
    this.#pool = pool
  }

  /** A query that each connection prepares once; the name must belong to this text alone. */
  async queryByName<Row extends object>(query: {
    readonly name: string
    readonly text: string
    readonly values: readonly unknown[]
  }): Promise<readonly Row[]> {
    // A connection is good after a query that failed; the pool’s own `query` would close it then.
    const client = await this.#pool.connect()
    try {
      const { rows } = await client.query<Row>({ ...query, values: [...query.values] })
      return rows
    } finally {
      client.release()
    }
  }
}

/** Where the system database is: an external one by URL, or the embedded one by its Unix socket. */
export type SystemDatabaseAddress =
  | { readonly kind: 'url'; readonly url: Redacted<string> }
  | { readonly kind: 'socket'; readonly directory: string; readonly user: string; readonly database: string }

const POOL_SIZE = 10
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 10_000

export const clientConfigOf = (address: SystemDatabaseAddress): pg.ClientConfig => ({
  ...(address.kind === 'url'
    ? { connectionString: withStrictTls(address.url.reveal()) }
    : { host: address.directory, port: 5432, user: address.user, database: address.database }),
  application_name: 'lakegate',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
})

/**
 * The driver takes these words for verify-full, and prints a warning that libpq does not: its text would come before what
 * Lakegate says of the same connection.
 */
const withStrictTls = (url: string): string =>
  /[?&]uselibpqcompat=true(&|$)/.test(url)
    ? url
    : url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full')

/** @param onIdleError told when a connection in the pool dies; the pool replaces it by itself */
export function openSystemDatabase(
  address: SystemDatabaseAddress,
  onIdleError: (error: Error) => void,
  poolSize = POOL_SIZE,
): SystemDatabase {
  const pool = new pg.Pool({ ...clientConfigOf(address), max: poolSize })
  pool.on('error', onIdleError)
  // The pool listens to those that lie idle. A FATAL that comes to one that is taken, and not asked at that moment,
  // would end this process; whoever asks next learns of it from the query.
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
  })
  return new SystemDatabase(pool)
}

/** More questions than this in one query would keep each other waiting. */
const LARGEST_BATCH = 100
/** Of each kind of question, while the other connections are free for everything else. */
const MOST_BATCHES = 2

/**
 * For questions that every request asks: those of one moment become one query (operations/ask-together.ts), which
 * takes arrays and answers with the number of the question in each row.
 * @param ask must find each row by the index, however many questions there are: LATERAL with OFFSET 0
 */
export function askSystemDatabaseTogether<
  Question,
  Row extends { readonly question: number },
  Answer,
>(batch: {
  readonly keyOf: (question: Question) => string
  readonly ask: (questions: readonly Question[]) => Promise<readonly Row[]>
  /** @param rows those of one question */
  readonly answer: (rows: readonly Row[], question: Question) => Answer
  /** Those under way: 1 makes batches larger, and a question wait for at most one other. */
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

/** PostgreSQL error classes that say "not now": connection, insufficient resources, operator intervention, I/O. */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58', '25']

/**
 * Runs one piece of work on the system database.
 * @throws Fault system_database_unavailable, retryable, when it could not be asked; RefusedError deleted_meanwhile when a row
 *   that a new one belongs to is gone; everything else is passed on
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
  // Decided within a transaction; its words are anybody's, such as the name of a group «pool».
  if (!(error instanceof Error) || error instanceof RefusedError) return false
  if (error instanceof pg.DatabaseError) return UNAVAILABLE_CLASSES.includes(error.code?.slice(0, 2) ?? '')
  // node-postgres reports a lost or refused connection as a system error or by one of these sentences.
  return 'syscall' in error || /connection|timeout|pool|not queryable/i.test(error.message)
}

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

/** SQLSTATE 23503: what a new row belongs to was deleted meanwhile. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23503'
}
