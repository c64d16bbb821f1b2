/**
 * All streams of hints of this server. One timer for all of them, and only while there are any: it keeps them alive, looks at
 * the rights of everybody again within a minute, and keeps the gateways telling.
 */
import type { ConsoleEvent } from '@lakegate/client'
import type { IdentityId, InstanceUid } from '../../domain/ids.ts'
import type { LiveHint } from '../../domain/live-hint.ts'
import { createHintJournal, type NumberedHint } from '../../operations/hint-journal.ts'
import { refused, RefusedError } from '../../operations/refused-error.ts'
import { createHintListener, mayHear, type HintListener } from '../../policy/live-hints.ts'
import type { Caller, InstancePermissionLevel } from '../../policy/permissions.ts'
import type { HttpLog } from '../server.ts'
import { frameOf, type EventStream } from './event-stream.ts'

export interface EventStreamsPorts {
  readonly loadGranted: (caller: Caller) => Promise<ReadonlyMap<InstanceUid, InstancePermissionLevel>>
  /** Makes the gateways send hints for the next minute. */
  readonly watch: () => Promise<void>
  readonly uptimeMs: () => number
  readonly newEpoch: () => string
  readonly log: HttpLog
}

/** Whose stream it is. */
export interface EventReader {
  readonly caller: Caller
  /** Of the server and of the console that it holds. */
  readonly release: { readonly version: string; readonly build: string }
  /** The same person at this moment. @throws RefusedError when it may hear nothing any more */
  lookAgain(): Promise<Caller>
}

export interface EventStreams {
  /**
   * Answers, until the stream is over.
   * @returns the way to say that the session is over
   * @throws RefusedError too_many_event_streams
   */
  open(stream: EventStream, reader: EventReader, lastEventId: string | undefined): Promise<() => void>
  say(hint: LiveHint): void
  /** Hints may have been missed: everybody takes everything for changed. */
  missed(): void
  count(): number
  /** Ends all of them, at once; no more are opened. */
  close(): void
}

const MOST = 2_000
const MOST_OF_ONE = 20
const TICK_MS = 5_000
/** With the tick: a word every 20 s at least. */
const SILENT_MS = 15_000
const LOOK_AGAIN_MS = 40_000
/** Whose rights could not be looked at for so long hears nothing more until they were. */
const RIGHTS_MS = 60_000
const LOOKED_AT_ONCE = 10
const WATCH_AGAIN_MS = 20_000
/** Gateways stop after a minute (store/live-hints.ts); what happened then is known to nobody. */
const WATCH_LAPSES_MS = 50_000

interface Open {
  readonly stream: EventStream
  readonly reader: EventReader
  listener: HintListener
  lookedAtMs: number
  /** In line for a look at its rights, or being looked at. */
  isLooking: boolean
  /** There was something to hear while its rights were not known. */
  hasMissed: boolean
}

const SESSION_OVER = frameOf({ event: 'session_over', data: {} })

