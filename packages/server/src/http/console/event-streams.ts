/**
 * All hint streams of this server. They share one timer, which runs only while there are any: it sends keep-alives,
 * checks everybody's rights again within a minute, and keeps the gateways sending hints.
 */
import type { ConsoleEvent } from '@lakegate/client'
import type { IdentityId, InstanceUid } from '../../domain/ids.ts'
import type { LiveHint } from '../../domain/live-hint.ts'
import { createHintJournal, type HintJournal, type NumberedHint } from '../../operations/hint-journal.ts'
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

/** The person that reads the stream. */
export interface EventReader {
  readonly caller: Caller
  /** Versions of the server and of the console build that it serves. */
  readonly release: { readonly version: string; readonly build: string }
  /** The same person with the current rights. @throws RefusedError when the person may receive nothing any more */
  lookAgain(): Promise<Caller>
}

export interface EventStreams {
  /**
   * Answers with the stream.
   * @returns a function to call when the session is over
   * @throws RefusedError too_many_event_streams
   */
  open(stream: EventStream, reader: EventReader, lastEventId: string | undefined): Promise<() => void>
  say(hint: LiveHint): void
  /** Hints may have been missed: every browser must treat everything as changed. */
  missed(): void
  count(): number
  /** Ends all streams at once; no more are opened. */
  close(): void
}

const MOST = 2_000
const MOST_OF_ONE = 20
const TICK_MS = 5_000
/** Together with the tick: something is sent at least every 20 s. */
const SILENT_MS = 15_000
const LOOK_AGAIN_MS = 40_000
/** When a person's rights could not be checked for so long, no hints are sent until they could. */
const RIGHTS_MS = 60_000
const LOOKED_AT_ONCE = 10
const WATCH_AGAIN_MS = 20_000
/** Processes stop sending hints after a minute (store/live-hints.ts); no hint will tell of changes after that. */
const WATCH_LAPSES_MS = 50_000

interface Open {
  readonly stream: EventStream
  readonly reader: EventReader
  listener: HintListener
  lookedAtMs: number
  /** Waiting for a check of its rights, or being checked. */
  isLooking: boolean
  /** A hint was withheld while its rights were not known. */
  hasMissed: boolean
}

const SESSION_OVER = frameOf({ event: 'session_over', data: {} })

export const createEventStreams = (ports: EventStreamsPorts): EventStreams => new OpenEventStreams(ports)

class OpenEventStreams implements EventStreams {
  readonly #ports: EventStreamsPorts
  readonly #open = new Set<Open>()
  readonly #places = new Map<IdentityId, number>()
  #taken = 0
  #looking = 0
  readonly #inLine: Open[] = []
  #timer: NodeJS.Timeout | undefined
  #watchedAtMs = -Infinity
  #watching: Promise<void> | undefined
  #isClosed = false
  readonly #journal: HintJournal

