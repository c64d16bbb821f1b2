/** A clock that tests turn by hand: timers go off in their order when their time has come, and never by themselves. */
import type { Clock } from '../../src/tokens/clock.ts'

interface Timer {
  readonly at: number
  readonly call: () => void
  readonly keepsAlive: boolean
}

export class TurnedClock implements Clock {
  #steady = 0
  #wall = Date.parse('2026-01-01T00:00:00Z')
  readonly #timers = new Set<Timer>()

  wallTime = (): number => this.#wall
  steadyTime = (): number => this.#steady

  after(milliseconds: number, call: () => void, keepsAlive: boolean): () => void {
    const timer = { at: this.#steady + milliseconds, call, keepsAlive }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many timers keep the process alive, and how many do not. */
  get timers(): { readonly keepAlive: number; readonly inBackground: number } {
    const keepAlive = [...this.#timers].filter((timer) => timer.keepsAlive).length
    return { keepAlive, inBackground: this.#timers.size - keepAlive }
  }

  /** Lets time pass, with everything that happens in it. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#steady + milliseconds
    for (;;) {
      await settle()
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#go(Math.max(next.at, this.#steady))
      next.call()
    }
    this.#go(end)
    await settle()
  }

  /** Somebody sets the clock of the wall, ahead or back. */
  set(byMilliseconds: number): void {
    this.#wall += byMilliseconds
  }

  /** The machine sleeps: only the clock of the wall goes on. */
  sleep(milliseconds: number): void {
    this.#wall += milliseconds
  }

  #go(steady: number): void {
    this.#wall += steady - this.#steady
    this.#steady = steady
  }
}

/** Everything that only waits for promises has happened. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
