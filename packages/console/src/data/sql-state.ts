/**
 * The state of one SQL session, and how each frame of the server changes it. Pure; sql-session.ts has the WebSocket.
 */
import type {
  RefusalAnswer,
  SqlCell,
  SqlColumn,
  SqlError,
  SqlServerFrame,
  SqlTransactionState,
} from '@lakegate/client'

type Frame<Type extends SqlServerFrame['type']> = Extract<SqlServerFrame, { type: Type }>

export type SqlEndReason = Frame<'ended'>['reason']

export type SqlConnection =
  | { readonly kind: 'none' }
  | { readonly kind: 'opening' }
  | ({ readonly kind: 'open' } & SqlSessionFacts)
  /** The WebSocket was lost; the server keeps the session until `until` (milliseconds since the epoch). */
  | ({ readonly kind: 'lost'; readonly until: number } & SqlSessionFacts)
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'refused'; readonly refusal: SqlRefusal }
  | {
      readonly kind: 'ended'
      readonly reason: SqlEndReason
      readonly error?: SqlError | undefined
      readonly rolledBack: boolean
      readonly time: string
    }

export interface SqlSessionFacts {
  readonly processId: number
  readonly instance: string
  readonly database: string
  readonly role: string
  readonly path: readonly string[]
  readonly serverVersion: string
}

export type SqlRefusal = Pick<RefusalAnswer, 'name' | 'message'> & Partial<RefusalAnswer>

export interface SqlResult {
  readonly statement: number
  /** Where the statement is in the text of the run as it was written. */
  readonly start: number
  readonly end: number
  readonly columns?: readonly SqlColumn[]
  /** Grows in place, because copying it for each frame would make 100,000 rows slow; `rowCount` changes with it. */
  readonly rows: readonly (readonly SqlCell[])[]
  readonly rowCount: number
  readonly status: 'running' | 'complete' | 'failed'
  readonly tag?: string | undefined
  readonly milliseconds?: number
  readonly more: boolean
  readonly keptUntil?: string | undefined
  readonly remark?: string | undefined
  readonly error?: SqlError
}

export type SqlMessage =
  | { readonly kind: 'notice'; readonly notice: SqlError; readonly time: string }
  | {
      readonly kind: 'notification'
      readonly channel: string
      readonly payload: string
      readonly processId: number
      readonly time: string
    }

export interface SqlRun {
  readonly run: number
  /** As it was written. */
  readonly sql: string
  readonly results: readonly SqlResult[]
  readonly messages: readonly SqlMessage[]
  readonly droppedMessages: number
  /** The run did not reach the server: nothing was executed. */
  readonly isLost: boolean
  /** Why the server did not run it, in the server's words. */
  readonly problem?: string
}

export interface SqlState {
  readonly connection: SqlConnection
  readonly transaction: SqlTransactionState
  /** Values of ParameterStatus, e.g. `TimeZone`, `standard_conforming_strings`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly run: SqlRun | undefined
  readonly isRunning: boolean
  /** When the cancel was requested (milliseconds since the epoch). */
  readonly cancelledAt: number | undefined
  readonly idleWarning: { readonly time: string; readonly inTransaction: boolean } | undefined
}

/** Further messages are only counted. */
const MOST_MESSAGES = 1_000

export const FIRST_STATE: SqlState = {
  connection: { kind: 'none' },
  transaction: 'none',
  parameters: {},
  run: undefined,
  isRunning: false,
  cancelledAt: undefined,
  idleWarning: undefined,
}

/** @returns the state with a run that has just begun */
export const withRun = (state: SqlState, run: number, sql: string): SqlState => ({
  ...state,
  run: { run, sql, results: [], messages: [], droppedMessages: 0, isLost: false },
  isRunning: true,
  cancelledAt: undefined,
  idleWarning: undefined,
})