  constructor(ports: EventStreamsPorts) {
    this.#ports = ports
    this.#journal = createHintJournal({
      newEpoch: this.#ports.newEpoch,
      uptimeMs: this.#ports.uptimeMs,
      after: (milliseconds, work) => void setTimeout(work, milliseconds).unref(),
      onHints: (hints) => {
        this.#publish(hints)
      },
    })
  }

  async open(stream: EventStream, reader: EventReader, lastEventId: string | undefined): Promise<() => void> {
    const { caller } = reader
    stream.whenClosed(this.#takePlace(caller))
    await this.#watch()
    const from = lastEventId ?? this.#journal.lastId()
    const lookedAtMs = this.#ports.uptimeMs()
    const listener = createHintListener(caller, await this.#ports.loadGranted(caller))
    const now = this.#ports.uptimeMs()
    if (stream.isOver) return () => undefined
    stream.begin(now)
    const before = this.#journal.since(from)
    const frames =
      before === undefined
        ? [this.#resync()]
        : before
            .filter(({ hint }) => mayHear(listener, hint))
            .map(({ id, hint }) => frameOf(eventOf(hint), id))
    // With an id, so that a browser has one when it reconnects.
    frames.push(frameOf({ event: 'version', data: reader.release }, this.#journal.lastId()))
    stream.write(frames.join(''), now)
    if (this.#isClosed) stream.end()
    else this.#enter({ stream, reader, listener, lookedAtMs, isLooking: false, hasMissed: false })
    return () => {
      stream.end(SESSION_OVER)
    }
  }

  say(hint: LiveHint): void {
    if (this.#open.size > 0 || this.#ports.uptimeMs() - this.#watchedAtMs < WATCH_LAPSES_MS)
      this.#journal.say(hint)
  }

  missed(): void {
    this.#journal.forget()
    const now = this.#ports.uptimeMs()
    for (const { stream } of this.#open) stream.write(this.#resync(), now)
  }

  count(): number {
    return this.#open.size
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const { stream } of this.#open) stream.end()
  }

  #resync(): string {
    return frameOf({ event: 'resync', data: {} }, this.#journal.lastId())
  }

  #publish(hints: readonly NumberedHint[]): void {
    const now = this.#ports.uptimeMs()
    const framed = hints.map(({ id, hint }) => ({ hint, frame: frameOf(eventOf(hint), id) }))
    for (const one of this.#open) {
      if (now - one.lookedAtMs >= RIGHTS_MS) {
        one.hasMissed = true
        continue
      }
      let frames = ''
      for (const { hint, frame } of framed) if (mayHear(one.listener, hint)) frames += frame
      if (frames !== '') one.stream.write(frames, now)
    }
  }

  #watch(): Promise<void> {
    if (this.#ports.uptimeMs() - this.#watchedAtMs < WATCH_AGAIN_MS) return Promise.resolve()
    this.#watching ??= this.#watchAgain().finally(() => {
      this.#watching = undefined
    })
    return this.#watching
  }

  async #watchAgain(): Promise<void> {
    const now = this.#ports.uptimeMs()
    try {
      await this.#ports.watch()
      if (now - this.#watchedAtMs > WATCH_LAPSES_MS) this.missed()
      this.#watchedAtMs = now
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'gateways could not be told that somebody watches')
    }
  }

  #lookAtNext(): void {
    while (this.#looking < LOOKED_AT_ONCE) {
      const next = this.#inLine.shift()
      if (next === undefined) return
      this.#looking += 1
      void this.#lookAgain(next).finally(() => {
        next.isLooking = false
        this.#looking -= 1
        this.#lookAtNext()
      })
    }
  }

  async #lookAgain(one: Open): Promise<void> {
    if (one.stream.isOver) return
    try {
      const lookedAtMs = this.#ports.uptimeMs()
      const caller = await one.reader.lookAgain()
      one.listener = createHintListener(caller, await this.#ports.loadGranted(caller))
      one.lookedAtMs = lookedAtMs
      if (one.hasMissed) one.stream.write(this.#resync(), this.#ports.uptimeMs())
      one.hasMissed = false
    } catch (error) {
      if (!(error instanceof RefusedError))
        this.#ports.log.warn({ err: error }, 'the rights of a reader of events could not be looked at')
      else one.stream.end(error.refusal.name === 'console_session_over' ? SESSION_OVER : '')
    }
  }

  #tick(): void {
    const now = this.#ports.uptimeMs()
    for (const one of this.#open) {
      one.stream.keepAlive(now, SILENT_MS)
      if (one.isLooking || now - one.lookedAtMs < LOOK_AGAIN_MS) continue
      one.isLooking = true
      this.#inLine.push(one)
    }
    this.#lookAtNext()
    void this.#watch()
  }

  #takePlace({ identity: { id } }: Caller): () => void {
    const own = this.#places.get(id) ?? 0
    if (own >= MOST_OF_ONE)
      throw tooMany(`you have ${String(MOST_OF_ONE)}, the most that one person may have`)
    if (this.#taken >= MOST) throw tooMany(`this server has ${String(MOST)}, the most that it takes`)
    this.#places.set(id, own + 1)
    this.#taken += 1
    return () => {
      this.#taken -= 1
      const left = (this.#places.get(id) ?? 0) - 1
      if (left > 0) this.#places.set(id, left)
      else this.#places.delete(id)
    }
  }

  #enter(one: Open): void {
    this.#open.add(one)
    one.stream.whenClosed(() => {
      this.#leave(one)
    })
    this.#timer ??= setInterval(() => {
      this.#tick()
    }, TICK_MS).unref()
  }

  #leave(one: Open): void {
    this.#open.delete(one)
    if (this.#open.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
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
