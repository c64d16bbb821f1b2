/**
 * Runs one text of SQL in a session of its own, which ends afterwards: for pages that change something with SQL (a
 * role's password).
 */
import type { SqlError } from '@lakegate/client'
import { messages } from '../messages/index.ts'
import { createSqlSession, type SqlSessionOptions } from './sql-session.ts'
import type { SqlRefusal, SqlResult, SqlState } from './sql-state.ts'

/** The login was refused, a statement failed, or the server could not be reached. The message is meant for people. */
export class SqlOnceError extends Error {
  readonly refusal: SqlRefusal | undefined
  readonly error: SqlError | undefined

  constructor(
    message: string,
    more: { readonly refusal?: SqlRefusal | undefined; readonly error?: SqlError | undefined },
  ) {
    super(message)
    this.name = 'SqlOnceError'
    this.refusal = more.refusal
    this.error = more.error
  }
}

/** Enough for the queries of a page; larger results are for the editor. */
const ROW_LIMIT = 1_000

/**
 * Runs `sql` as the person itself. Passwords of roles are hashed in the browser before they are sent.
 * @throws SqlOnceError
 */
export async function runOnce(
  instance: string,
  database: string,
  sql: string,
  options: SqlSessionOptions & { readonly role?: string } = {},
): Promise<readonly SqlResult[]> {
  const session = createSqlSession({ instance, database, role: options.role }, options)
  try {
    const sent = session.run({ sql, rowLimit: ROW_LIMIT })
    const over = new Promise<SqlState>((resolve) => {
      session.subscribe(() => {
        if (!session.getState().isRunning) resolve(session.getState())
      })
    })
    await sent
    return readOutcome(await over)
  } finally {
    session.end()
  }
}

function readOutcome({ connection, run }: SqlState): readonly SqlResult[] {
  if (connection.kind === 'refused')
    throw new SqlOnceError(connection.refusal.message, { refusal: connection.refusal })
  const failed = run?.results.find(({ status }) => status === 'failed')
  if (failed?.error !== undefined) throw new SqlOnceError(failed.error.message, { error: failed.error })
  if (connection.kind !== 'open' || run === undefined)
    throw new SqlOnceError(
      connection.kind === 'ended' && connection.error !== undefined
        ? connection.error.message
        : messages.sql.endedBeforeAnswer,
      {},
    )
  return run.results
}
