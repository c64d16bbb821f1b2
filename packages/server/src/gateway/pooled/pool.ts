/**
 * The backends of one pool: same instance, role, identity, database and startup parameters (docs/decisions/0011). A
 * session gets back the backend that it used last unless another session has needed it; waiting sessions are served in
 * order.
 */
import { BackendAges } from './backend-ages.ts'
import { BackendRefused } from './backend-ends.ts'
import type { PooledBackend, Tenant } from './backend.ts'
import { IdleBackends } from './idle-backends.ts'
import type { InstanceBackends } from './instance-backends.ts'
import { KeptBackends } from './kept-backends.ts'
import { MovingOut } from './moving-out.ts'
import type { CloseReason } from './pool-counts.ts'
import type { PlaceOfPool, PoolLimits, PoolPorts, PoolTerms, Spare } from './pool-terms.ts'
import { WaitingLine } from './waiting-line.ts'

/**
 * A busy session pauses about this long between two transactions; while there is room for another backend, its backend
 * is not taken.
 */
const STILL_IN_USE_MS = 10
/** How long no backend is opened after PostgreSQL itself had no place for another one. */
const FULL_FOR_MS = 1_000
/** SQLSTATE for max_connections, or CONNECTION LIMIT of the role or the database. */
const TOO_MANY_CONNECTIONS = '53300'

/** The backend on which a session goes on, and whether that is the one it used last, as it left it. */
export interface Acquired {
  readonly backend: PooledBackend
  readonly isOwn: boolean
}

export class Pool {
  readonly place: PlaceOfPool
  readonly #ports: PoolPorts
  readonly #limits: PoolLimits
  readonly #instance: InstanceBackends
  readonly #idle = new IdleBackends()
  readonly #kept: KeptBackends
  readonly #moving: MovingOut
  readonly #line: WaitingLine
  readonly #ages: BackendAges
  readonly #all = new Set<PooledBackend>()
  #size = 0
  #fullUntil = -Infinity
  #spare: Spare = 'any'
  /** Logical sessions of this pool. */
  #sessions = 0
  /** What the last opened backend reported; with it, a login is answered without waiting for a backend. */
  opening: ReadonlyMap<string, string> | undefined

