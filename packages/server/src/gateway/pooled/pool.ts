/**
 * The backends of one pool: same instance, role, identity, database and startup parameters (docs/decisions/0011).
 * A session gets back the backend that it used last while nobody else needed it; who has to wait, waits in line.
 */
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import type { PooledBackend, Tenant } from './backend.ts'
import { BackendRefused } from './open-backend.ts'
import type { InstanceBackends } from './instance-backends.ts'
import type { CloseReason } from './pool-counts.ts'

export interface PoolLimits {
  readonly backendsPerPool: number
  readonly backendsPerInstance: number
  readonly waitMs: number
  readonly idleMs: number
}

export interface PoolPorts {
  readonly open: (signal: AbortSignal) => Promise<PooledBackend>
  /** A number between 0 and 1 that nobody can foresee. */
  readonly random: () => number
  /** Milliseconds that only go forward. */
  readonly now: () => number
}

/** Between two transactions of a busy session; while there is room, a backend is not taken from it. */
const STILL_IN_USE_MS = 10
/** After PostgreSQL itself had no place for another backend. */
const FULL_FOR_MS = 1_000
/** max_connections, or CONNECTION LIMIT of the role or the database */
const TOO_MANY_CONNECTIONS = '53300'

interface Waiter {
  readonly since: number
  resolve(found: PooledBackend | 'room'): void
}

export class Pool {
  readonly #ports: PoolPorts
  readonly #limits: PoolLimits
  readonly #instance: InstanceBackends
  /** Here and below the longest idle first. */
  readonly #clean = new Set<PooledBackend>()
  readonly #idle = new Set<PooledBackend>()
  readonly #waiters = new Set<Waiter>()
  readonly #all = new Set<PooledBackend>()
  #size = 0
  #fullUntil = -Infinity
  /** Logical sessions that belong here. */
  sessions = 0
  /** What the last backend reported when it was opened; with it a login is answered without one. */
  opening: ReadonlyMap<string, string> | undefined

  constructor(ports: PoolPorts, limits: PoolLimits, instance: InstanceBackends) {
    this.#ports = ports
    this.#limits = limits
    this.#instance = instance
  }

  get isUnused(): boolean {
    return this.sessions === 0 && this.#size === 0 && this.#waiters.size === 0
  }

  get idleBackends(): number {
    return this.#clean.size + this.#idle.size
  }

  /** Those that are being opened or emptied included. */
  get backendsInUse(): number {
    return this.#size - this.idleBackends
  }

  get waiting(): number {
    return this.#waiters.size
  }

  get oldestWaiter(): number | undefined {
    const [first] = this.#waiters
    return first !== undefined && this.#hasOwnRoom() ? first.since : undefined
  }

