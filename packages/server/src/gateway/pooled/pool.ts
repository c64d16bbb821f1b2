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

/** Where a session goes on, and whether it is the backend that it used last, as it left it. */
export interface Acquired {
  readonly backend: PooledBackend
  readonly isOwn: boolean
}

/** Of a backend that was to be emptied: it is; it stays with its session; it is gone. */
type Outcome = 'emptied' | 'kept' | 'gone'

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
  /** With something in them that cannot be moved: they are their sessions' alone. */
  readonly #kept = new Set<PooledBackend>()
  /** Those of them that nobody uses at the moment. */
  readonly #resting = new Set<PooledBackend>()
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

  /** Those that are being opened, emptied or kept included. */
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
    if (backend === undefined) return undefined
    return this.#idle.delete(backend) || this.#resting.delete(backend) ? backend : undefined
  }

  /**
   * @param tenant undefined for a login, which leaves nothing
   * @throws RefusedError pool_exhausted, and what opening a backend throws; or the reason of the signal
   */
  async acquire(tenant: Tenant | undefined, signal: AbortSignal): Promise<Acquired> {
    const since = this.#ports.now()
    for (;;) {
      await tenant?.moving
      signal.throwIfAborted()
      const own = tenant === undefined ? undefined : this.takeOwn(tenant)
      if (own !== undefined) return { backend: own, isOwn: true }
      const found = this.#takeFree() ?? (this.#reserve() ? 'room' : await this.#wait(signal, since))
      const backend = found === 'room' ? await this.#open(signal) : await this.#empty(found)
      if (backend === undefined) continue
      if (signal.aborted) {
        this.#offer(backend)
        signal.throwIfAborted()
      }
      backend.tenant = tenant
      return { backend, isOwn: false }
    }
  }

  /** After a transaction: the session gets it back, unless somebody waits. */
  release(backend: PooledBackend): void {
    backend.takeBack()
    const { tenant } = backend
    if (tenant !== undefined) tenant.home = backend
    // Nothing happened by which what is in it could have gone.
    if (this.#kept.has(backend) && tenant?.leftovers.isSuspected === false) this.#rest(backend)
    else this.#offer(backend)
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
   * told of those that come free, and not of one that was idle already when it came. At once, unless its session has to
   * be moved out of it first.
   */
  giveUpOne(): void {
    const backend = this.#longestIdle()
    if (backend !== undefined) this.#dismiss(backend, 'evicted')
  }

  /** To be called when there may be room again, by the instance. */
  serveWaiter(): void {
    const waiter = first(this.#waiters)
    if (waiter !== undefined && this.#reserve()) waiter.resolve('room')
  }

  retireIdle(): void {
    const now = this.#ports.now()
    for (const backend of [...this.#clean, ...this.#idle]) {
      if (now - backend.releasedAt >= this.#limits.idleMs) this.#dismiss(backend, 'unused')
    }
  }

  close(): void {
    for (const backend of [...this.#clean, ...this.#idle, ...this.#resting]) this.#retire(backend, 'unused')
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

  /** @param since when the session began to wait: what it was given may have had to stay with another */
  async #wait(signal: AbortSignal, since: number): Promise<PooledBackend | 'room'> {
    const { counts } = this.#instance
    const begun = this.#ports.now()
    counts.waits += 1
    return new Promise((resolve, reject) => {
      const settle = () => {
        counts.waitedMs += this.#ports.now() - begun
        this.#waiters.delete(waiter)
        clearTimeout(impatience)
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
      const impatience = setTimeout(
        () => {
          settle()
          counts.timeouts += 1
          reject(
            new RefusedError(
              refuse('pool_exhausted', {
                seconds: String(this.#limits.waitMs / 1000),
                limit: String(this.#limits.backendsPerPool),
                kept: String(this.#kept.size),
              }),
            ),
          )
        },
        Math.max(0, this.#limits.waitMs - (begun - since)),
      )
      signal.addEventListener('abort', onAbort)
      const later = [...this.#waiters].filter((other) => other.since > since)
      this.#waiters.add(waiter)
      for (const other of later) {
        this.#waiters.delete(other)
        this.#waiters.add(other)
      }
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
        const { tenant } = backend
        const wasItsHome = this.#idle.delete(backend) || this.#resting.delete(backend)
        if (wasItsHome && tenant !== undefined) this.#lose(backend, tenant)
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

  /** For somebody else. Undefined when it stays with its session, or is gone. */
  async #empty(backend: PooledBackend): Promise<PooledBackend | undefined> {
    const { tenant } = backend
    if (tenant === undefined) return backend
    this.#instance.counts.resets += 1
    return (await this.#moveOut(backend, tenant, 'needed')) === 'emptied' ? backend : undefined
  }

  /** @param why when nobody needs it, a session is not ended for it */
  async #moveOut(backend: PooledBackend, tenant: Tenant, why: 'needed' | 'unused'): Promise<Outcome> {
    if (tenant.isOver || !this.#mustAsk(backend, tenant)) {
      this.#keepNoLonger(backend)
      return (await backend.reset(this.#ports.random())) === undefined ? 'gone' : 'emptied'
    }
    const outcome = this.#askAndEmpty(backend, tenant, why)
    tenant.moving = outcome.then(() => {
      tenant.moving = undefined
    })
    return outcome
  }

  #mustAsk(backend: PooledBackend, { leftovers }: Tenant): boolean {
    return leftovers.isSuspected || this.#kept.has(backend)
  }

  async #askAndEmpty(backend: PooledBackend, tenant: Tenant, why: 'needed' | 'unused'): Promise<Outcome> {
    const { leftovers } = tenant
    const { customNames } = leftovers
    const found = await backend.ask(customNames)
    if (found === undefined) {
      this.#lose(backend, tenant)
      return 'gone'
    }
    tenant.wasAsked()
    const held = [...found.held, ...leftovers.unseen]
    if (held.length > 0 && !tenant.isOver) {
      if (this.#keep(backend)) {
        leftovers.settled()
        this.#rest(backend)
        return 'kept'
      }
      if (why === 'unused') {
        backend.releasedAt = this.#ports.now()
        this.#idle.add(backend)
        return 'kept'
      }
      tenant.endBecause(
        new RefusedError(
          refuse('pooled_state_not_kept', { held: held.join('; '), limit: String(this.#mostKept) }),
        ),
      )
    }
    this.#keepNoLonger(backend)
    const empty = await backend.reset(this.#ports.random(), customNames)
    const custom = [...found.custom].filter(([name, value]) => value !== (empty?.get(name) ?? ''))
    leftovers.settings = new Map([...custom, ...found.settings])
    leftovers.settled()
    return empty === undefined ? 'gone' : 'emptied'
  }

  /** Half of the pool stays for those who come and go. */
  get #mostKept(): number {
    return Math.floor(this.#limits.backendsPerPool / 2)
  }

  #keep(backend: PooledBackend): boolean {
    if (this.#kept.has(backend)) return true
    if (this.#kept.size >= this.#mostKept || !this.#instance.mayKeepMore) return false
    this.#kept.add(backend)
    this.#instance.kept += 1
    return true
  }

  #keepNoLonger(backend: PooledBackend): void {
    if (this.#kept.delete(backend)) this.#instance.kept -= 1
  }

  /** A socket that closed in the meantime has told so already, to nobody. */
  #rest(backend: PooledBackend): void {
    this.#resting.add(backend)
    if (!backend.isGone) return
    backend.socket.destroy()
    if (backend.socket.closed && this.#resting.delete(backend) && backend.tenant !== undefined) {
      this.#lose(backend, backend.tenant)
    }
  }

  /** With what its session had in it, if it had something. */
  #lose(backend: PooledBackend, tenant: Tenant): void {
    if (tenant.home === backend) tenant.home = undefined
    if (this.#mustAsk(backend, tenant)) tenant.endBecause(new RefusedError(refuse('pooled_state_lost')))
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
      this.#dismiss(backend, 'evicted')
      return
    }
    if (backend.tenant === undefined) this.#clean.add(backend)
    else this.#idle.add(backend)
  }

  /** Closes an idle one, when its session is moved out of it. */
  #dismiss(backend: PooledBackend, reason: 'evicted' | 'unused'): void {
    const { tenant } = backend
    if (tenant === undefined || tenant.isOver || !this.#mustAsk(backend, tenant)) {
      this.#retire(backend, reason)
      return
    }
    this.#idle.delete(backend)
    void this.#moveOut(backend, tenant, reason === 'evicted' ? 'needed' : 'unused').then((outcome) => {
      if (outcome === 'emptied') this.#retire(backend, reason)
      // Who waits for the place may be given that of another.
      else this.#instance.serveLongestWaiting()
    })
  }

  /** Its place is free at once, although the process takes a moment to go. */
  #retire(backend: PooledBackend, reason: CloseReason): void {
    this.#clean.delete(backend)
    this.#idle.delete(backend)
    this.#resting.delete(backend)
    if (backend.tenant?.home === backend) backend.tenant.home = undefined
    backend.retire()
    this.#closed(backend, reason)
  }

  #closed(backend: PooledBackend, reason: CloseReason): void {
    if (!this.#all.delete(backend)) return
    this.#keepNoLonger(backend)
    this.#instance.counts.closed[reason] += 1
    this.#unreserve()
  }
}

const first = <Element>(set: ReadonlySet<Element>): Element | undefined => {
  const [element] = set
  return element
}