  constructor(place: PlaceOfPool, ports: PoolPorts, limits: PoolLimits, instance: InstanceBackends) {
    this.place = place
    this.#ports = ports
    this.#limits = limits
    this.#instance = instance
    this.#ages = new BackendAges(limits.lifetimeMs, ports)
    this.#kept = new KeptBackends(limits.backendsPerPool, instance)
    this.#moving = new MovingOut(this.#kept, ports.random, (backend, isKept) => {
      if (isKept) this.#rest(backend)
      else this.#lay(backend)
    })
    const { now } = ports
    this.#line = new WaitingLine({ now, counts: instance.counts, limits, kept: () => this.#kept.size })
  }

  get sessions(): number {
    return this.#sessions
  }

  get isUnused(): boolean {
    return this.#sessions === 0 && this.#size === 0 && this.#line.length === 0
  }

  get idleBackends(): number {
    return this.#idle.size
  }

  /** Includes backends that are being opened, emptied or kept. */
  get backendsInUse(): number {
    return this.#size - this.#idle.size
  }

  get waiting(): number {
    return this.#line.length
  }

  get oldestWaiter(): number | undefined {
    return this.#hasOwnRoom() ? this.#line.firstSince : undefined
  }

  /** An admitted session begins; `leave` ends it. Backends that were opened under other terms are closed. */
  join({ spare, settingsFingerprint }: PoolTerms): void {
    this.#sessions += 1
    this.#useSettings(settingsFingerprint)
    this.keepSpare(spare)
  }

  /**
   * Also called between two logins: the limits may have changed since the last one, and no login may get through to
   * report it.
   */
  keepSpare(spare: Spare): void {
    this.#spare = spare
    this.#trim()
  }

  /** Does not wait: returns the backend that the session used last, if no other session has taken it. */
  takeOwn(tenant: Tenant): PooledBackend | undefined {
    return this.#idle.takeHomeOf(tenant)
  }

  /**
   * @param tenant undefined for a login, which leaves nothing in the backend
   * @throws RefusedError pool_exhausted, the errors of opening a backend, or the reason of the signal
   */
  async acquire(tenant: Tenant | undefined, signal: AbortSignal): Promise<Acquired> {
    const since = this.#ports.now()
    for (;;) {
      await tenant?.moving
      signal.throwIfAborted()
      const own = tenant === undefined ? undefined : this.takeOwn(tenant)
      if (own !== undefined) return { backend: own, isOwn: true }
      const found = this.#takeFree() ?? (this.#reserve() ? 'room' : await this.#line.wait(signal, since))
      const backend = found === 'room' ? await this.#open(signal, since) : await this.#empty(found)
      if (backend === undefined) continue
      if (signal.aborted) {
        this.#offer(backend)
        signal.throwIfAborted()
      }
      backend.tenant = tenant
      return { backend, isOwn: false }
    }
  }

  /** Called after a transaction: the session gets the backend back, unless another session waits. */
  release(backend: PooledBackend): void {
    backend.takeBack()
    const { tenant } = backend
    if (tenant !== undefined) tenant.home = backend
    // Nothing has run that could have removed what the backend is kept for.
    if (this.#kept.has(backend) && tenant?.leftovers.isSuspected === false) this.#rest(backend)
    else this.#offer(backend)
  }

  /** The backend was not used since it was acquired. */
  putBack(backend: PooledBackend): void {
    backend.tenant = undefined
    backend.takeBack()
    this.#offer(backend)
  }

  /**
   * The session is over; what it left is removed now, rather than when the next session comes.
   * @param tenant undefined when the session never began
   */
  leave(tenant: Tenant | undefined): void {
    this.#sessions -= 1
    const backend = tenant === undefined ? undefined : this.takeOwn(tenant)
    const reason = backend === undefined ? undefined : this.#reasonToClose(backend)
    if (backend !== undefined && reason !== undefined) this.#retire(backend, reason)
    else if (backend !== undefined) {
      void this.#empty(backend).then((emptied) => {
        if (emptied !== undefined) this.#offer(emptied)
      })
    }
    this.#trim()
  }

  /** Since when the longest idle backend has been idle. */
  get idleSince(): number | undefined {
    return this.#idle.longest?.releasedAt
  }

  /**
   * Closes the longest idle backend to make room for another pool of the instance, however briefly it has been idle: a
   * waiting session is served only by places that become free after it began to wait, not by a backend that was idle
   * already. Takes effect at once, unless a session has to be moved out of the backend first.
   */
  giveUpOne(): void {
    const backend = this.#idle.longest
    if (backend !== undefined) void this.#dismiss(backend, 'evicted')
  }

  /** PostgreSQL has no place for another pool of the same role or database. No session loses its state for that. */
  async yieldOne(): Promise<void> {
    const backend = this.#idle.longest
    if (backend !== undefined) await this.#dismiss(backend, 'yielded')
  }

  /** Called by the instance when there may be room again. */
  serveWaiter(): void {
    if (this.#line.length > 0 && this.#reserve()) this.#line.serve('room')
  }

  retireIdle(): void {
    const now = this.#ports.now()
    for (const backend of this.#idle.all()) {
      if (this.#ages.isOver(backend)) void this.#dismiss(backend, 'outdated')
      else if (now - backend.releasedAt >= this.#limits.idleMs) void this.#dismiss(backend, 'unused')
    }
  }

  /**
   * A statement needs the database without other sessions in it (make-way.ts). Backends that hold a session's state are
   * kept.
   */
  makeWay(): void {
    this.#dismissIdle('yielded')
  }

  close(): void {
    for (const backend of [...this.#idle.all(), ...this.#idle.resting()]) this.#retire(backend, 'unused')
  }

  /**
   * Closes backends that were opened with other settings; one that is being opened now may have read the old or the new
   * ones.
   */
  #useSettings(fingerprint: string): void {
    if (!this.#ages.useSettings(fingerprint)) return
    this.opening = undefined
    this.#dismissIdle('outdated')
  }

  #hasOwnRoom(): boolean {
    return this.#size < this.#limits.backendsPerPool && this.#ports.now() >= this.#fullUntil
  }

  #takeFree(): PooledBackend | undefined {
    return this.#idle.take((left) => {
      const isStillInUse = this.#ports.now() - left.releasedAt < STILL_IN_USE_MS
      return !(isStillInUse && this.#hasOwnRoom() && this.#instance.hasRoom)
    })
  }

  #reserve(): boolean {
    if (!this.#hasOwnRoom() || !this.#instance.take(this)) return false
    this.#size += 1
    return true
  }

  /** PostgreSQL does not report when it has a place again, so waiting sessions try again after this time. */
  #rememberFull(): void {
    this.#fullUntil = this.#ports.now() + FULL_FOR_MS
    setTimeout(() => {
      this.#fullUntil = -Infinity
      while (this.#line.length > 0 && this.#reserve()) this.#line.serve('room')
    }, FULL_FOR_MS).unref()
  }

  #unreserve(): void {
    this.#size -= 1
    this.#instance.give()
  }

  /**
   * Opens a backend in a reserved place. Resolves to undefined when PostgreSQL has no place for it, but a place is free
   * now or another backend of the pool will be; then the caller tries again.
   */
  async #open(signal: AbortSignal, since: number): Promise<PooledBackend | undefined> {
    const birth = this.#ages.birth()
    try {
      const backend = await this.#ports.open(signal)
      this.#ages.born(backend, birth)
      // Settings that changed after the last login may be changed back before the next one, which would then see no
      // change.
      if (backend.openedWith !== undefined) this.#useSettings(backend.openedWith)
      this.#all.add(backend)
      this.#instance.counts.opened += 1
      if (!this.#ages.isOver(backend)) this.opening = new Map(backend.reported)
      const onClose = () => {
        const { tenant } = backend
        const wasIdle = this.#idle.delete(backend)
        if (wasIdle && tenant !== undefined) this.#moving.lose(backend, tenant)
        this.#closed(backend, 'lost')
      }
      backend.socket.once('close', onClose)
      if (backend.socket.destroyed) onClose()
      return backend
    } catch (error) {
      const isFull = error instanceof BackendRefused && error.sqlstate === TOO_MANY_CONNECTIONS
      const isInTime = this.#ports.now() - since < this.#limits.waitMs
      const hasPlaceNow = isFull && isInTime && (await this.#instance.freePlace(this, signal))
      // Only open backends count: those that are being opened have no place either.
      const othersWillBeFree = isFull && this.#all.size > 0
      if (othersWillBeFree && !hasPlaceNow) this.#rememberFull()
      this.#unreserve()
      if (hasPlaceNow || othersWillBeFree) return undefined
      throw error
    }
  }

  /**
   * Empties a backend for another session. Resolves to undefined when its session keeps it, or when it has ended or is
   * too old.
   */
  async #empty(backend: PooledBackend): Promise<PooledBackend | undefined> {
    const { tenant } = backend
    const isOver = this.#ages.isOver(backend)
    if (tenant !== undefined && (!isOver || this.#moving.mustAsk(backend, tenant))) {
      this.#instance.counts.resets += 1
      if ((await this.#moving.moveOut(backend, tenant, 'needed')) !== 'emptied') return undefined
    }
    if (!isOver) return backend
    this.#retire(backend, 'outdated')
    return undefined
  }

  /**
   * Keeps a backend whose contents cannot be moved for its session. Its socket may have closed while nothing listened
   * to it.
   */
  #rest(backend: PooledBackend): void {
    this.#idle.addResting(backend)
    if (!backend.isGone) return
    backend.socket.destroy()
    if (backend.socket.closed && this.#idle.deleteResting(backend) && backend.tenant !== undefined) {
      this.#moving.lose(backend, backend.tenant)
    }
  }

  /** The backend is free for any session. */
  #offer(backend: PooledBackend): void {
    if (backend.isGone) {
      backend.socket.destroy()
      return
    }
    const reason = this.#reasonToClose(backend)
    if (reason !== undefined) void this.#dismiss(backend, reason)
    else this.#lay(backend)
  }

  /** A waiting session gets the backend; otherwise it becomes idle. */
  #lay(backend: PooledBackend): void {
    if (this.#line.serve(backend)) return
    backend.releasedAt = this.#ports.now()
    this.#idle.add(backend)
  }

  /** Why the backend should be closed instead of going to another session. A waiting session gets its place. */
  #reasonToClose(backend: PooledBackend): CloseReason | undefined {
    if (this.#ages.isOver(backend)) return 'outdated'
    if (this.#line.length > 0) return undefined
    if (this.#instance.isWanted(this)) return 'evicted'
    return this.#hasTooMany() ? 'unused' : undefined
  }

  #hasTooMany(): boolean {
    switch (this.#spare) {
      case 'none':
        return true
      case 'for_sessions':
        return this.#size > this.#sessions
      case 'any':
        return false
    }
  }

  #trim(): void {
    for (const backend of this.#idle.all()) if (this.#hasTooMany()) void this.#dismiss(backend, 'unused')
  }

  #dismissIdle(reason: CloseReason): void {
    for (const backend of this.#idle.all()) void this.#dismiss(backend, reason)
  }

  /** Closes an idle backend, after its session has been moved out of it. */
  async #dismiss(backend: PooledBackend, reason: CloseReason): Promise<void> {
    const { tenant } = backend
    if (tenant === undefined || tenant.isOver || !this.#moving.mustAsk(backend, tenant)) {
      this.#retire(backend, reason)
      return
    }
    this.#idle.delete(backend)
    const why = reason === 'evicted' ? 'needed' : 'unneeded'
    const outcome = await this.#moving.moveOut(backend, tenant, why)
    if (outcome === 'emptied') this.#retire(backend, reason)
    // This backend stays, but the sessions that wait for a place may be given another one.
    else this.#instance.serveLongestWaiting()
  }

  /** Its place is free at once, although the process takes a moment to end. */
  #retire(backend: PooledBackend, reason: CloseReason): void {
    this.#idle.delete(backend)
    if (backend.tenant?.home === backend) backend.tenant.home = undefined
    backend.retire()
    this.#instance.isGoing(backend)
    this.#closed(backend, reason)
  }

  #closed(backend: PooledBackend, reason: CloseReason): void {
    if (!this.#all.delete(backend)) return
    this.#kept.keepNoLonger(backend)
    this.#instance.counts.closed[reason] += 1
    this.#unreserve()
  }
}
