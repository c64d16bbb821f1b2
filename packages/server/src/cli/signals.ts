/** What signals mean to a server in the foreground. */
import { closeSync, openSync } from 'node:fs'
import { Interrupted } from './interrupted.ts'

export interface Signals {
  /** Resolves at the first SIGINT or SIGTERM, and when the terminal that it was started from is closed. */
  readonly stopRequested: Promise<void>
  /** @throws Interrupted when a stop was requested */
  refuseToGoOn(): void
  /** SIGHUP of a server that has no terminal, or still has it. */
  onReload(work: () => void): void
  /** A second request to stop; a third one ends the process, as without us. Until it is given, the second one does. */
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
    // The kernel sends the same signal when a terminal goes; nobody wants what runs on without one.
    if (hadTerminal && !hasTerminal()) onStop('SIGHUP')
    else reload()
  })
  return {
    stopRequested,
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
    // ENXIO without a controlling terminal, EIO behind a hang-up, ENOENT where there are none at all.
    return false
  }
}
