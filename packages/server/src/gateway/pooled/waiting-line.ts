/** The sessions that wait for a backend of one pool, in the order in which they began to wait. */
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import type { PooledBackend } from './backend.ts'
import type { PoolCounts } from './pool-counts.ts'

/** A backend, or a place to open one in. */
export type Found = PooledBackend | 'room'

interface Waiter {
  readonly since: number
  resolve(found: Found): void
}

export interface WaitingLinePorts {
  readonly now: () => number
  readonly counts: PoolCounts
  readonly limits: { readonly backendsPerPool: number; readonly waitMs: number }
  /** How many backends are kept for sessions; named in the refusal. */
  readonly kept: () => number
}

export class WaitingLine {
  readonly #ports: WaitingLinePorts
  readonly #waiters = new Set<Waiter>()

  constructor(ports: WaitingLinePorts) {
    this.#ports = ports
  }

  get length(): number {
    return this.#waiters.size
  }

  get firstSince(): number | undefined {
    const [first] = this.#waiters
    return first?.since
  }

  /** @returns false when no session waits */
  serve(found: Found): boolean {
    const [first] = this.#waiters
    first?.resolve(found)
    return first !== undefined
  }

  /**
   * @param since when the session began to wait; earlier than now if a backend it was offered stayed with another
   * session
   * @throws RefusedError pool_exhausted, or the reason of the signal
   */
  async wait(signal: AbortSignal, since: number): Promise<Found> {
    const { now, counts, limits } = this.#ports
    const begun = now()
    counts.waits += 1
    return new Promise((resolve, reject) => {
      const settle = () => {
        counts.waitedMs += now() - begun
        this.#waiters.delete(waiter)
        clearTimeout(deadline)
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        since,
        resolve: (found) => {
          settle()
          resolve(found)
        },
      }
      const onAbort = () => {
        settle()
        reject(signal.reason as Error)
      }
      const deadline = setTimeout(
        () => {
          settle()
          counts.timeouts += 1
          reject(this.#exhausted())
        },
        Math.max(0, limits.waitMs - (begun - since)),
      )
      signal.addEventListener('abort', onAbort)
      this.#add(waiter)
    })
  }

  #add(waiter: Waiter): void {
    const later = [...this.#waiters].filter(({ since }) => since > waiter.since)
    this.#waiters.add(waiter)
    for (const other of later) {
      this.#waiters.delete(other)
      this.#waiters.add(other)
    }
  }

  #exhausted(): RefusedError {
    const { limits, kept } = this.#ports
    return refused('pool_exhausted', {
      seconds: String(limits.waitMs / 1000),
      limit: String(limits.backendsPerPool),
      kept: String(kept()),
    })
  }
}
