/**
 * Runs one statement in the extended query protocol: Parse, Bind, Describe; then Execute for a limited number of rows
 * at a time; then Sync. Outside a transaction block an earlier Sync would end the portal, so none is sent until the
 * portal is finished.
 */
import type { SqlServerFrame } from '@lakegate/client'
import { encodeSync } from '../../../protocol/frontend-statements.ts'
import { ERROR_FIELD } from '../../../protocol/message-types.ts'
import { createTypeNames, readRowDescription } from './columns.ts'
import {
  encodeClosePortal,
  encodeCopyFail,
  encodeExecute,
  encodeFlush,
  encodePrepare,
  PORTAL,
  type Conversation,
  type ErrorFields,
} from './conversation.ts'
import { askOwn } from './own-query.ts'
import type { ResultStream } from './result-stream.ts'
import type { SentStatement } from './sql-error.ts'
import { toSqlError } from './sql-error.ts'
import { copyRemark } from './copy-remark.ts'

export interface StatementPlace {
  readonly run: number
  readonly statement: number
}

export type StatementOutcome =
  | { readonly kind: 'done' }
  /**
   * The person's statement, its commit, or the console itself failed: the next statements must not run automatically.
   */
  | { readonly kind: 'failed' }
  /** The portal is kept, with rows that were not shown. */
  | { readonly kind: 'kept' }

export interface RunnerPorts {
  readonly conversation: Conversation
  emit(frame: SqlServerFrame): void
  now(): number
  /** How long a portal may be kept. */
  keptUntil(): Date
  isCancelled(): boolean
}

export interface StatementRunner {
  /** @param mayKeep whether the portal may be kept when there are more rows than wanted */
  run(
    place: StatementPlace,
    statement: SentStatement,
    stream: ResultStream,
    mayKeep: boolean,
  ): Promise<StatementOutcome>
  /** Continues with a kept portal. */
  goOn(place: StatementPlace, statement: SentStatement, stream: ResultStream): Promise<StatementOutcome>
  /** Closes a kept portal. @returns the error of the commit that this causes, if it was refused */
  letGo(): Promise<ErrorFields | undefined>
}

/** Whether the transaction has written anything, which is committed only at the end of the statement. */
const HAS_WRITTEN = `SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL`

const CANCELLED: ErrorFields = new Map([
  [ERROR_FIELD.severity, 'ERROR'],
  [ERROR_FIELD.sqlstate, '57014'],
  [ERROR_FIELD.message, 'canceling statement due to user request'],
])
const COPY_FAILED = 'the console has no files'

export const createStatementRunner = (ports: RunnerPorts): StatementRunner => new RunningStatements(ports)

class RunningStatements implements StatementRunner {
  readonly #ports: RunnerPorts
  readonly #types: ReturnType<typeof createTypeNames>

  constructor(ports: RunnerPorts) {
    this.#ports = ports
    this.#types = createTypeNames(this.#ports.conversation)
  }

  async run(
    place: StatementPlace,
    statement: SentStatement,
    stream: ResultStream,
    mayKeep: boolean,
  ): Promise<StatementOutcome> {
    const began = this.#ports.now()
    this.#ports.conversation.send(encodePrepare(statement.text, PORTAL.person), encodeFlush())
    const described = await this.#ports.conversation.next()
    if (described.kind === 'error') return this.#fail(place, statement, described.fields, began)
    if (described.kind === 'columns') {
      const columns = readRowDescription(described.body)
      if (columns === undefined) return this.#fail(place, statement, OUT_OF_TURN, began)
      this.#ports.emit({ type: 'columns', ...place, columns: await this.#types.describe(columns) })
    }
    return this.#execute(place, statement, stream, mayKeep, began)
  }

  goOn(place: StatementPlace, statement: SentStatement, stream: ResultStream): Promise<StatementOutcome> {
    return this.#execute(place, statement, stream, true, this.#ports.now())
  }

  async letGo(): Promise<ErrorFields | undefined> {
    this.#ports.conversation.directRows(undefined)
    this.#ports.conversation.send(encodeClosePortal(PORTAL.person))
    return this.#ports.conversation.sync()
  }

