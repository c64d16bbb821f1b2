/**
 * The backends of one pool: same instance, role, identity, database and startup parameters (docs/decisions/0011).
 * A session gets back the backend that it used last as long as no other one needed it; sessions that wait are served in turn.
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
  /** Logical sessions that belong here. */
  #sessions = 0
  /** What the last backend reported when it was opened; with it a login is answered without one. */
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

  /** Those that are being opened, emptied or kept included. */
  get backendsInUse(): number {
    return this.#size - this.#idle.size
  }

  get waiting(): number {
    return this.#line.length
  }

  get oldestWaiter(): number | undefined {
    return this.#hasOwnRoom() ? this.#line.firstSince : undefined
  }

  /** A session that was admitted; `leave` is its end. Backends that were opened under other terms go. */
  join({ spare, settingsFingerprint }: PoolTerms): void {
    this.#sessions += 1
    this.#useSettings(settingsFingerprint)
    this.keepSpare(spare)
  }

  /** Found between two logins: the terms may have changed since the last one, and logins here may be refused by now. */
  keepSpare(spare: Spare): void {
    this.#spare = spare
    this.#trim()
  }

  /** Without waiting: the backend that the session used last, if no other one has taken it. */
  takeOwn(tenant: Tenant): PooledBackend | undefined {
    return this.#idle.takeHomeOf(tenant)
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

  /** After a transaction: the session gets it back, unless another one waits. */
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

  /**
   * The session is over; what it left is taken away now, not when the next one comes.
   * @param tenant undefined when it never began
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

  /** Of the backend that has been idle for longest. */
  get idleSince(): number | undefined {
    return this.#idle.longest?.releasedAt
  }

  /**
   * Makes room for another pool of the instance, however briefly the backend has been idle: a session that waits for a place is
   * told of those that come free, and not of one that was idle already when it came. At once, unless its session has to
   * be moved out of it first.
   */
  giveUpOne(): void {
    const backend = this.#idle.longest
    if (backend !== undefined) void this.#dismiss(backend, 'evicted')
  }

  /** PostgreSQL has no place for another pool of the role or the database. No session loses state for it. */
  async yieldOne(): Promise<void> {
    const backend = this.#idle.longest
    if (backend !== undefined) await this.#dismiss(backend, 'yielded')
  }

  /** To be called when there may be room again, by the instance. */
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

  /** A statement needs the database without other sessions in it (make-way.ts). Backends that hold a session's state stay. */
  makeWay(): void {
    this.#dismissIdle('yielded')
  }

  close(): void {
    for (const backend of [...this.#idle.all(), ...this.#idle.resting()]) this.#retire(backend, 'unused')
  }

  /** Backends that were opened before go; one that is being opened now may have read these or those. */
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

  /** PostgreSQL does not tell when it has a place again, so those that wait try then. */
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

  /** In a place that was reserved. Undefined when PostgreSQL has none, and there is one now or others of the pool will be free. */
  async #open(signal: AbortSignal, since: number): Promise<PooledBackend | undefined> {
    const birth = this.#ages.birth()
    try {
      const backend = await this.#ports.open(signal)
      this.#ages.born(backend, birth)
      // Changed since the last login, they may be changed back before the next, which would find nothing new.
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
      // Those that are being opened have no place either.
      const othersWillBeFree = isFull && this.#all.size > 0
      if (othersWillBeFree && !hasPlaceNow) this.#rememberFull()
      this.#unreserve()
      if (hasPlaceNow || othersWillBeFree) return undefined
      throw error
    }
  }

  /** For another session. Undefined when it stays with its own, is gone, or is too old for another one. */
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

  /** With something in it that cannot be moved. A socket may have closed in the meantime, when nothing listened for it. */
  #rest(backend: PooledBackend): void {
    this.#idle.addResting(backend)
    if (!backend.isGone) return
    backend.socket.destroy()
    if (backend.socket.closed && this.#idle.deleteResting(backend) && backend.tenant !== undefined) {
      this.#moving.lose(backend, backend.tenant)
    }
  }

  /** It is free for any session. */
  #offer(backend: PooledBackend): void {
    if (backend.isGone) {
      backend.socket.destroy()
      return
    }
    const reason = this.#reasonToClose(backend)
    if (reason !== undefined) void this.#dismiss(backend, reason)
    else this.#lay(backend)
  }

  /** A session that waits gets it; else it is idle. */
  #lay(backend: PooledBackend): void {
    if (this.#line.serve(backend)) return
    backend.releasedAt = this.#ports.now()
    this.#idle.add(backend)
  }

  /** Instead of giving it to another session. A session that waits gets its place. */
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

  /** Closes an idle one, when its session is moved out of it. */
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
    // Who waits for the place may be given that of another.
    else this.#instance.serveLongestWaiting()
  }

  /** Its place is free at once, although the process takes a moment to go. */
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
