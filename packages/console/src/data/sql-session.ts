/**
 * One PostgreSQL session of the SQL editor: the client of `WS /console/sql` (frames in @lakegate/client). It opens with
 * the first run, returns credit for the rows that it has processed, resumes after a lost connection, and never sends a
 * run twice.
 */
import type { SqlCatalogQuestion, SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import { canHashPasswords, hashRolePasswords, type Replacement } from '@lakegate/sql-text'
import { csrfValue } from './api.ts'
import { reportSessionOver, waitForSession } from './session-over.ts'
import { positionAsWritten } from './sql-positions.ts'
import { createQuestions, type CellPlace } from './sql-questions.ts'
import { applyFrame, FIRST_STATE, withRun, type SqlState } from './sql-state.ts'

export interface SqlTarget {
  readonly instance: string
  readonly database: string
  /** When left out, the person's own role. */
  readonly role?: string | undefined
}

export interface SqlRunRequest {
  readonly sql: string
  readonly rowLimit: number
  readonly continueAfterErrors?: boolean
  /** For EXPLAIN (ANALYZE) of a statement that writes: run it in a transaction of its own that is rolled back. */
  readonly rollBack?: boolean
  /** Passwords of roles are not hashed. */
  readonly asWritten?: boolean
}

/** The part of WebSocket that is used; a test provides its own. */
export type SqlSocket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>

export interface SqlSessionOptions {
  readonly connect?: () => SqlSocket
  readonly csrf?: () => string
  /** Whether the browser is still signed in; called when a WebSocket was refused before it was opened. */
  readonly isSignedIn?: () => Promise<boolean>
  readonly retryAfter?: number
}

export interface SqlSession {
  readonly target: SqlTarget
  getState(): SqlState
  /** @returns a function that stops listening */
  subscribe(listener: () => void): () => void
  /** Opens the session if there is none. Only a run or the person's request opens it, not looking at the page. */
  open(): void
  run(request: SqlRunRequest): Promise<void>
  /** More rows of a result that stopped at the row limit. */
  loadMore(statement: number, rows: number): void
  cancel(): void
  commit(): void
  rollback(): void
  end(): void
  /** @throws Error when the server no longer has the cell */
  loadCell(place: CellPlace): Promise<{ readonly text: string; readonly isLast: boolean }>
  /** Sent after the run in progress. @throws SqlQuestionError */
  ask(question: SqlCatalogQuestion): Promise<readonly (readonly (string | null)[])[]>
}

/** How long the server keeps a session after its WebSocket was lost. */
const KEPT_FOR = 60_000
const RETRY_AFTER = 1_000
const CREDIT_AFTER = 20
/** The name in docs/refusals.md. */
const SIGN_IN_OVER = 'console_session_over'

function connectToServer(): SqlSocket {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(`${scheme}//${location.host}/console/sql`)
}

/** False only for a 401 of the session request; any other failure says nothing about the sign-in. */
async function askWhetherSignedIn(): Promise<boolean> {
  try {
    const response = await fetch('/console/api/session', { credentials: 'same-origin' })
    return response.status !== 401
  } catch {
    return true
  }
}

export function createSqlSession(target: SqlTarget, options: SqlSessionOptions = {}): SqlSession {
  const {
    connect = connectToServer,
    csrf = csrfValue,
    isSignedIn = askWhetherSignedIn,
    retryAfter = RETRY_AFTER,
  } = options
  const listeners = new Set<() => void>()
  let state = FIRST_STATE
  let socket: SqlSocket | undefined
  let sessionKey: string | undefined
  /** Frames of this session received since `opened`, over all its WebSockets. */
  let received = 0
  let lastRun = 0
  let isHello = true
  let replacements: readonly Replacement[] = []
  /** A run that waits for the session to open. */
  let waiting: SqlClientFrame | undefined
  /** Rows that were processed, and for which no credit was returned yet. */
  let owed: { readonly run: number; readonly statement: number; rows: number } | undefined
  const questions = createQuestions((frame) => send(frame))

  return {
    target,
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    open,
    run,
    loadMore,
    cancel,
    commit: () => send({ type: 'commit' }),
    rollback: () => send({ type: 'rollback' }),
    end,
    loadCell: (place) => questions.loadCell(place),
    ask: (question) => questions.ask(question),
  }

  function change(next: SqlState): void {
    state = next
    questions.setReady(state.connection.kind === 'open' && !state.isRunning)
    for (const listener of listeners) listener()
  }

  /** Nothing may be sent before the server has accepted the first frame of this WebSocket. */
  function send(frame: SqlClientFrame): void {
    if (!isHello) socket?.send(JSON.stringify(frame))
  }

  function open(): void {
    const { kind } = state.connection
    if (kind === 'opening' || kind === 'open' || kind === 'lost') return
    received = 0
    sessionKey = undefined
    change({ ...state, connection: { kind: 'opening' }, transaction: 'none', parameters: {} })
    attach(helloOfOpen())
  }

  function attach(hello: SqlClientFrame): void {
    const attached = connect()
    socket = attached
    isHello = true
    attached.onopen = () => attached.send(JSON.stringify(hello))
    attached.onmessage = ({ data }) => {
      if (socket === attached) take(JSON.parse(String(data)) as SqlServerFrame)
    }
    attached.onclose = () => {
      if (socket !== attached) return
      socket = undefined
      void closed()
    }
  }

  function take(frame: SqlServerFrame): void {
    if (isHello && frame.type === 'opened') sessionKey = frame.session_key
    else if (sessionKey !== undefined) received += 1
    const isResume = isHello && sessionKey !== undefined && state.connection.kind === 'lost'
    isHello = false
    if (isResume && frame.type === 'refused') {
      finish('lost')
      return
    }
    if (frame.type === 'refused' && frame.refusal.name === SIGN_IN_OVER) {
      socket = undefined
      void openWhenSignedIn()
      return
    }
    change(applyFrame(state, asWritten(frame)))
    questions.take(frame)
    if (frame.type === 'rows') credit(frame.run, frame.statement, frame.rows.length)
    if (frame.type === 'opened') sendWhatWaits()
    if (frame.type === 'refused' || frame.type === 'ended') detach()
    if (frame.type === 'ended' && frame.reason === 'sign_in_over') reportSessionOver()
  }

  /** Rows that arrive within a moment are credited together, because the server limits the frames of a browser. */
  function credit(run: number, statement: number, rows: number): void {
    if (owed?.run === run && owed.statement === statement) {
      owed.rows += rows
      return
    }
    payCredit()
    owed = { run, statement, rows }
    setTimeout(payCredit, CREDIT_AFTER)
  }

  function payCredit(): void {
    if (owed === undefined || state.connection.kind !== 'open') return
    send({ type: 'credit', ...owed })
    owed = undefined
  }

  function sendWhatWaits(): void {
    payCredit()
    // The cancel may have been lost with the connection; a second one is harmless.
    if (state.cancelledAt !== undefined) send({ type: 'cancel' })
    if (waiting !== undefined) send(waiting)
    waiting = undefined
  }

  function detach(): void {
    waiting = undefined
    owed = undefined
    questions.giveUp()
    const detached = socket
    socket = undefined
    sessionKey = undefined
    detached?.close()
  }

  /** The dialog of the shell asks the person to sign in; then the session is opened. */
  async function openWhenSignedIn(): Promise<void> {
    reportSessionOver()
    await waitForSession()
    if (state.connection.kind === 'opening') attach(helloOfOpen())
  }

  function helloOfOpen(): SqlClientFrame {
    const { instance, database, role } = target
    return { type: 'open', csrf: csrf(), instance, database, ...(role === undefined ? {} : { role }) }
  }

  /** The WebSocket closed without a last frame of the server. */
  async function closed(): Promise<void> {
    const { connection } = state
    if (connection.kind === 'opening') {
      if (!(await isSignedIn())) {
        await openWhenSignedIn()
        return
      }
      change({ ...state, connection: { kind: 'unreachable' }, isRunning: false })
      detach()
      return
    }
    if (connection.kind !== 'open' && connection.kind !== 'lost') return
    const until = connection.kind === 'lost' ? connection.until : Date.now() + KEPT_FOR
    if (Date.now() >= until || sessionKey === undefined) {
      finish('lost')
      return
    }
    questions.giveUp()
    change({ ...state, connection: { ...connection, kind: 'lost', until } })
    setTimeout(resume, retryAfter)
  }

  function resume(): void {
    if (state.connection.kind !== 'lost' || sessionKey === undefined || socket !== undefined) return
    attach({ type: 'resume', csrf: csrf(), session_key: sessionKey, received })
  }

  function finish(reason: 'lost' | 'ended_by_person'): void {
    const rolled_back = state.transaction !== 'none'
    change(
      applyFrame(state, {
        type: 'ended',
        reason,
        rolled_back,
        time: new Date().toISOString(),
      }),
    )
    detach()
  }

  async function run(request: SqlRunRequest): Promise<void> {
    // While the connection is broken it is unknown whether a new run would arrive.
    if (state.isRunning || state.connection.kind === 'lost') return
    if (state.connection.kind !== 'open') open()
    lastRun += 1
    const number = lastRun
    change(withRun(state, number, request.sql))
    const hashes = request.asWritten !== true && canHashPasswords()
    const hashed = hashes ? await hashRolePasswords(request.sql, splitOptions()) : undefined
    replacements = hashed?.replacements ?? []
    if (isOver(number)) return
    const frame: SqlClientFrame = {
      type: 'run',
      run: number,
      sql: hashed?.sql ?? request.sql,
      row_limit: request.rowLimit,
      continue_after_errors: request.continueAfterErrors ?? false,
      hash_passwords: request.asWritten !== true && !hashes,
      ...(request.rollBack === true ? { roll_back: true } : {}),
    }
    if (state.connection.kind === 'open') send(frame)
    else waiting = frame
  }

  /** The session may have been refused or ended while the passwords were hashed. */
  function isOver(run: number): boolean {
    return state.run?.run !== run || !state.isRunning
  }

  function splitOptions() {
    return { standardConformingStrings: state.parameters['standard_conforming_strings'] !== 'off' }
  }

  function loadMore(statement: number, rows: number): void {
    const { run: current } = state
    if (current === undefined || state.isRunning || state.connection.kind !== 'open') return
    const results = current.results.map((result) =>
      result.statement === statement ? { ...result, status: 'running' as const } : result,
    )
    change({ ...state, run: { ...current, results }, isRunning: true })
    send({ type: 'more', run: current.run, statement, rows })
  }

  function cancel(): void {
    if (!state.isRunning || state.cancelledAt !== undefined) return
    // Nothing to cancel yet: the run is still waiting for the session.
    if (state.connection.kind === 'opening') {
      end()
      return
    }
    change({ ...state, cancelledAt: Date.now() })
    send({ type: 'cancel' })
  }

  function end(): void {
    const { kind } = state.connection
    if (kind !== 'open' && kind !== 'opening' && kind !== 'lost') return
    send({ type: 'end' })
    finish('ended_by_person')
  }

  /** Converts the server's positions, which refer to the text that was sent. */
  function asWritten(frame: SqlServerFrame): SqlServerFrame {
    if (replacements.length === 0) return frame
    const back = (offset: number) => positionAsWritten(offset, replacements)
    if (frame.type === 'statement') return { ...frame, start: back(frame.start), end: back(frame.end) }
    if (frame.type === 'failed' && frame.error.offset !== undefined)
      return { ...frame, error: { ...frame.error, offset: back(frame.error.offset) } }
    return frame
  }
}
