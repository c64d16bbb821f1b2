/**
 * One WebSocket from its first frame to its last: it opens or resumes a session, and then passes frames in both
 * directions.
 */
import type { SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import type { RawData, WebSocket } from 'ws'
import { refused, RefusedError } from '../../../operations/refused-error.ts'
import { requireCsrfValue } from '../csrf.ts'
import type { ConsoleSession, ConsoleSessions } from '../session.ts'
import { createFrameBudget, type FrameBudget } from './frame-budget.ts'
import { readFrame, writeFrame } from './frames.ts'
import { openSqlSession, refusalFrame, type Browser, type OpeningPorts } from './open-session.ts'
import type { OutboxSocket } from './outbox.ts'
import type { Closable, RegisteredSession, SessionRegistry } from './registry.ts'
import type { SessionFrame, SessionPorts, SqlSession } from './session.ts'

export interface SocketPorts extends OpeningPorts {
  readonly registry: SessionRegistry
  readonly consoleSessions: Pick<ConsoleSessions, 'whenOver'>
  /** The current session of the browser. @throws RefusedError console_session_over */
  readonly findConsoleSession: () => Promise<ConsoleSession>
  readonly browser: Browser
  readonly clock: () => Date
  readonly schedule: SessionPorts['schedule']
  readonly keptShare: SessionPorts['keptShare']
  readonly log: {
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
}

const FIRST_FRAME_MS = 10_000
const LOGIN_MS = 30_000
const PING_EVERY_MS = 20_000
/** RFC 6455 §7.4.1; codes from 4000 on are our own. */
const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
  replaced: 4001,
  signInOver: 4401,
} as const
/** A correct browser sends no such frame. */
const MOST_MISUNDERSTOOD = 20

/** @param release gives back the place that it has among those without a session */
export function serveSqlSocket(socket: WebSocket, ports: SocketPorts, release: () => void): void {
  new SqlSocket(socket, ports, release)
}

class SqlSocket {
  readonly #socket: WebSocket
  readonly #ports: SocketPorts
  readonly #release: () => void
  readonly #own: OutboxSocket
  readonly #budget: FrameBudget
  readonly #closed: AbortController = new AbortController()
  #session: SqlSession | undefined
  #isBegun = false
  #misunderstood = 0
  /** Whether the last ping was answered. */
  #isAlive = true
  readonly #takeBackDeadline: () => void
  #takeBackHeartbeat: () => void

  constructor(socket: WebSocket, ports: SocketPorts, release: () => void) {
    this.#socket = socket
    this.#ports = ports
    this.#release = release
    this.#own = outboxSocketOf(this.#socket)
    this.#budget = createFrameBudget(this.#ports.clock)
    this.#takeBackDeadline = this.#ports.schedule(FIRST_FRAME_MS, () => {
      this.#socket.close(CLOSE.policy, 'no first frame')
    })
    this.#takeBackHeartbeat = this.#ports.schedule(PING_EVERY_MS, () => {
      this.#beat()
    })
    this.#socket.on('message', (data: RawData, isBinary: boolean) => {
      this.#receive(isBinary ? undefined : readFrame(textOf(data)))
    })
    this.#socket.on('pong', (data: Buffer) => {
      this.#isAlive = true
      this.#session?.answered(data.toString('latin1'))
    })
    // Browsers send no pings; the library answers each ping of other clients.
    this.#socket.on('ping', () => {
      if (!this.#budget.take()) this.#socket.terminate()
    })
    // For example a frame that is too long, invalid UTF-8, or a reset; 'close' follows.
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.#takeBackDeadline()
      this.#takeBackHeartbeat()
      this.#release()
      this.#closed.abort()
      this.#session?.detach(this.#own)
    })
  }

  #beat(): void {
    if (!this.#isAlive) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = false
    if (this.#session === undefined) this.#socket.ping('0')
    else this.#session.ping()
    this.#takeBackHeartbeat = this.#ports.schedule(PING_EVERY_MS, () => {
      this.#beat()
    })
  }

  #receive(frame: SqlClientFrame | undefined): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (!this.#budget.take()) {
      this.#socket.close(CLOSE.policy, 'too many frames')
      return
    }
    if (!this.#isBegun) {
      if (frame?.type !== 'open' && frame?.type !== 'resume') {
        this.#socket.close(CLOSE.policy, 'open or resume comes first')
        return
      }
      this.#isBegun = true
      this.#takeBackDeadline()
      this.#begin(frame).catch((error: unknown) => {
        this.#refuseWith(error)
      })
      return
    }
    // Before the session is open, no other frame is accepted.
    const isHeard =
      frame !== undefined &&
      frame.type !== 'open' &&
      frame.type !== 'resume' &&
      this.#session?.receive(frame satisfies SessionFrame) === true
    if (!isHeard) this.#notUnderstood(frame)
  }

  #notUnderstood(frame: SqlClientFrame | undefined): void {
    this.#misunderstood += 1
    if (this.#misunderstood > MOST_MISUNDERSTOOD) {
      this.#socket.close(CLOSE.policy, 'frames out of order')
      return
    }
    const what =
      frame === undefined ? 'The frame is not known' : `The frame «${frame.type}» makes no sense now`
    this.#own.send(writeFrame({ type: 'not_understood', message: `${what}; nothing was done.` }))
  }

  async #begin(frame: SqlClientFrame & { type: 'open' | 'resume' }): Promise<void> {
    const consoleSession = await this.#ports.findConsoleSession()
    requireCsrfValue(frame.csrf, consoleSession)
    if (frame.type === 'open') await this.#open(frame, consoleSession)
    else this.#resume(frame, consoleSession)
  }

  #resume(frame: SqlClientFrame & { type: 'resume' }, { id, caller }: ConsoleSession): void {
    const { session_key: key } = frame
    const found = this.#ports.registry.find(key)
    // A key of another person, or of another browser of the same person, counts as unknown.
    if (found?.consoleSessionId !== id || found.personId !== caller.identity.id) {
      this.#own.send(writeFrame(this.#ports.registry.endOf(key, id, this.#ports.clock()) ?? UNKNOWN_SESSION))
      this.#socket.close(CLOSE.normal)
      return
    }
    this.#join(found, frame.received, true)
  }

  async #open(frame: SqlClientFrame & { type: 'open' }, consoleSession: ConsoleSession): Promise<void> {
    const { caller, id } = consoleSession
    const givePlaceBack = this.#ports.registry.takePlace(caller.identity.id)
    if (givePlaceBack === undefined) throw refused('too_many_sql_sessions')
    let key: string | undefined
    let end: SqlServerFrame | undefined
    let stopAsking: (() => void) | undefined
    const forget = (of: string, last: SqlServerFrame): void => {
      const ended = this.#ports.registry.find(of)
      this.#ports.registry.remove(of, last, this.#ports.clock())
      if (last.type === 'ended') ended?.line.socket?.close(...closeCode(last))
    }
    const sessionPorts: SessionPorts = {
      clock: this.#ports.clock,
      schedule: this.#ports.schedule,
      keptShare: this.#ports.keptShare,
      onEnded: (last) => {
        givePlaceBack()
        stopAsking?.()
        end = last
        if (key !== undefined) forget(key, last)
      },
      onFailure: (error) => {
        this.#ports.log.error({ err: error }, 'a session of the SQL editor failed')
      },
    }
    try {
      const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(LOGIN_MS)])
      const opened = await openSqlSession(
        frame,
        caller,
        this.#ports.browser,
        this.#ports,
        sessionPorts,
        signal,
      )
      key = opened.hello.session_key
      const registered = {
        ...opened,
        personId: caller.identity.id,
        consoleSessionId: id,
        line: { socket: undefined },
      }
      this.#ports.registry.add(key, registered)
      stopAsking = this.#ports.consoleSessions.whenOver(consoleSession, () => {
        opened.session.end('sign_in_over')
      })
      this.#join(registered, undefined, false)
      // PostgreSQL may have ended it while the last facts about it were read.
      if (end !== undefined) {
        stopAsking()
        forget(key, end)
      }
    } catch (error) {
      givePlaceBack()
      throw error
    }
  }

  #join(registered: RegisteredSession, received: number | undefined, isResumed: boolean): void {
    this.#release()
    ;({ session: this.#session } = registered)
    // The lost connection may look open from here for a while.
    registered.line.socket?.close(CLOSE.replaced, 'another connection took its place')
    registered.line.socket = closableOf(this.#socket)
    this.#session.attach(this.#own, registered.hello, received, isResumed)
    if (this.#closed.signal.aborted) this.#session.detach(this.#own)
  }

  #refuseWith(error: unknown): void {
    if (this.#closed.signal.aborted) return
    const frame = refusalFrame(error) ?? INTERNAL_ERROR
    const cause = error instanceof Error ? error.message : String(error)
    if (frame === INTERNAL_ERROR)
      this.#ports.log.error({ err: error }, 'a session of the SQL editor was not opened')
    else if (frame.refusal.name === 'gateway_unreachable')
      this.#ports.log.warn({ reason: cause }, 'the SQL editor does not reach the gateway')
    this.#own.send(writeFrame(frame))
    const isSignInOver = error instanceof RefusedError && error.refusal.name === 'console_session_over'
    this.#socket.close(isSignInOver ? CLOSE.signInOver : CLOSE.normal)
  }
}

function closeCode({ reason }: SqlServerFrame & { type: 'ended' }): [code: number, reason: string] {
  if (reason === 'sign_in_over') return [CLOSE.signInOver, reason]
  return [reason === 'server_stopping' ? CLOSE.goingAway : CLOSE.normal, reason]
}

/** No frame is this long, nor is what is sent without waiting for an answer. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024
/** A lost connection has little left to send, or nobody reads it. */
const MOST_LEFT_BYTES = 256 * 1024

const closableOf = (socket: WebSocket): Closable => ({
  close(code, reason) {
    if (code === CLOSE.replaced && socket.bufferedAmount > MOST_LEFT_BYTES) socket.terminate()
    else socket.close(code, reason)
  },
})

const outboxSocketOf = (socket: WebSocket): OutboxSocket => ({
  send(text) {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MOST_UNREAD_BYTES) socket.terminate()
    else socket.send(text)
  },
  ping(data) {
    if (socket.readyState === socket.OPEN) socket.ping(data)
  },
})

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8')

const UNKNOWN_SESSION: SqlServerFrame = {
  type: 'refused',
  refusal: {
    name: 'sql_session_unknown',
    message: 'This session has ended, with everything that was open in it. Open a new one.',
  },
}

const INTERNAL_ERROR: SqlServerFrame & { type: 'refused' } = {
  type: 'refused',
  refusal: { name: 'internal_error', sqlstate: 'XX000', message: 'An internal error occurred.' },
}
