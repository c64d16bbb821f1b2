/**
 * One session of the SQL editor: what its browser asks, in order, over one connection to PostgreSQL. It outlives its WebSocket
 * by a minute, so that a broken line costs neither the transaction nor the query under way.
 */
import type { SqlClientFrame, SqlError, SqlServerFrame } from '@lakegate/client'
import type { SplitOptions } from '@lakegate/sql-text'
import { ERROR_FIELD } from '../../../protocol/message-types.ts'
import type { BackendConnection } from './backend-connection.ts'
import { queryOf } from './catalog-questions.ts'
import { Conversation, ConversationOver, type ErrorFields } from './conversation.ts'
import { createIdleWatch, type IdlePorts } from './idle-watch.ts'
import { keepEncoding } from './keep-encoding.ts'
import { createKeptValues, type KeptShare } from './kept-values.ts'
import { askOpening, type OpenedFacts } from './opening-query.ts'
import { Outbox, type OutboxSocket } from './outbox.ts'
import { askOwn } from './own-query.ts'
import type { ResultStream } from './result-stream.ts'
import { mayBeRolledBack, runScript, type KeptResult, type RunRequest } from './run-script.ts'
import { toSqlError } from './sql-error.ts'
import { createStatementRunner, type StatementPlace } from './statement-runner.ts'
import { createUnaskedMessages } from './unasked.ts'
import { createWorkQueue } from './work-queue.ts'

/** How long a result that was not shown to its end is kept, and a session whose WebSocket was lost. */
const KEPT_MS = 60_000
/** Of the schema browser, which asks one by one. */
const MOST_QUESTIONS_WAITING = 64
/** Of the panel of a cell, which asks for one piece after the other. */
const MOST_PIECES_WAITING = 16

export type EndReason = Extract<SqlServerFrame, { type: 'ended' }>['reason']

export type SessionFrame = Exclude<SqlClientFrame, { type: 'open' | 'resume' }>

export interface SessionPorts {
  readonly clock: () => Date
  /** @returns takes it back */
  readonly schedule: IdlePorts['schedule']
  readonly keptShare: KeptShare
  /** Called once, with the last frame. */
  onEnded(last: SqlServerFrame): void
  /** Of ours. */
  onFailure(error: unknown): void
}

/** What the browser is told of the session when it comes to it. */
export type Hello = Omit<Extract<SqlServerFrame, { type: 'opened' }>, 'transaction' | 'resumed'>

export interface SqlSession {
  /**
   * Tells PostgreSQL what every session is told first.
   * @returns its error when it does not take that. @throws ConversationOver
   */
  open(timeZone: string | undefined): Promise<OpenedFacts | ErrorFields>
  /** From here on the browser hears; another WebSocket of it does not any more. */
  attach(socket: OutboxSocket, hello: Hello, received: number | undefined, isResumed: boolean): void
  /** The line is broken. */
  detach(socket: OutboxSocket): void
  /** A ping was answered: the browser has everything that came before it. */
  answered(word: string): void
  /** Asks for that. */
  ping(): void
  /** @returns false for what makes no sense at this moment */
  hear(frame: SessionFrame): boolean
  end(reason: EndReason): void
}

