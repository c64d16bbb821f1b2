/** One connection for hints, which reopens itself: at once when it breaks, with growing delays when it is refused. */
import type { ConsoleEvent } from '@lakegate/client'

/** `paused`: there is no connection, and the page polls from time to time. */
export type LiveState = 'connecting' | 'live' | 'paused'

export interface EventConnection {
  /** While nobody is signed in the server would only refuse the connection. */
  readonly pause: () => void
  readonly resume: () => void
  readonly close: () => void
}

/** After so many failures in a row the page no longer relies on the connection, and polls. */
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
      // The browser itself reopens a broken connection, but not one that was refused.
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
