/** What signals mean to a server in the foreground. */
import { closeSync, openSync } from 'node:fs'

export interface Signals {
  /** Resolves at the first SIGINT or SIGTERM, and when the terminal that it was started from is closed. */
  readonly stopRequested: Promise<void>
  /** SIGHUP of a server that has no terminal, or still has it. */
  onReload(work: () => void): void
  /** A second request to stop; a third one ends the process, as without us. */
  onImpatience(work: () => void): void
}

export function listenToSignals(): Signals {
  const hadTerminal = hasTerminal()
  let reload: () => void = () => undefined
  let hurry: () => void = () => undefined
  let requests = 0
  const stopRequested = new Promise<void>((resolve) => {
    const onStop = () => {
      requests += 1
      if (requests === 1) resolve()
      else hurry()
      if (requests === 2) for (const signal of STOPPING) process.off(signal, onStop)
    }
    for (const signal of STOPPING) process.on(signal, onStop)
    process.on('SIGHUP', () => {
      // The kernel sends the same signal when a terminal goes; nobody wants what runs on without one.
      if (hadTerminal && !hasTerminal()) onStop()
      else reload()
    })
  })
  return {
    stopRequested,
    onReload: (work) => {
      reload = work
    },
    onImpatience: (work) => {
      hurry = work
    },
  }
}

const STOPPING = ['SIGINT', 'SIGTERM'] as const

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    // ENXIO without a controlling terminal, EIO behind a hang-up, ENOENT where there are none at all.
    return false
  }
}
