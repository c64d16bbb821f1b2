/**
 * Hints of the server that something changed (design 3.4): each makes what is known stale, and what is on the page is asked
 * again. One connection a browser: the leader holds it, the other tabs hear of it through a channel, because plain HTTP/1.1
 * allows six connections to a host for all tabs.
 */
import type { ConsoleEvent } from '@lakegate/client'
import type { QueryClient } from '@tanstack/react-query'
import { invalidateFor, invalidateLive } from './invalidation.ts'
import { openEventSource, type EventConnection, type LiveState } from './event-connection.ts'
import { reportSessionOver, sessionOver } from './session-over.ts'
import { createStore } from './store.ts'

export const liveState = createStore<LiveState>('connecting')

/** The build that the server holds, when it is another than the one with which this page was loaded. */
export const newBuild = createStore<string | undefined>(undefined)

const LOCK = 'lakegate-events'
const POLLS_EVERY = 15_000

type Message =
  | { readonly kind: 'event'; readonly event: ConsoleEvent }
  | { readonly kind: 'state'; readonly state: LiveState }
  /** A tab that has just begun: how are things? */
  | { readonly kind: 'hello' }

/**
 * @param build of the console with which the page was loaded
 * @returns a function that stops it
 */
export function startEvents(queries: QueryClient, build: string): () => void {
  const channel = new BroadcastChannel(LOCK)
  const stopped = new AbortController()
  let connection: EventConnection | undefined

  function hear(event: ConsoleEvent): void {
    if (event.event === 'session_over') reportSessionOver()
    if (event.event === 'version') newBuild.set(event.data.build === build ? undefined : event.data.build)
    invalidateFor(queries, event)
  }

  function enter(state: LiveState): void {
    const before = liveState.get()
    liveState.set(state)
    // Hints may have been missed meanwhile.
    if (state === 'live' && before === 'paused') invalidateLive(queries)
  }

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'hello') {
      if (connection !== undefined) tell({ kind: 'state', state: liveState.get() })
    } else if (data.kind === 'state') enter(data.state)
    else hear(data.event)
  }
  const tell = (message: Message) => {
    if (!stopped.signal.aborted) channel.postMessage(message)
  }

  function lead(): void {
    connection = openEventSource({
      onEvent: (event) => {
        hear(event)
        tell({ kind: 'event', event })
      },
      onState: (state) => {
        enter(state)
        tell({ kind: 'state', state })
      },
    })
  }

  tell({ kind: 'hello' })
  whenLeader(stopped.signal, lead)
  const stopLooking = sessionOver.subscribe(() => {
    if (sessionOver.get().state === 'over') connection?.pause()
    else connection?.resume()
  })
  const poll = setInterval(() => {
    if (liveState.get() === 'paused' && sessionOver.get().state !== 'over') invalidateLive(queries)
  }, POLLS_EVERY)
  return () => {
    stopped.abort()
    clearInterval(poll)
    stopLooking()
    connection?.close()
    channel.close()
  }
}

/** The lock is free again when its tab is gone, however it went. Without a secure context every tab leads. */
function whenLeader(signal: AbortSignal, lead: () => void): void {
  // Absent on plain http, other than the types say.
  const locks = (navigator as Partial<Navigator>).locks
  if (locks === undefined) {
    lead()
    return
  }
  const held = (): Promise<void> => {
    if (signal.aborted) return Promise.resolve()
    lead()
    return new Promise((release) => {
      signal.addEventListener('abort', () => release(), { once: true })
    })
  }
  locks.request(LOCK, { signal }, held).catch((error: unknown) => {
    // Stopped while it was waiting for its turn.
    if (!signal.aborted) throw error
  })
}
