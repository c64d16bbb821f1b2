/** One connection for hints, which opens itself again: at once when it breaks, later and later when it is refused. */
import type { ConsoleEvent } from '@lakegate/client'

/** `paused`: the page asks by itself now and then, as long as it must. */
export type LiveState = 'connecting' | 'live' | 'paused'

export interface EventConnection {
  /** Nobody is signed in: the server would only refuse it. */
  readonly pause: () => void
  readonly resume: () => void
  readonly close: () => void
}

/** After so many failures in a row the page no longer counts on it, and polls. */
const FAILURES_UNTIL_PAUSED = 2
const FIRST_DELAY = 1_000
const LONGEST_DELAY = 30_000

const NAMES: readonly ConsoleEvent['event'][] = [
  'resync',
  'instance',
  'sessions',
  'audit',
  'session_over',
  'version',
]

export function openEventSource(heard: {
  readonly onEvent: (event: ConsoleEvent) => void
  readonly onState: (state: LiveState) => void
}): EventConnection {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0

  function open(): void {
    source = new EventSource('/console/api/events')
    source.onopen = () => {
      failures = 0
      heard.onState('live')
    }
    source.onerror = () => {
      failures += 1
      if (failures >= FAILURES_UNTIL_PAUSED) heard.onState('paused')
      // The browser itself opens again what broke; not what was refused.
      if (source?.readyState !== EventSource.CLOSED) return
      timer = setTimeout(open, Math.min(FIRST_DELAY * 2 ** failures, LONGEST_DELAY))
    }
    for (const name of NAMES) {
      source.addEventListener(name, ({ data }: MessageEvent<string>) => {
        heard.onEvent({ event: name, data: JSON.parse(data) as unknown } as ConsoleEvent)
      })
    }
  }

  function pause(): void {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }

  open()
  return {
    pause,
    resume: () => {
      if (source !== undefined && source.readyState !== EventSource.CLOSED) return
      pause()
      open()
    },
    close: pause,
  }
}