export function createSqlSession(connection: BackendConnection, ports: SessionPorts): SqlSession {
  const { clock, schedule } = ports
  const values = createKeptValues(ports.keptShare)
  const parameters = new Map<string, string>()
  const outbox = new Outbox(letGoOn)
  const unasked = createUnaskedMessages(emit, clock)
  let isEnded = false
  let isCancelled = false
  let cancelling: Promise<void> | undefined
  let current: { readonly place: StatementPlace; readonly stream: ResultStream } | undefined
  let kept: (KeptResult & { readonly takeBack: () => void }) | undefined
  let lastRun = -1
  let takeBackLost: (() => void) | undefined
  let isOpen = false
  /** Pieces that are asked for while the browser has not taken in what it has. */
  const piecesAsked: CellFrame[] = []
  let tellRoom: (() => void) | undefined
  const queue = createWorkQueue({
    began(kind) {
      if (kind === 'run') idle.pause()
    },
    ended(kind) {
      current = undefined
      if (kind === 'run' && !isEnded) idle.used(isInTransaction())
    },
    failed(error) {
      // Told where it ended.
      if (error instanceof ConversationOver) return
      ports.onFailure(error)
      end('ended_by_server', INTERNAL_ERROR)
    },
  })

  const conversation = new Conversation(
    connection,
    {
      notice: (fields) => {
        if (isOpen) unasked.notice(fields)
      },
      notification: (...notification) => {
        unasked.notification(...notification)
      },
      parameter(name, value) {
        parameters.set(name, value)
        if (isOpen) emit({ type: 'parameter', name, value })
      },
      transaction: () => undefined,
    },
    onConversationOver,
  )
  const runner = createStatementRunner({
    conversation,
    emit,
    now: () => clock().getTime(),
    keptUntil: () => new Date(clock().getTime() + KEPT_MS),
    isCancelled: () => isCancelled,
  })
  const idle = createIdleWatch({
    clock,
    schedule,
    warn(endsAt, inTransaction) {
      emit({ type: 'idle_warning', time: endsAt.toISOString(), in_transaction: inTransaction })
    },
    end(inTransaction) {
      end(inTransaction ? 'idle_in_transaction' : 'idle')
    },
  })

  const splitOptions = (): SplitOptions => ({
    standardConformingStrings: parameters.get('standard_conforming_strings') !== 'off',
  })
  const isInTransaction = (): boolean => conversation.transaction !== 'none'

  function emit(frame: SqlServerFrame): void {
    if (isEnded) return
    outbox.send(frame)
    if (outbox.isFull) connection.pause()
  }

  function letGoOn(): void {
    while (!outbox.isFull) {
      const piece = piecesAsked.shift()
      if (piece === undefined) break
      answerPiece(piece)
    }
    if (!outbox.isFull || isCancelled || isEnded) {
      tellRoom?.()
      tellRoom = undefined
    }
    if (!outbox.isFull && current?.stream.isFull !== true) connection.resume()
  }

  /** Resolves when the browser has taken in enough of what it has. */
  async function whenRoom(): Promise<void> {
    if (!outbox.isFull || isCancelled || isEnded) return
    await new Promise<void>((resolve) => {
      tellRoom = resolve
    })
  }

  /** @returns false for a cell that is not kept */
  function answerPiece({ type, offset, ...place }: CellFrame): boolean {
    const piece = values.piece(place, offset)
    if (piece !== undefined) emit({ type, ...place, offset, text: piece.text, is_last: piece.isLast })
    return piece !== undefined
  }

  async function keepItsEncoding(): Promise<void> {
    const told = await keepEncoding(conversation, parameters.get('client_encoding'))
    if (told !== undefined) unasked.notice(told)
  }

  function onConversationOver(fields: ErrorFields | undefined): void {
    const sqlstate = fields?.get(ERROR_FIELD.sqlstate)
    const reason: EndReason =
      sqlstate === IDLE_IN_TRANSACTION_TIMEOUT
        ? 'idle_in_transaction'
        : sqlstate === IDLE_TIMEOUT
          ? 'idle'
          : 'ended_by_server'
    end(reason, fields === undefined ? undefined : toSqlError(fields))
  }

  function end(reason: EndReason, error?: SqlError): void {
    if (isEnded) return
    const last: SqlServerFrame = {
      type: 'ended',
      reason,
      ...(error === undefined ? {} : { error }),
      // A statement that was under way outside a transaction block is one by itself.
      rolled_back: isInTransaction(),
      time: clock().toISOString(),
    }
    emit(last)
    isEnded = true
    idle.stop()
    takeBackLost?.()
    kept?.takeBack()
    current?.stream.drop()
    values.clear()
    piecesAsked.length = 0
    tellRoom?.()
    // PostgreSQL does not notice that its client has gone while it works.
    if (queue.hasRun && reason !== 'ended_by_server') void connection.cancel()
    queue.stop()
    connection.end()
    ports.onEnded(last)
  }

  async function run(request: RunRequest): Promise<void> {
    await letGoOfKept()
    const keptNow = await runScript(
      {
        conversation,
        runner,
        values,
        emit,
        notice: (fields) => {
          unasked.notice(fields)
        },
        now: () => clock().getTime(),
        splitOptions,
        isCancelled: () => isCancelled || isEnded,
        whenRoom,
        keepEncoding: keepItsEncoding,
        onFull: () => {
          connection.pause()
        },
        streaming(place, stream) {
          current = { place, stream }
        },
      },
      request,
    )
    await settle(request.run, keptNow)
  }

  async function goOn({ run: number, rows }: SqlClientFrame & { type: 'more' }): Promise<void> {
    if (kept === undefined) return
    const { place, statement, stream, takeBack } = kept
    takeBack()
    kept = undefined
    current = { place, stream }
    stream.raiseLimit(rows)
    const outcome = await runner.goOn(place, statement, stream)
    await settle(number, outcome.kind === 'kept' ? { place, statement, stream } : undefined)
  }

  async function settle(number: number, keptNow: KeptResult | undefined): Promise<void> {
    if (keptNow === undefined) await keepItsEncoding()
    // A request to cancel that is still on its way must not meet what is run next.
    await cancelling
    cancelling = undefined
    unasked.settle()
    if (keptNow !== undefined) {
      const takeBack = schedule(KEPT_MS, () => {
        queue.add('question', letGoOfKept)
      })
      kept = { ...keptNow, takeBack }
    }
    emit({ type: 'done', run: number, transaction: conversation.transaction })
  }

  async function letGoOfKept(): Promise<void> {
    if (kept === undefined) return
    kept.takeBack()
    kept = undefined
    const error = await runner.letGo()
    if (error !== undefined) unasked.notice(error)
  }

  async function finishTransaction(command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await letGoOfKept()
    if (isInTransaction()) {
      const answer = await askOwn(conversation, command, [], false)
      if ('error' in answer) unasked.notice(answer.error)
      await keepItsEncoding()
    }
    unasked.settle()
    emit({ type: 'transaction', transaction: conversation.transaction })
  }

  function cancel(): void {
    if (!queue.hasRun || isCancelled) return
    isCancelled = true
    current?.stream.drop()
    letGoOn()
    cancelling = connection.cancel()
  }

  /** @returns false when there is a run already */
  function beginRun(work: () => Promise<void>): boolean {
    if (queue.hasRun) return false
    isCancelled = false
    queue.add('run', work)
    return true
  }

  async function runOrRefuse(request: RunRequest): Promise<void> {
    if (
      request.roll_back !== true ||
      (!isInTransaction() && (await mayBeRolledBack(request, splitOptions())))
    )
      return run(request)
    emit({
      type: 'not_understood',
      message: 'Only one EXPLAIN, outside a transaction, can be rolled back by itself. Nothing was run.',
    })
    emit({ type: 'done', run: request.run, transaction: conversation.transaction })
  }

  async function answerQuestion({ question, sql }: SqlClientFrame & { type: 'catalog' }): Promise<void> {
    const { text, parameters: asked } = queryOf(sql)
    const answer = await askOwn(conversation, text, asked, kept !== undefined)
    if ('rows' in answer) {
      emit({ type: 'catalog', question, rows: answer.rows.map((row) => [...row]) })
      return
    }
    // The portal of a result that was kept went with it.
    kept?.takeBack()
    kept = undefined
    emit({ type: 'catalog', question, rows: [], error: toSqlError(answer.error) })
  }

  const isKept = ({ run: number, statement }: StatementPlace): boolean =>
    kept?.place.run === number && kept.place.statement === statement

  function hear(frame: SessionFrame): boolean {
    switch (frame.type) {
      case 'run':
        // One that was heard before is never done again, whatever a browser sends after a broken line.
        if (queue.hasRun || frame.run <= lastRun) return false
        lastRun = frame.run
        return beginRun(() => runOrRefuse(frame))
      case 'more':
        return isKept(frame) && beginRun(() => goOn(frame))
      case 'commit':
        return beginRun(() => finishTransaction('COMMIT'))
      case 'rollback':
        return beginRun(() => finishTransaction('ROLLBACK'))
      case 'catalog':
        if (queue.waiting >= MOST_QUESTIONS_WAITING) return false
        queue.add('question', () => answerQuestion(frame))
        return true
      case 'credit': {
        const { place, stream } = current ?? kept ?? {}
        if (place?.run === frame.run && place.statement === frame.statement) stream?.credit(frame.rows)
        letGoOn()
        return true
      }
      case 'cancel':
        cancel()
        return true
      case 'cell':
        if (!outbox.isFull) return answerPiece(frame)
        return piecesAsked.length < MOST_PIECES_WAITING && piecesAsked.push(frame) > 0
      case 'end':
        end('ended_by_person')
        return true
    }
  }

  return {
    async open(timeZone) {
      const facts = await askOpening(conversation, timeZone)
      isOpen = true
      idle.used(false)
      return facts
    },
    attach(socket, hello, received, isResumed) {
      takeBackLost?.()
      takeBackLost = undefined
      const transaction = conversation.transaction
      outbox.attach(socket, { ...hello, transaction, resumed: isResumed }, received)
      letGoOn()
    },
    detach(socket) {
      if (outbox.socket !== socket || isEnded) return
      outbox.detach(socket)
      takeBackLost = schedule(KEPT_MS, () => {
        end('lost')
      })
    },
    answered(word) {
      outbox.answered(word)
    },
    ping() {
      outbox.ping()
    },
    hear,
    end,
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
