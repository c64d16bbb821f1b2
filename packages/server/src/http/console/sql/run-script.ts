/**
 * Runs the statements of one text one after the other, as psql does: each separately, until one fails or the run is
 * cancelled.
 */
import type { SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import { answerPsqlCommand, commandOf, type PsqlCommand, type SplitOptions } from '@lakegate/sql-text'
import { textColumn } from './columns.ts'
import type { Conversation, ErrorFields } from './conversation.ts'
import type { KeptValues } from './kept-values.ts'
import { askOwn } from './own-query.ts'
import { ResultStream } from './result-stream.ts'
import { openScript, type Script, type ScriptStatement } from './script.ts'
import { toSqlError } from './sql-error.ts'
import type { StatementOutcome, StatementPlace, StatementRunner } from './statement-runner.ts'

export type RunRequest = SqlClientFrame & { readonly type: 'run' }

export interface ScriptPorts {
  readonly conversation: Conversation
  readonly runner: StatementRunner
  readonly values: KeptValues
  emit(frame: SqlServerFrame): void
  notice(fields: ErrorFields): void
  now(): number
  /** How literals are read at present. */
  splitOptions(): SplitOptions
  isCancelled(): boolean
  /**
   * Resolves when the browser has processed enough of what it has; needed because not every statement waits for
   * PostgreSQL.
   */
  whenRoom(): Promise<void>
  /** Resets the client encoding if the statement changed it. */
  keepEncoding(): Promise<void>
  onFull(): void
  /** The rows of this statement are on their way now. */
  streaming(place: StatementPlace, stream: ResultStream): void
}

/** A result that was not shown to its end. */
export interface KeptResult {
  readonly place: StatementPlace
  readonly statement: ScriptStatement
  readonly stream: ResultStream
}

/** @returns the result that is kept. @throws ConversationOver */
export async function runScript(ports: ScriptPorts, request: RunRequest): Promise<KeptResult | undefined> {
  ports.values.clear()
  const script = await openScript(
    request.sql,
    request.hash_passwords,
    ports.splitOptions(),
    ports.isCancelled,
  )
  if (script.unreadablePasswords > 0) ports.notice(NOT_HASHED)
  if (request.roll_back !== true) return runStatements(ports, request, script)
  return rollBack(ports, () => runStatements(ports, request, script, false))
}

async function runStatements(
  ports: ScriptPorts,
  { run, row_limit, continue_after_errors }: RunRequest,
  script: Script,
  mayKeep = true,
): Promise<KeptResult | undefined> {
  for (let number = 0; ; number += 1) {
    await ports.whenRoom()
    if (ports.isCancelled()) return undefined
    const statement = script.next(ports.splitOptions())
    if (statement === undefined) return undefined
    const place = { run, statement: number }
    const { start, end } = statement
    ports.emit({ type: 'statement', ...place, start, end })
    const stream = new ResultStream(run, number, row_limit, ports)
    const outcome =
      statement.command === undefined
        ? await runSql(ports, place, statement, stream, mayKeep && script.isLast(ports.splitOptions()))
        : await runCommand(ports, place, statement.command)
    if (outcome.kind === 'kept') return { place, statement, stream }
    await ports.keepEncoding()
    if (outcome.kind === 'failed' && !continue_after_errors) return undefined
  }
}

function runSql(
  ports: ScriptPorts,
  place: StatementPlace,
  statement: ScriptStatement,
  stream: ResultStream,
  mayKeep: boolean,
): Promise<StatementOutcome> {
  ports.streaming(place, stream)
  return ports.runner.run(place, statement, stream, mayKeep)
}

async function runCommand(
  ports: ScriptPorts,
  place: StatementPlace,
  { command, argument }: PsqlCommand,
): Promise<StatementOutcome> {
  const began = ports.now()
  const known = answerPsqlCommand(command, argument)
  const complete = (rows: number, rest: { tag?: string; remark?: string }): void => {
    const milliseconds = ports.now() - began
    ports.emit({ type: 'complete', ...place, rows, milliseconds, more: false, ...rest })
  }
  if (known === undefined) {
    complete(0, { remark: `\\${command} works only in psql.` })
    return { kind: 'failed' }
  }
  const { conversation } = ports
  const answer = await askOwn(conversation, known.query.text, known.query.parameters, false)
  if ('error' in answer) {
    // Without a position, which would refer to our own text.
    const error = toSqlError(answer.error)
    ports.emit({ type: 'failed', ...place, error, milliseconds: ports.now() - began })
    return { kind: 'failed' }
  }
  ports.emit({ type: 'columns', ...place, columns: known.columns.map((name) => textColumn(name)) })
  if (answer.rows.length > 0) ports.emit({ type: 'rows', ...place, rows: answer.rows.map((row) => [...row]) })
  const nothing = argument === '' ? undefined : `Nothing matches ${argument}.`
  complete(answer.rows.length, {
    tag: `SELECT ${String(answer.rows.length)}`,
    ...(answer.rows.length > 0 || nothing === undefined ? {} : { remark: nothing }),
  })
  return { kind: 'done' }
}

/** EXPLAIN (ANALYZE) executes its statement, so the effects are rolled back. */
async function rollBack<Result>(
  { conversation, notice }: ScriptPorts,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const begun = await askOwn(conversation, 'BEGIN', [], false)
  if ('error' in begun) notice(begun.error)
  // Without a transaction nothing could be rolled back, so nothing is run.
  const { transaction } = conversation
  if (transaction !== 'open') return undefined
  try {
    return await work()
  } finally {
    if (!conversation.isOver && conversation.transaction !== 'none') {
      const ended = await askOwn(conversation, 'ROLLBACK', [], false)
      if ('error' in ended) notice(ended.error)
    }
  }
}

/**
 * Only a single EXPLAIN may be wrapped like this: anything else might end the transaction itself, and would not be
 * rolled back.
 */
export async function mayBeRolledBack({ sql }: RunRequest, options: SplitOptions): Promise<boolean> {
  const script = await openScript(sql, false, options, () => false)
  const statement = script.next(options)
  return (
    statement !== undefined &&
    statement.command === undefined &&
    commandOf(statement.text) === 'EXPLAIN' &&
    script.isLast(options)
  )
}

const NOT_HASHED: ErrorFields = new Map([
  ['V', 'WARNING'],
  ['C', '01000'],
  ['M', 'a password was sent as written: the console cannot hash one that is put together where it is used'],
])
