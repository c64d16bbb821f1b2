/** The time, as the library reads it and waits for it; tests turn it by hand. */
import { clearTimeout, setTimeout } from 'node:timers'

/** The time, as the library reads it and waits for it. */
export interface Clock {
  /** Milliseconds since 1970, which somebody may set back or ahead at any moment. */
  wallTime(): number
  /** Milliseconds that only grow, but may stand still while a laptop sleeps. */
  steadyTime(): number
  /**
   * Calls back once after so many milliseconds.
   * @param keepsAlive whether the process may not end before that
   * @returns takes it back
   */
  after(milliseconds: number, call: () => void, keepsAlive: boolean): () => void
}

/** What a timer can wait for: more overflows to nothing. */
const LONGEST_TIMER = 2 ** 31 - 1

export const systemClock: Clock = {
  wallTime: () => Date.now(),
  steadyTime: () => performance.now(),
  after(milliseconds, call, keepsAlive) {
    const timer = setTimeout(call, Math.min(Math.max(milliseconds, 0), LONGEST_TIMER))
    if (!keepsAlive) timer.unref()
    return () => clearTimeout(timer)
  },
}

/** The work itself goes on. @throws the reason of `signal` when that comes first */
export function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** @throws the reason of `signal` when that comes first */
export function wait(
  clock: Clock,
  milliseconds: number,
  keepsAlive: boolean,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      takeBack()
      reject(signal?.reason as Error)
    }
    const takeBack = clock.after(
      milliseconds,
      () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      },
      keepsAlive,
    )
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
