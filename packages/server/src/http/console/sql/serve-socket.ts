/** One WebSocket from its first frame to its last: it opens a session or comes back to one, and then hears and is heard. */
import type { SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import type { RawData, WebSocket } from 'ws'
import { refused, RefusedError } from '../../../operations/refused-error.ts'
import { requireCsrfValue } from '../csrf.ts'
import type { ConsoleSession, ConsoleSessions } from '../session.ts'
import { createFrameBudget } from './frame-budget.ts'
import { readFrame, writeFrame } from './frames.ts'
import { openSqlSession, refusalFrame, type Browser, type OpeningPorts } from './open-session.ts'
import type { OutboxSocket } from './outbox.ts'
import type { Closable, RegisteredSession, SessionRegistry } from './registry.ts'
import type { SessionFrame, SessionPorts, SqlSession } from './session.ts'

export interface SocketPorts extends OpeningPorts {
  readonly registry: SessionRegistry
  readonly consoleSessions: Pick<ConsoleSessions, 'whenOver'>
  /** The session of the browser as it is now. @throws RefusedError console_session_over */
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
/** RFC 6455 §7.4.1; from 4000 on they are ours. */
const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
  replaced: 4001,
  signInOver: 4401,
} as const
/** Of a browser that is right there is none. */
const MOST_MISUNDERSTOOD = 20

/** @param release the place that it has among those without a session */
export function serveSqlSocket(socket: WebSocket, ports: SocketPorts, release: () => void): void {
  const { registry, clock, schedule, log } = ports
  const own = outboxSocketOf(socket)
  const budget = createFrameBudget(clock)
  const closed = new AbortController()
  let session: SqlSession | undefined
  let isBegun = false
  let misunderstood = 0
  /** Of its pings, whether the last one was answered. */
  let isAlive = true

  const takeBackDeadline = schedule(FIRST_FRAME_MS, () => {
    socket.close(CLOSE.policy, 'no first frame')
  })
  let takeBackHeartbeat = schedule(PING_EVERY_MS, beat)

  socket.on('message', (data: RawData, isBinary: boolean) => {
    hear(isBinary ? undefined : readFrame(textOf(data)))
  })
  socket.on('pong', (data: Buffer) => {
    isAlive = true
    session?.answered(data.toString('latin1'))
  })
  // No browser sends any; each is answered by the library.
  socket.on('ping', () => {
    if (!budget.take()) socket.terminate()
  })
  // Too long a frame, no UTF-8, a reset: the close follows.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    takeBackDeadline()
    takeBackHeartbeat()
    release()
    closed.abort()
    session?.detach(own)
  })

  function beat(): void {
    if (!isAlive) {
      socket.terminate()
      return
    }
    isAlive = false
    if (session === undefined) socket.ping('0')
    else session.ping()
    takeBackHeartbeat = schedule(PING_EVERY_MS, beat)
  }

  function hear(frame: SqlClientFrame | undefined): void {
    if (socket.readyState !== socket.OPEN) return
    if (!budget.take()) {
      socket.close(CLOSE.policy, 'too many frames')
      return
    }
    if (!isBegun) {
      if (frame?.type !== 'open' && frame?.type !== 'resume') {
        socket.close(CLOSE.policy, 'open or resume comes first')
        return
      }
      isBegun = true
      takeBackDeadline()
      begin(frame).catch((error: unknown) => {
        refuseWith(error)
      })
      return
    }
    // Before the session is there nothing can be asked of it.
    const isHeard =
      frame !== undefined &&
      frame.type !== 'open' &&
      frame.type !== 'resume' &&
      session?.hear(frame satisfies SessionFrame) === true
    if (!isHeard) notUnderstood(frame)
  }

  function notUnderstood(frame: SqlClientFrame | undefined): void {
    misunderstood += 1
    if (misunderstood > MOST_MISUNDERSTOOD) {
      socket.close(CLOSE.policy, 'frames out of order')
      return
    }
    const what =
      frame === undefined ? 'The frame is not known' : `The frame «${frame.type}» makes no sense now`
    own.send(writeFrame({ type: 'not_understood', message: `${what}; nothing was done.` }))
  }

  async function begin(frame: SqlClientFrame & { type: 'open' | 'resume' }): Promise<void> {
    const consoleSession = await ports.findConsoleSession()
    requireCsrfValue(frame.csrf, consoleSession)
    if (frame.type === 'open') await open(frame, consoleSession)
    else resume(frame, consoleSession)
  }

  function resume(frame: SqlClientFrame & { type: 'resume' }, { id, caller }: ConsoleSession): void {
    const { session_key: key } = frame
    const found = registry.find(key)
    // Another person's key, and one of another browser of the same person, is none.
    if (found?.consoleSessionId !== id || found.personId !== caller.identity.id) {
      own.send(writeFrame(registry.endOf(key, id, clock()) ?? UNKNOWN_SESSION))
      socket.close(CLOSE.normal)
      return
    }
    join(found, frame.received, true)
  }

  async function open(
    frame: SqlClientFrame & { type: 'open' },
    consoleSession: ConsoleSession,
  ): Promise<void> {
    const { caller, id } = consoleSession
    const givePlaceBack = registry.takePlace(caller.identity.id)
    if (givePlaceBack === undefined) throw refused('too_many_sql_sessions')
    let key: string | undefined
    let end: SqlServerFrame | undefined
    let stopAsking: (() => void) | undefined
    const forget = (of: string, last: SqlServerFrame): void => {
      const ended = registry.find(of)
      registry.remove(of, last, clock())
      if (last.type === 'ended') ended?.line.socket?.close(...closeCode(last))
    }
    const sessionPorts: SessionPorts = {
      clock,
      schedule,
      keptShare: ports.keptShare,
      onEnded(last) {
        givePlaceBack()
        stopAsking?.()
        end = last
        if (key !== undefined) forget(key, last)
      },
      onFailure(error) {
        log.error({ err: error }, 'a session of the SQL editor failed')
      },
    }
    try {
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(LOGIN_MS)])
      const opened = await openSqlSession(frame, caller, ports.browser, ports, sessionPorts, signal)
      key = opened.hello.session_key
      const registered = {
        ...opened,
        personId: caller.identity.id,
        consoleSessionId: id,
        line: { socket: undefined },
      }
      registry.add(key, registered)
      stopAsking = ports.consoleSessions.whenOver(consoleSession, () => {
        opened.session.end('sign_in_over')
      })
      join(registered, undefined, false)
      // PostgreSQL may have ended it while the last facts about it were looked up.
      if (end !== undefined) {
        stopAsking()
        forget(key, end)
      }
    } catch (error) {
      givePlaceBack()
      throw error
    }
  }

  function join(registered: RegisteredSession, received: number | undefined, isResumed: boolean): void {
    release()
    ;({ session } = registered)
    // The line that was lost may look open from here for a while.
    registered.line.socket?.close(CLOSE.replaced, 'another connection took its place')
    registered.line.socket = closableOf(socket)
    session.attach(own, registered.hello, received, isResumed)
    if (closed.signal.aborted) session.detach(own)
  }

  function refuseWith(error: unknown): void {
    if (closed.signal.aborted) return
    const frame = refusalFrame(error) ?? INTERNAL_ERROR
    const cause = error instanceof Error ? error.message : String(error)
    if (frame === INTERNAL_ERROR) log.error({ err: error }, 'a session of the SQL editor was not opened')
    else if (frame.refusal.name === 'gateway_unreachable')
      log.warn({ reason: cause }, 'the SQL editor does not reach the gateway')
    own.send(writeFrame(frame))
    const isSignInOver = error instanceof RefusedError && error.refusal.name === 'console_session_over'
    socket.close(isSignInOver ? CLOSE.signInOver : CLOSE.normal)
  }
}

function closeCode({ reason }: SqlServerFrame & { type: 'ended' }): [code: number, reason: string] {
  if (reason === 'sign_in_over') return [CLOSE.signInOver, reason]
  return [reason === 'server_stopping' ? CLOSE.goingAway : CLOSE.normal, reason]
}

/** A frame is never this long, nor what is sent without an answer. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024
/** What is left of a line that was lost is little, or nobody reads it. */
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
