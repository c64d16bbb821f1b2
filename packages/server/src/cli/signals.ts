/** How a server in the foreground reacts to signals. */
import { closeSync, openSync } from 'node:fs'
import { Interrupted } from './interrupted.ts'

export interface Signals {
  /** Resolves at the first SIGINT or SIGTERM, and when the terminal from which it was started is closed. */
  readonly stopRequested: Promise<void>
  /** The same as the first SIGTERM. */
  requestStop(): void
  /** @throws Interrupted when a stop was requested */
  refuseToGoOn(): void
  /** Handles SIGHUP, unless the signal means that the terminal was closed. */
  onReload(work: () => void): void
  /**
   * Handles a second request to stop; a third one ends the process with the signal's default action. Until a handler is
   * set, the second one does that.
   */
  onSecondRequest(work: () => void): void
}

type StoppingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export function listenToSignals(): Signals {
  const hadTerminal = hasTerminal()
  let reload: () => void = () => undefined
  let answerSecond: (() => void) | undefined
  let first: StoppingSignal | undefined
  let resolveStop: () => void = () => undefined
  const stopRequested = new Promise<void>((resolve) => {
    resolveStop = resolve
  })
  const onStop = (signal: StoppingSignal) => {
    if (first === undefined) {
      first = signal
      resolveStop()
      return
    }
    for (const stopping of STOPPING) process.off(stopping, onStop)
    if (answerSecond === undefined) process.kill(process.pid, signal === 'SIGHUP' ? 'SIGTERM' : signal)
    else answerSecond()
  }
  for (const signal of STOPPING) process.on(signal, onStop)
  process.on('SIGHUP', () => {
    // The kernel sends the same signal when the terminal is closed; a server in the foreground then has no user any
    // more.
    if (hadTerminal && !hasTerminal()) onStop('SIGHUP')
    else reload()
  })
  return {
    stopRequested,
    requestStop: () => {
      if (first === undefined) onStop('SIGTERM')
    },
    refuseToGoOn: () => {
      if (first !== undefined) throw new Interrupted(first)
    },
    onReload: (work) => {
      reload = work
    },
    onSecondRequest: (work) => {
      answerSecond = work
    },
  }
}

const STOPPING = ['SIGINT', 'SIGTERM'] as const

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    // ENXIO without a controlling terminal, EIO after a hang-up, ENOENT on a system without terminals.
    return false
  }
}
