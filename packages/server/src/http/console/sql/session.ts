/**
 * One session of the SQL editor: carries out the requests of its browser, in order, over one connection to PostgreSQL.
 * It outlives its WebSocket by a minute, so that a broken connection costs neither the transaction nor the running
 * query.
 */
import type { SqlClientFrame, SqlError, SqlServerFrame } from '@lakegate/client'
import type { SplitOptions } from '@lakegate/sql-text'
import { ERROR_FIELD } from '../../../protocol/message-types.ts'
import type { BackendConnection } from './backend-connection.ts'
import { queryOf } from './catalog-questions.ts'
import { Conversation, ConversationOver, type ErrorFields } from './conversation.ts'
import { createIdleWatch, type IdlePorts, type IdleWatch } from './idle-watch.ts'
import { keepEncoding } from './keep-encoding.ts'
import { createKeptValues, type KeptShare, type KeptValues } from './kept-values.ts'
import { askOpening, type OpenedFacts } from './opening-query.ts'
import { Outbox, type OutboxSocket } from './outbox.ts'
import { askOwn } from './own-query.ts'
import type { ResultStream } from './result-stream.ts'
import { mayBeRolledBack, runScript, type KeptResult, type RunRequest } from './run-script.ts'
import { toSqlError } from './sql-error.ts'
import { createStatementRunner, type StatementPlace, type StatementRunner } from './statement-runner.ts'
import { createUnaskedMessages, type UnaskedMessages } from './unasked.ts'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

/** How long an unfinished result is kept, and a session whose WebSocket was lost. */
const KEPT_MS = 60_000
/** For the schema browser, which sends its questions one by one. */
const MOST_QUESTIONS_WAITING = 64
/** For the cell panel, which requests one piece after the other. */
const MOST_PIECES_WAITING = 16

export type EndReason = Extract<SqlServerFrame, { type: 'ended' }>['reason']

export type SessionFrame = Exclude<SqlClientFrame, { type: 'open' | 'resume' }>

export interface SessionPorts {
  readonly clock: () => Date
  /** @returns a function that cancels it */
  readonly schedule: IdlePorts['schedule']
  readonly keptShare: KeptShare
  /** Called once, with the last frame. */
  onEnded(last: SqlServerFrame): void
  /** Called for an internal error. */
  onFailure(error: unknown): void
}

/** What the browser is told about the session when it opens or resumes it. */
export type Hello = Omit<Extract<SqlServerFrame, { type: 'opened' }>, 'transaction' | 'resumed'>

export interface SqlSession {
  /**
   * Applies the settings with which every session begins.
   * @returns PostgreSQL's error when it refuses them. @throws ConversationOver
   */
  open(timeZone: string | undefined): Promise<OpenedFacts | ErrorFields>
  /** From now on this WebSocket receives the frames; an earlier one of the same browser no longer does. */
  attach(socket: OutboxSocket, hello: Hello, received: number | undefined, isResumed: boolean): void
  /** The connection is broken. */
  detach(socket: OutboxSocket): void
  /** A ping was answered: the browser has everything that was sent before it. */
  answered(word: string): void
  /** Sends a ping. */
  ping(): void
  /** @returns false for a frame that is not allowed at this moment */
  receive(frame: SessionFrame): boolean
  end(reason: EndReason): void
}

export const createSqlSession = (connection: BackendConnection, ports: SessionPorts): SqlSession =>
  new RunningSqlSession(connection, ports)

class RunningSqlSession implements SqlSession {
  readonly #connection: BackendConnection
  readonly #ports: SessionPorts
  readonly #values: KeptValues
  readonly #parameters = new Map<string, string>()
  readonly #outbox: Outbox
  readonly #unasked: UnaskedMessages
  #isEnded = false
  #isCancelled = false
  #cancelling: Promise<void> | undefined
  #current: { readonly place: StatementPlace; readonly stream: ResultStream } | undefined
  #kept: (KeptResult & { readonly takeBack: () => void }) | undefined
  #lastRun = -1
  #takeBackLost: (() => void) | undefined
  #isOpen = false
  /** Pieces that were requested while the browser has not processed what it has. */
  readonly #piecesAsked: CellFrame[] = []
  #tellRoom: (() => void) | undefined
  readonly #queue: WorkQueue
  readonly #conversation: Conversation
  readonly #runner: StatementRunner
  readonly #idle: IdleWatch

