/**
 * Handles hints of the server that something has changed (design 3.4): each hint invalidates cached data, and what is
 * on the page is read again. There is one connection per browser: the leading tab holds it, and the other tabs receive
 * the hints through a channel, because plain HTTP/1.1 allows only six connections to a host for all tabs.
 */
import type { ConsoleEvent } from '@lakegate/client'
import type { QueryClient } from '@tanstack/react-query'
import { invalidateFor, invalidateLive } from './invalidation.ts'
import { openEventSource, type EventConnection, type LiveState } from './event-connection.ts'
import { reportSessionOver, sessionOver } from './session-over.ts'
import { createStore } from './store.ts'

export const liveState = createStore<LiveState>('connecting')

/** The build that the server serves, if it differs from the one with which this page was loaded. */
export const newBuild = createStore<string | undefined>(undefined)

const LOCK = 'lakegate-events'
const POLLS_EVERY = 15_000

type Message =
  | { readonly kind: 'event'; readonly event: ConsoleEvent }
  | { readonly kind: 'state'; readonly state: LiveState }
  /** Sent by a tab that has just started, to learn the current state. */
  | { readonly kind: 'hello' }

/**
 * @param build the console build with which the page was loaded
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

/**
 * The browser releases the lock when its tab is gone, for whatever reason. Without a secure context there are no locks,
 * and every tab leads.
 */
function whenLeader(signal: AbortSignal, lead: () => void): void {
  // Absent on plain http, contrary to the types.
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
    // It was stopped while it waited for the lock.
    if (!signal.aborted) throw error
  })
}