/** @returns the state after a frame; frames that answer a question (cells, catalog) change nothing here */
export function applyFrame(state: SqlState, frame: SqlServerFrame): SqlState {
  switch (frame.type) {
    case 'opened':
      return opened(state, frame)
    case 'refused':
      return { ...state, connection: { kind: 'refused', refusal: frame.refusal }, isRunning: false }
    case 'statement':
    case 'columns':
    case 'rows':
    case 'complete':
    case 'failed':
      return state.run?.run === frame.run ? inRun(state, state.run, frame) : state
    case 'done':
      return state.run?.run === frame.run
        ? { ...state, isRunning: false, cancelledAt: undefined, transaction: frame.transaction }
        : state
    case 'transaction':
      return { ...state, transaction: frame.transaction, idleWarning: undefined }
    case 'notice':
      return withMessage(state, { kind: 'notice', notice: frame.notice, time: frame.time })
    case 'notification':
      return withMessage(state, {
        kind: 'notification',
        channel: frame.channel,
        payload: frame.payload,
        processId: frame.process_id,
        time: frame.time,
      })
    case 'notices_dropped':
      return withDropped(state, frame.count)
    case 'parameter':
      return { ...state, parameters: { ...state.parameters, [frame.name]: frame.value } }
    case 'idle_warning':
      return { ...state, idleWarning: { time: frame.time, inTransaction: frame.in_transaction } }
    case 'ended':
      return ended(state, frame)
    case 'not_understood':
      return notUnderstood(state, frame)
    case 'cell':
    case 'catalog':
      return state
  }
}

/** The server did nothing; the reason is shown with the run that caused it. */
function notUnderstood(state: SqlState, { message, frame }: Frame<'not_understood'>): SqlState {
  const isOfRun = frame === undefined || frame === 'run' || frame === 'more'
  if (state.run === undefined || !state.isRunning || !isOfRun) return state
  return { ...state, run: { ...state.run, problem: message }, isRunning: frame === undefined }
}

function opened(state: SqlState, frame: Frame<'opened'>): SqlState {
  // A run that was on its way when the connection broke, and never arrived, is not repeated: the person decides.
  const isLost =
    frame.resumed &&
    frame.last_run !== undefined &&
    state.isRunning &&
    state.run !== undefined &&
    state.run.run > frame.last_run
  return {
    ...state,
    connection: {
      kind: 'open',
      processId: frame.process_id,
      instance: frame.instance,
      database: frame.database,
      role: frame.role,
      path: frame.path,
      serverVersion: frame.server_version,
    },
    transaction: frame.transaction,
    parameters: { ...state.parameters, TimeZone: frame.time_zone },
    ...(isLost ? { isRunning: false, run: { ...state.run, isLost: true } } : {}),
  }
}

function ended(state: SqlState, frame: Omit<Frame<'ended'>, 'type'>): SqlState {
  return {
    ...state,
    connection: {
      kind: 'ended',
      reason: frame.reason,
      error: frame.error,
      rolledBack: frame.rolled_back,
      time: frame.time,
    },
    transaction: 'none',
    isRunning: false,
    cancelledAt: undefined,
    idleWarning: undefined,
  }
}

function inRun(
  state: SqlState,
  run: SqlRun,
  frame: Frame<'statement' | 'columns' | 'rows' | 'complete' | 'failed'>,
): SqlState {
  if (frame.type === 'statement') {
    const { statement, start, end } = frame
    const result = { statement, start, end, rows: [], rowCount: 0, status: 'running', more: false } as const
    return { ...state, run: { ...run, results: [...run.results, result] } }
  }
  const index = run.results.findIndex(({ statement }) => statement === frame.statement)
  const before = run.results[index]
  if (before === undefined) return state
  const results = run.results.with(index, inResult(before, frame))
  return { ...state, run: { ...run, results } }
}

function inResult(result: SqlResult, frame: Frame<'columns' | 'rows' | 'complete' | 'failed'>): SqlResult {
  switch (frame.type) {
    case 'columns':
      return { ...result, columns: frame.columns }
    case 'rows': {
      const rows = result.rows as (readonly SqlCell[])[]
      for (const row of frame.rows) rows.push(row)
      return { ...result, rowCount: rows.length }
    }
    case 'complete':
      return {
        ...result,
        status: 'complete',
        tag: frame.tag,
        milliseconds: frame.milliseconds,
        more: frame.more,
        keptUntil: frame.kept_until,
        remark: frame.remark,
      }
    case 'failed':
      return {
        ...result,
        status: 'failed',
        error: frame.error,
        milliseconds: frame.milliseconds,
        more: false,
      }
  }
}

function withMessage(state: SqlState, message: SqlMessage): SqlState {
  const { run } = state
  if (run === undefined) return state
  if (run.messages.length >= MOST_MESSAGES) return withDropped(state, 1)
  return { ...state, run: { ...run, messages: [...run.messages, message] } }
}

const withDropped = (state: SqlState, count: number): SqlState =>
  state.run === undefined
    ? state
    : { ...state, run: { ...state.run, droppedMessages: state.run.droppedMessages + count } }