  async #fail(
    place: StatementPlace,
    statement: SentStatement,
    fields: ErrorFields,
    began: number,
  ): Promise<StatementOutcome> {
    await this.#ports.conversation.sync()
    return this.#tellFailure(place, statement, fields, began)
  }

  #tellFailure(
    place: StatementPlace,
    statement: SentStatement,
    fields: ErrorFields,
    began: number,
  ): StatementOutcome {
    const error = toSqlError(fields, statement)
    this.#ports.emit({ type: 'failed', ...place, error, milliseconds: this.#ports.now() - began })
    return { kind: 'failed' }
  }

  async #execute(
    place: StatementPlace,
    statement: SentStatement,
    stream: ResultStream,
    mayKeep: boolean,
    began: number,
  ): Promise<StatementOutcome> {
    for (;;) {
      this.#ports.conversation.directRows(stream)
      this.#ports.conversation.send(encodeExecute(PORTAL.person, Math.max(1, stream.wanted)))
      const answer = await this.#ports.conversation.next()
      stream.flush()
      switch (answer.kind) {
        case 'error':
          return this.#fail(place, statement, answer.fields, began)
        case 'copy_in':
          return this.#refuseCopy(place, statement, began)
        case 'complete':
        case 'empty': {
          this.#ports.conversation.directRows(undefined)
          const tag = answer.kind === 'complete' ? wholeTag(answer.tag, stream.rows) : ''
          // Outside a transaction block this commits, and the commit may be refused (deferred constraints).
          const error = await this.#ports.conversation.sync()
          if (error !== undefined) return this.#tellFailure(place, statement, error, began)
          return this.#complete(place, stream, began, { tag, ...copyRemark(tag, statement.text) })
        }
        case 'suspended': {
          if (stream.wanted === 0) return this.#atLimit(place, statement, stream, mayKeep, began)
          await stream.whenRoom()
          if (!this.#ports.isCancelled()) break
          // Between two Executes there is nothing that PostgreSQL could cancel.
          const error = await this.letGo()
          return this.#tellFailure(place, statement, error ?? CANCELLED, began)
        }
        case 'columns':
        case 'no_columns':
        case 'ready':
          return this.#fail(place, statement, OUT_OF_TURN, began)
      }
    }
  }

  async #atLimit(
    place: StatementPlace,
    statement: SentStatement,
    stream: ResultStream,
    mayKeep: boolean,
    began: number,
  ): Promise<StatementOutcome> {
    this.#ports.conversation.directRows(undefined)
    // A cancel request while PostgreSQL is asked has dropped the rest of the rows.
    if (mayKeep && !(await this.#waitsForCommit()) && !this.#ports.isCancelled()) {
      this.#complete(place, stream, began, { more: true, kept_until: this.#ports.keptUntil().toISOString() })
      return { kind: 'kept' }
    }
    const error = await this.letGo()
    if (error !== undefined) return this.#tellFailure(place, statement, error, began)
    return this.#complete(place, stream, began, { more: true })
  }

  /**
   * Whatever a statement has written outside a transaction block is committed at once, and not only when its portal is
   * closed.
   */
  async #waitsForCommit(): Promise<boolean> {
    if (this.#ports.conversation.transaction === 'open') return false
    const answer = await askOwn(this.#ports.conversation, HAS_WRITTEN, [], true)
    return !('rows' in answer) || answer.rows[0]?.[0] !== 'f'
  }

  async #refuseCopy(
    place: StatementPlace,
    statement: SentStatement,
    began: number,
  ): Promise<StatementOutcome> {
    this.#ports.conversation.send(encodeCopyFail(COPY_FAILED), encodeSync())
    for (;;) if ((await this.#ports.conversation.next()).kind === 'ready') break
    const milliseconds = this.#ports.now() - began
    this.#ports.emit({
      type: 'complete',
      ...place,
      rows: 0,
      milliseconds,
      more: false,
      ...copyRemark('COPY', statement.text),
    })
    return { kind: 'failed' }
  }

  #complete(
    place: StatementPlace,
    stream: ResultStream,
    began: number,
    rest: { tag?: string; more?: true; kept_until?: string; remark?: string },
  ): StatementOutcome {
    this.#ports.emit({
      type: 'complete',
      ...place,
      rows: stream.rows,
      milliseconds: this.#ports.now() - began,
      more: false,
      ...rest,
    })
    return { kind: 'done' }
  }
}

/**
 * For a SELECT, PostgreSQL's tag counts only the rows of the last Execute (`PortalRun`); CREATE TABLE AS shows no rows.
 */
const wholeTag = (tag: string, rows: number): string =>
  rows > 0 && /^SELECT \d+$/.test(tag) ? `SELECT ${String(rows)}` : tag

const OUT_OF_TURN: ErrorFields = new Map([
  ['V', 'ERROR'],
  ['C', '08P01'],
  ['M', 'PostgreSQL sent an unexpected answer'],
])