export function createEventStreams(ports: EventStreamsPorts): EventStreams {
  const open = new Set<Open>()
  const places = new Map<IdentityId, number>()
  let taken = 0
  let looking = 0
  const inLine: Open[] = []
  let timer: NodeJS.Timeout | undefined
  let watchedAtMs = -Infinity
  let watching: Promise<void> | undefined
  let isClosed = false
  const journal = createHintJournal({
    newEpoch: ports.newEpoch,
    uptimeMs: ports.uptimeMs,
    after: (milliseconds, work) => void setTimeout(work, milliseconds).unref(),
    onHints: publish,
  })
  const resync = () => frameOf({ event: 'resync', data: {} }, journal.lastId())

  function publish(hints: readonly NumberedHint[]): void {
    const now = ports.uptimeMs()
    const framed = hints.map(({ id, hint }) => ({ hint, frame: frameOf(eventOf(hint), id) }))
    for (const one of open) {
      if (now - one.lookedAtMs >= RIGHTS_MS) {
        one.hasMissed = true
        continue
      }
      let frames = ''
      for (const { hint, frame } of framed) if (mayHear(one.listener, hint)) frames += frame
      if (frames !== '') one.stream.write(frames, now)
    }
  }

  function missed(): void {
    journal.forget()
    const now = ports.uptimeMs()
    for (const { stream } of open) stream.write(resync(), now)
  }

  function watch(): Promise<void> {
    if (ports.uptimeMs() - watchedAtMs < WATCH_AGAIN_MS) return Promise.resolve()
    watching ??= watchAgain().finally(() => {
      watching = undefined
    })
    return watching
  }

  async function watchAgain(): Promise<void> {
    const now = ports.uptimeMs()
    try {
      await ports.watch()
      if (now - watchedAtMs > WATCH_LAPSES_MS) missed()
      watchedAtMs = now
    } catch (error) {
      ports.log.warn({ err: error }, 'gateways could not be told that somebody watches')
    }
  }

  function lookAtNext(): void {
    while (looking < LOOKED_AT_ONCE) {
      const next = inLine.shift()
      if (next === undefined) return
      looking += 1
      void lookAgain(next).finally(() => {
        next.isLooking = false
        looking -= 1
        lookAtNext()
      })
    }
  }

  async function lookAgain(one: Open): Promise<void> {
    if (one.stream.isOver) return
    try {
      const lookedAtMs = ports.uptimeMs()
      const caller = await one.reader.lookAgain()
      one.listener = createHintListener(caller, await ports.loadGranted(caller))
      one.lookedAtMs = lookedAtMs
      if (one.hasMissed) one.stream.write(resync(), ports.uptimeMs())
      one.hasMissed = false
    } catch (error) {
      if (!(error instanceof RefusedError))
        ports.log.warn({ err: error }, 'the rights of a reader of events could not be looked at')
      else one.stream.end(error.refusal.name === 'console_session_over' ? SESSION_OVER : '')
    }
  }

  function tick(): void {
    const now = ports.uptimeMs()
    for (const one of open) {
      one.stream.keepAlive(now, SILENT_MS)
      if (one.isLooking || now - one.lookedAtMs < LOOK_AGAIN_MS) continue
      one.isLooking = true
      inLine.push(one)
    }
    lookAtNext()
    void watch()
  }

  function takePlace({ identity: { id } }: Caller): () => void {
    const own = places.get(id) ?? 0
    if (own >= MOST_OF_ONE)
      throw tooMany(`you have ${String(MOST_OF_ONE)}, the most that one person may have`)
    if (taken >= MOST) throw tooMany(`this server has ${String(MOST)}, the most that it takes`)
    places.set(id, own + 1)
    taken += 1
    return () => {
      taken -= 1
      const left = (places.get(id) ?? 0) - 1
      if (left > 0) places.set(id, left)
      else places.delete(id)
    }
  }

  function enter(one: Open): void {
    open.add(one)
    one.stream.whenClosed(() => {
      leave(one)
    })
    timer ??= setInterval(tick, TICK_MS).unref()
  }

  function leave(one: Open): void {
    open.delete(one)
    if (open.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    async open(stream, reader, lastEventId) {
      const { caller } = reader
      stream.whenClosed(takePlace(caller))
      await watch()
      const from = lastEventId ?? journal.lastId()
      const lookedAtMs = ports.uptimeMs()
      const listener = createHintListener(caller, await ports.loadGranted(caller))
      const now = ports.uptimeMs()
      if (stream.isOver) return () => undefined
      stream.begin(now)
      const before = journal.since(from)
      const frames =
        before === undefined
          ? [resync()]
          : before
              .filter(({ hint }) => mayHear(listener, hint))
              .map(({ id, hint }) => frameOf(eventOf(hint), id))
      // With an id, so that a browser has one to come back with.
      frames.push(frameOf({ event: 'version', data: reader.release }, journal.lastId()))
      stream.write(frames.join(''), now)
      if (isClosed) stream.end()
      else enter({ stream, reader, listener, lookedAtMs, isLooking: false, hasMissed: false })
      return () => {
        stream.end(SESSION_OVER)
      }
    },
    say(hint) {
      if (open.size > 0 || ports.uptimeMs() - watchedAtMs < WATCH_LAPSES_MS) journal.say(hint)
    },
    missed,
    count: () => open.size,
    close() {
      isClosed = true
      clearInterval(timer)
      for (const { stream } of open) stream.end()
    },
  }
}

function eventOf(hint: LiveHint): ConsoleEvent {
  switch (hint.kind) {
    case 'instance':
      return { event: 'instance', data: { name: hint.instance.name } }
    case 'sessions':
      return { event: 'sessions', data: { instance: hint.instance.name } }
    case 'audit':
      return { event: 'audit', data: {} }
  }
}

const tooMany = (whose: string): RefusedError => refused('too_many_event_streams', { whose })