  constructor(connection: BackendConnection, ports: SessionPorts) {
    this.#connection = connection
    this.#ports = ports
    this.#values = createKeptValues(this.#ports.keptShare)
    this.#outbox = new Outbox(() => {
      this.#letGoOn()
    })
    this.#unasked = createUnaskedMessages((frame) => {
      this.#emit(frame)
    }, this.#ports.clock)
    this.#queue = createWorkQueue({
      began: (kind) => {
        if (kind === 'run') this.#idle.pause()
      },
      ended: (kind) => {
        this.#current = undefined
        if (kind === 'run' && !this.#isEnded) this.#idle.used(this.#isInTransaction())
      },
      failed: (error) => {
        // Handled where the conversation ended.
        if (error instanceof ConversationOver) return
        this.#ports.onFailure(error)
        this.end('ended_by_server', INTERNAL_ERROR)
      },
    })
    this.#conversation = new Conversation(
      this.#connection,
      {
        notice: (fields) => {
          if (this.#isOpen) this.#unasked.notice(fields)
        },
        notification: (...notification) => {
          this.#unasked.notification(...notification)
        },
        parameter: (name, value) => {
          this.#parameters.set(name, value)
          if (this.#isOpen) this.#emit({ type: 'parameter', name, value })
        },
        transaction: () => undefined,
      },
      (fields) => {
        this.#onConversationOver(fields)
      },
    )
    this.#runner = createStatementRunner({
      conversation: this.#conversation,
      emit: (frame) => {
        this.#emit(frame)
      },
      now: () => this.#ports.clock().getTime(),
      keptUntil: () => new Date(this.#ports.clock().getTime() + KEPT_MS),
      isCancelled: () => this.#isCancelled,
    })
    this.#idle = createIdleWatch({
      clock: this.#ports.clock,
      schedule: this.#ports.schedule,
      warn: (endsAt, inTransaction) => {
        this.#emit({ type: 'idle_warning', time: endsAt.toISOString(), in_transaction: inTransaction })
      },
      end: (inTransaction) => {
        this.end(inTransaction ? 'idle_in_transaction' : 'idle')
      },
    })
  }

  async open(timeZone: string | undefined): Promise<ErrorFields | OpenedFacts> {
    const facts = await askOpening(this.#conversation, timeZone)
    this.#isOpen = true
    this.#idle.used(false)
    return facts
  }

  attach(socket: OutboxSocket, hello: Hello, received: number | undefined, isResumed: boolean): void {
    this.#takeBackLost?.()
    this.#takeBackLost = undefined
    const transaction = this.#conversation.transaction
    this.#outbox.attach(socket, { ...hello, transaction, resumed: isResumed }, received)
    this.#letGoOn()
  }

  detach(socket: OutboxSocket): void {
    if (this.#outbox.socket !== socket || this.#isEnded) return
    this.#outbox.detach(socket)
    this.#takeBackLost = this.#ports.schedule(KEPT_MS, () => {
      this.end('lost')
    })
  }

  answered(word: string): void {
    this.#outbox.answered(word)
  }

  ping(): void {
    this.#outbox.ping()
  }

  receive(frame: SessionFrame): boolean {
    switch (frame.type) {
      case 'run':
        // A run that was received before is never carried out again, whatever a browser sends after a broken
        // connection.
        if (this.#queue.hasRun || frame.run <= this.#lastRun) return false
        this.#lastRun = frame.run
        return this.#beginRun(() => this.#runOrRefuse(frame))
      case 'more':
        return this.#isKept(frame) && this.#beginRun(() => this.#goOn(frame))
      case 'commit':
        return this.#beginRun(() => this.#finishTransaction('COMMIT'))
      case 'rollback':
        return this.#beginRun(() => this.#finishTransaction('ROLLBACK'))
      case 'catalog':
        if (this.#queue.waiting >= MOST_QUESTIONS_WAITING) return false
        this.#queue.add('question', () => this.#answerQuestion(frame))
        return true
      case 'credit': {
        const { place, stream } = this.#current ?? this.#kept ?? {}
        if (place?.run === frame.run && place.statement === frame.statement) stream?.credit(frame.rows)
        this.#letGoOn()
        return true
      }
      case 'cancel':
        this.#cancel()
        return true
      case 'cell':
        if (!this.#outbox.isFull) return this.#answerPiece(frame)
        return this.#piecesAsked.length < MOST_PIECES_WAITING && this.#piecesAsked.push(frame) > 0
      case 'end':
        this.end('ended_by_person')
        return true
    }
  }

  end(reason: EndReason, error?: SqlError): void {
    if (this.#isEnded) return
    const last: SqlServerFrame = {
      type: 'ended',
      reason,
      ...(error === undefined ? {} : { error }),
      // Outside a transaction block, an unfinished statement is a transaction of its own.
      rolled_back: this.#isInTransaction(),
      time: this.#ports.clock().toISOString(),
    }
    this.#emit(last)
    this.#isEnded = true
    this.#idle.stop()
    this.#takeBackLost?.()
    this.#kept?.takeBack()
    this.#current?.stream.drop()
    this.#values.clear()
    this.#piecesAsked.length = 0
    this.#tellRoom?.()
    // PostgreSQL does not notice that its client has disconnected while it works.
    if (this.#queue.hasRun && reason !== 'ended_by_server') void this.#connection.cancel()
    this.#queue.stop()
    this.#connection.end()
    this.#ports.onEnded(last)
  }

  #splitOptions(): SplitOptions {
    return {
      standardConformingStrings: this.#parameters.get('standard_conforming_strings') !== 'off',
    }
  }

  #isInTransaction(): boolean {
    return this.#conversation.transaction !== 'none'
  }

  #emit(frame: SqlServerFrame): void {
    if (this.#isEnded) return
    this.#outbox.send(frame)
    if (this.#outbox.isFull) this.#connection.pause()
  }

  #letGoOn(): void {
    while (!this.#outbox.isFull) {
      const piece = this.#piecesAsked.shift()
      if (piece === undefined) break
      this.#answerPiece(piece)
    }
    if (!this.#outbox.isFull || this.#isCancelled || this.#isEnded) {
      this.#tellRoom?.()
      this.#tellRoom = undefined
    }
    if (!this.#outbox.isFull && this.#current?.stream.isFull !== true) this.#connection.resume()
  }

  /** Resolves when the browser has processed enough of what it has. */
  async #whenRoom(): Promise<void> {
    if (!this.#outbox.isFull || this.#isCancelled || this.#isEnded) return
    await new Promise<void>((resolve) => {
      this.#tellRoom = resolve
    })
  }

  /** @returns false for a cell that is not kept */
  #answerPiece({ type, offset, ...place }: CellFrame): boolean {
    const piece = this.#values.piece(place, offset)
    if (piece !== undefined) this.#emit({ type, ...place, offset, text: piece.text, is_last: piece.isLast })
    return piece !== undefined
  }

  async #keepItsEncoding(): Promise<void> {
    const told = await keepEncoding(this.#conversation, this.#parameters.get('client_encoding'))
    if (told !== undefined) this.#unasked.notice(told)
  }

  #onConversationOver(fields: ErrorFields | undefined): void {
    const sqlstate = fields?.get(ERROR_FIELD.sqlstate)
    const reason: EndReason =
      sqlstate === IDLE_IN_TRANSACTION_TIMEOUT
        ? 'idle_in_transaction'
        : sqlstate === IDLE_TIMEOUT
          ? 'idle'
          : 'ended_by_server'
    this.end(reason, fields === undefined ? undefined : toSqlError(fields))
  }

  async #run(request: RunRequest): Promise<void> {
    await this.#letGoOfKept()
    const keptNow = await runScript(
      {
        conversation: this.#conversation,
        runner: this.#runner,
        values: this.#values,
        emit: (frame) => {
          this.#emit(frame)
        },
        notice: (fields) => {
          this.#unasked.notice(fields)
        },
        now: () => this.#ports.clock().getTime(),
        splitOptions: () => this.#splitOptions(),
        isCancelled: () => this.#isCancelled || this.#isEnded,
        whenRoom: () => this.#whenRoom(),
        keepEncoding: () => this.#keepItsEncoding(),
        onFull: () => {
          this.#connection.pause()
        },
        streaming: (place, stream) => {
          this.#current = { place, stream }
        },
      },
      request,
    )
    await this.#settle(request.run, keptNow)
  }

  async #goOn({ run: number, rows }: SqlClientFrame & { type: 'more' }): Promise<void> {
    if (this.#kept === undefined) return
    const { place, statement, stream, takeBack } = this.#kept
    takeBack()
    this.#kept = undefined
    this.#current = { place, stream }
    stream.raiseLimit(rows)
    const outcome = await this.#runner.goOn(place, statement, stream)
    await this.#settle(number, outcome.kind === 'kept' ? { place, statement, stream } : undefined)
  }

  async #settle(number: number, keptNow: KeptResult | undefined): Promise<void> {
    if (keptNow === undefined) await this.#keepItsEncoding()
    // A cancel request that is still on its way must not hit the next run.
    await this.#cancelling
    this.#cancelling = undefined
    this.#unasked.settle()
    if (keptNow !== undefined) {
      const takeBack = this.#ports.schedule(KEPT_MS, () => {
        this.#queue.add('question', () => this.#letGoOfKept())
      })
      this.#kept = { ...keptNow, takeBack }
    }
    this.#emit({ type: 'done', run: number, transaction: this.#conversation.transaction })
  }

  async #letGoOfKept(): Promise<void> {
    if (this.#kept === undefined) return
    this.#kept.takeBack()
    this.#kept = undefined
    const error = await this.#runner.letGo()
    if (error !== undefined) this.#unasked.notice(error)
  }

  async #finishTransaction(command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await this.#letGoOfKept()
    if (this.#isInTransaction()) {
      const answer = await askOwn(this.#conversation, command, [], false)
      if ('error' in answer) this.#unasked.notice(answer.error)
      await this.#keepItsEncoding()
    }
    this.#unasked.settle()
    this.#emit({ type: 'transaction', transaction: this.#conversation.transaction })
  }

  #cancel(): void {
    if (!this.#queue.hasRun || this.#isCancelled) return
    this.#isCancelled = true
    this.#current?.stream.drop()
    this.#letGoOn()
    this.#cancelling = this.#connection.cancel()
  }

  /** @returns false when a run is already in progress */
  #beginRun(work: () => Promise<void>): boolean {
    if (this.#queue.hasRun) return false
    this.#isCancelled = false
    this.#queue.add('run', work)
    return true
  }

  async #runOrRefuse(request: RunRequest): Promise<void> {
    if (
      request.roll_back !== true ||
      (!this.#isInTransaction() && (await mayBeRolledBack(request, this.#splitOptions())))
    )
      return this.#run(request)
    this.#emit({
      type: 'not_understood',
      message: 'Only one EXPLAIN, outside a transaction, can be rolled back by itself. Nothing was run.',
    })
    this.#emit({ type: 'done', run: request.run, transaction: this.#conversation.transaction })
  }

  async #answerQuestion({ question, sql }: SqlClientFrame & { type: 'catalog' }): Promise<void> {
    const { text, parameters: asked } = queryOf(sql)
    const answer = await askOwn(this.#conversation, text, asked, this.#kept !== undefined)
    if ('rows' in answer) {
      this.#emit({ type: 'catalog', question, rows: answer.rows.map((row) => [...row]) })
      return
    }
    // The portal of the kept result was closed with it.
    this.#kept?.takeBack()
    this.#kept = undefined
    this.#emit({ type: 'catalog', question, rows: [], error: toSqlError(answer.error) })
  }

  #isKept({ run: number, statement }: StatementPlace): boolean {
    return this.#kept?.place.run === number && this.#kept.place.statement === statement
  }
}

type CellFrame = SqlClientFrame & { readonly type: 'cell' }

/** PostgreSQL, "Error Codes": idle_in_transaction_session_timeout, idle_session_timeout. */
const IDLE_IN_TRANSACTION_TIMEOUT = '25P03'
const IDLE_TIMEOUT = '57P05'

const INTERNAL_ERROR: SqlError = {
  severity: 'FATAL',
  sqlstate: 'XX000',
  message: 'internal error of the console',
  detail: 'The session ended with it.',
  hint: 'Connect again; the log of the server says what failed.',
}
