/** The pools of one instance share its places for backends: whoever is idle makes room for whoever waits. */
import type { PoolCounts } from './pool-counts.ts'
import type { Pool } from './pool.ts'

export class InstanceBackends {
  readonly pools = new Map<string, Pool>()
  readonly counts: PoolCounts
  /** Of all pools, those that are kept for what a session left in them. */
  kept = 0
  readonly #most: number
  #count = 0

  constructor(most: number, counts: PoolCounts) {
    this.#most = most
    this.counts = counts
  }

  get hasRoom(): boolean {
    return this.#count < this.#most
  }

  /** Half of the places stay for those who come and go. */
  get mayKeepMore(): boolean {
    return this.kept < Math.floor(this.#most / 2)
  }

  /** Takes a place, if need be that of an idle backend of another pool. */
  take(asker: Pool): boolean {
    if (!this.hasRoom) this.#longestIdleBeside(asker)?.giveUpOne()
    if (!this.hasRoom) return false
    this.#count += 1
    return true
  }

  /** Gives a place back; who has waited longest and may use it gets it. */
  give(): void {
    this.#count -= 1
    this.serveLongestWaiting()
  }

  serveLongestWaiting(): void {
    const waiting = [...this.pools.values()]
      .flatMap((pool) => {
        const { oldestWaiter: since } = pool
        return since === undefined ? [] : [{ pool, since }]
      })
      .sort((one, other) => one.since - other.since)
    waiting[0]?.pool.serveWaiter()
  }

  #longestIdleBeside(asker: Pool): Pool | undefined {
    const [longest] = [...this.pools.values()]
      .flatMap((pool) => {
        const { idleSince: since } = pool
        return pool === asker || since === undefined ? [] : [{ pool, since }]
      })
      .sort((one, other) => one.since - other.since)
    return longest?.pool
  }

  /** Whether another pool waits for a place and there is none. */
  isWanted(owner: Pool): boolean {
    if (this.hasRoom) return false
    return [...this.pools.values()].some((pool) => pool !== owner && pool.oldestWaiter !== undefined)
  }
}