  /** Without waiting: the backend that the session used last, if nobody has taken it. */
  takeOwn(tenant: Tenant): PooledBackend | undefined {
    const backend = tenant.home
    if (backend === undefined || !this.#idle.delete(backend)) return undefined
    return backend
  }

  /** @throws RefusedError pool_exhausted, and what opening a backend throws; or the reason of the signal */
  async acquire(tenant: Tenant, signal: AbortSignal): Promise<PooledBackend> {
    for (;;) {
      signal.throwIfAborted()
      const found = this.#takeFree() ?? (this.#reserve() ? 'room' : await this.#wait(signal))
      const backend = found === 'room' ? await this.#open(signal) : await this.#empty(found)
      if (backend === undefined) continue
      if (signal.aborted) {
        this.#offer(backend)
        signal.throwIfAborted()
      }
      backend.tenant = tenant
      return backend
    }
  }

  /** After a transaction: the session gets it back, unless somebody waits. */
  release(backend: PooledBackend): void {
    backend.takeBack()
    if (backend.tenant !== undefined) backend.tenant.home = backend
    this.#offer(backend)
  }

  /** Unused since it was acquired. */
  putBack(backend: PooledBackend): void {
    backend.tenant = undefined
    backend.takeBack()
    this.#offer(backend)
  }

  /** The session is over; what it left is taken away now, not when the next one comes. */
  leave(tenant: Tenant): void {
    this.sessions -= 1
    const backend = this.takeOwn(tenant)
    if (backend === undefined) return
    void this.#empty(backend).then((emptied) => {
      if (emptied !== undefined) this.#offer(emptied)
    })
  }

  /** Of the backend that has been idle for longest. */
  get idleSince(): number | undefined {
    return this.#longestIdle()?.releasedAt
  }

  /**
   * Makes room for another pool of the instance, however briefly the backend has been idle: who waits for a place is
   * told of those that come free, and not of one that was idle already when it came.
   */
  giveUpOne(): void {
    const backend = this.#longestIdle()
    if (backend !== undefined) this.#retire(backend, 'evicted')
  }

  /** To be called when there may be room again, by the instance. */
  serveWaiter(): void {
    const waiter = first(this.#waiters)
    if (waiter !== undefined && this.#reserve()) waiter.resolve('room')
  }

  retireIdle(): void {
    const now = this.#ports.now()
    for (const backend of [...this.#clean, ...this.#idle]) {
      if (now - backend.releasedAt >= this.#limits.idleMs) this.#retire(backend, 'unused')
    }
  }

  close(): void {
    for (const backend of [...this.#clean, ...this.#idle]) this.#retire(backend, 'unused')
  }

  #longestIdle(): PooledBackend | undefined {
    const [clean, idle] = [first(this.#clean), first(this.#idle)]
    if (clean === undefined || idle === undefined) return clean ?? idle
    return clean.releasedAt <= idle.releasedAt ? clean : idle
  }

  #hasOwnRoom(): boolean {
    return this.#size < this.#limits.backendsPerPool && this.#ports.now() >= this.#fullUntil
  }

  #takeFree(): PooledBackend | undefined {
    const clean = first(this.#clean)
    if (clean !== undefined) {
      this.#clean.delete(clean)
      return clean
    }
    const idle = first(this.#idle)
    if (idle === undefined) return undefined
    const isStillInUse = this.#ports.now() - idle.releasedAt < STILL_IN_USE_MS
    if (isStillInUse && this.#hasOwnRoom() && this.#instance.hasRoom) return undefined
    this.#idle.delete(idle)
    return idle
  }

  #reserve(): boolean {
    if (!this.#hasOwnRoom() || !this.#instance.take(this)) return false
    this.#size += 1
    return true
  }

  #unreserve(): void {
    this.#size -= 1
    this.#instance.give()
  }

  async #wait(signal: AbortSignal): Promise<PooledBackend | 'room'> {
    const { counts } = this.#instance
    counts.waits += 1
    return new Promise((resolve, reject) => {
      const settle = () => {
        counts.waitedMs += this.#ports.now() - waiter.since
        this.#waiters.delete(waiter)
        clearTimeout(impatience)
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        since: this.#ports.now(),
        resolve: (found) => {
          settle()
          resolve(found)
        },
      }
      const onAbort = () => {
        settle()
        reject(signal.reason as Error)
      }
      const impatience = setTimeout(() => {
        settle()
        counts.timeouts += 1
        reject(
          new RefusedError(
            refuse('pool_exhausted', {
              seconds: String(this.#limits.waitMs / 1000),
              limit: String(this.#limits.backendsPerPool),
            }),
          ),
        )
      }, this.#limits.waitMs)
      signal.addEventListener('abort', onAbort)
      this.#waiters.add(waiter)
    })
  }

  /** In a place that was reserved. Undefined when PostgreSQL has none and others of the pool will be free. */
  async #open(signal: AbortSignal): Promise<PooledBackend | undefined> {
    try {
      const backend = await this.#ports.open(signal)
      this.#all.add(backend)
      this.#instance.counts.opened += 1
      this.opening = new Map(backend.reported)
      const onClose = () => {
        this.#clean.delete(backend)
        this.#idle.delete(backend)
        this.#closed(backend, 'lost')
      }
      backend.socket.once('close', onClose)
      if (backend.socket.destroyed) onClose()
      return backend
    } catch (error) {
      const othersWillBeFree =
        this.#size > 1 && error instanceof BackendRefused && error.sqlstate === TOO_MANY_CONNECTIONS
      if (othersWillBeFree) this.#fullUntil = this.#ports.now() + FULL_FOR_MS
      this.#unreserve()
      if (othersWillBeFree) return undefined
      throw error
    }
  }

  async #empty(backend: PooledBackend): Promise<PooledBackend | undefined> {
    if (backend.tenant === undefined) return backend
    this.#instance.counts.resets += 1
    return (await backend.reset(this.#ports.random())) ? backend : undefined
  }

  #offer(backend: PooledBackend): void {
    if (backend.isGone) {
      backend.socket.destroy()
      return
    }
    const waiter = first(this.#waiters)
    if (waiter !== undefined) {
      waiter.resolve(backend)
      return
    }
    backend.releasedAt = this.#ports.now()
    if (this.#instance.isWanted(this)) {
      this.#retire(backend, 'evicted')
      return
    }
    if (backend.tenant === undefined) this.#clean.add(backend)
    else this.#idle.add(backend)
  }

  /** Its place is free at once, although the process takes a moment to go. */
  #retire(backend: PooledBackend, reason: CloseReason): void {
    this.#clean.delete(backend)
    this.#idle.delete(backend)
    if (backend.tenant?.home === backend) backend.tenant.home = undefined
    backend.retire()
    this.#closed(backend, reason)
  }

  #closed(backend: PooledBackend, reason: CloseReason): void {
    if (!this.#all.delete(backend)) return
    this.#instance.counts.closed[reason] += 1
    this.#unreserve()
  }
}

const first = <Element>(set: ReadonlySet<Element>): Element | undefined => {
  const [element] = set
  return element
}
