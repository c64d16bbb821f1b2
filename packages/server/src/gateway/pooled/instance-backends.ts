/**
 * The pools of one instance share its places for backends: when a session of one pool waits, an idle backend of another
 * pool is closed.
 */
import type { PooledBackend } from './backend.ts'
import type { PoolCounts } from './pool-counts.ts'
import type { PlaceOfPool } from './pool-terms.ts'

/** How long a closed backend may take to end; PostgreSQL needs milliseconds, unless the machine is busy. */
const GOING_LIMIT_MS = 5_000

/** What pools of an instance know of each other. */
export interface PoolOfInstance {
  readonly place: PlaceOfPool
  /** Since when a session has waited for a place; undefined when none does. */
  readonly oldestWaiter: number | undefined
  /** Since when its longest idle backend has been idle. */
  readonly idleSince: number | undefined
  giveUpOne(): void
  yieldOne(): Promise<void>
  serveWaiter(): void
}

export class InstanceBackends<Pool extends PoolOfInstance = PoolOfInstance> {
  readonly pools = new Map<string, Pool>()
  readonly counts: PoolCounts
  /** How many backends, over all pools, are kept because of what a session left in them. */
  kept = 0
  readonly #most: number
  /** Backends that we have closed and PostgreSQL still counts as connections. */
  readonly #going = new Map<PooledBackend, Promise<void>>()
  #count = 0

  constructor(most: number, counts: PoolCounts) {
    this.#most = most
    this.counts = counts
  }

  get hasRoom(): boolean {
    return this.#count < this.#most
  }

  /** Half of the places are reserved for sessions that keep no backend. */
  get mayKeepMore(): boolean {
    return this.kept < Math.floor(this.#most / 2)
  }

  /** Takes a place; if need be, by closing an idle backend of another pool. */
  take(asker: PoolOfInstance): boolean {
    if (!this.hasRoom) this.#longestIdleBeside(asker)?.giveUpOne()
    if (!this.hasRoom) return false
    this.#count += 1
    return true
  }

  /** Gives a place back; the pool whose session has waited longest gets it. */
  give(): void {
    this.#count -= 1
    this.serveLongestWaiting()
  }

  /** A backend was sent Terminate. PostgreSQL counts it until its process ends, which closes the socket. */
  isGoing(backend: PooledBackend): void {
    if (backend.socket.closed) return
    const gone = new Promise<void>((resolve) => {
      backend.socket.once('close', () => {
        this.#going.delete(backend)
        resolve()
      })
    })
    this.#going.set(backend, gone)
  }

  /**
   * PostgreSQL has no place for another backend of the pool: idle backends of the same role or database in other pools
   * are closed, and backends that are being closed are waited for.
   * @returns whether opening may be tried again
   */
  async freePlace(asker: PoolOfInstance, signal: AbortSignal): Promise<boolean> {
    const related = [...this.pools.values()].filter((pool) => pool !== asker && isCountedWith(pool, asker))
    await Promise.all(related.map((pool) => pool.yieldOne()))
    if (this.#going.size === 0) return false
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(GOING_LIMIT_MS)])
    const waited = new Promise<void>((resolve) => {
      deadline.addEventListener('abort', () => {
        resolve()
      })
    })
    await Promise.race([waited, ...this.#going.values()])
    return !deadline.aborted
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

  #longestIdleBeside(asker: PoolOfInstance): Pool | undefined {
    const [longest] = [...this.pools.values()]
      .flatMap((pool) => {
        const { idleSince: since } = pool
        return pool === asker || since === undefined ? [] : [{ pool, since }]
      })
      .sort((one, other) => one.since - other.since)
    return longest?.pool
  }

  /** Whether another pool waits for a place and none is free. */
  isWanted(owner: PoolOfInstance): boolean {
    if (this.hasRoom) return false
    return [...this.pools.values()].some((pool) => pool !== owner && pool.oldestWaiter !== undefined)
  }
}

const isCountedWith = ({ place: one }: PoolOfInstance, { place: other }: PoolOfInstance): boolean =>
  one.roleOid === other.roleOid || one.databaseOid === other.databaseOid
