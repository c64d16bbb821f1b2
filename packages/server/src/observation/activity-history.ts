/**
 * What all gateways did for every instance in the last 24 hours, a point for every ten seconds, in the memory of this control
 * plane alone: a restart begins anew. An hour without anything costs nothing (activity-hour.ts: what one costs); above a
 * bound of all hours together, 79 MB, the oldest ones go first.
 */
import {
  SLOT_SECONDS,
  slotAt,
  type ActivityPoint,
  type ActivityReport,
  type InstanceLoad,
} from '../domain/instance-activity.ts'
import { percentileOfLoginTimes } from '../domain/login-times.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { ActivityHistory } from '../operations/ports/activity.ts'
import type { Clock } from '../operations/ports/clock.ts'
import { addTo } from './activity-counter.ts'
import { ActivityHour, quietPoint, SLOTS_OF_HOUR } from './activity-hour.ts'

export const KEPT_SLOTS = (24 * 3600) / SLOT_SECONDS
const MOST_HOURS = 5_000
/** How many slots may pass until a report of one counts for its load no more. */
const CARRIED_SLOTS = 1
/** A report that was written down late, or by a clock that is behind, still adds what it counted. */
const OPEN_SLOTS = 3

export interface RunningActivityHistory extends ActivityHistory {
  hear(report: ActivityReport): void
  /** These are all instances that there are; others are forgotten, and not begun. */
  know(uids: ReadonlySet<InstanceUid>): void
  /** Completes the slots that are over. To be called once in each, when the reports of the last one are there. */
  complete(): void
}

interface Gateway {
  lastSlot: number
  loads: ReadonlyMap<InstanceUid, InstanceLoad>
}

export const createActivityHistory = (clock: Clock, mostHours = MOST_HOURS): RunningActivityHistory =>
  new KeptActivityHistory(clock, mostHours)

class KeptActivityHistory implements RunningActivityHistory {
  readonly #clock: Clock
  readonly #mostHours: number
  readonly #since: Date
  readonly #firstSlot: number
  #completeSlot: number
  #known: ReadonlySet<InstanceUid> = new Set()
  readonly #hours = new Map<InstanceUid, Map<number, ActivityHour>>()
  readonly #gateways = new Map<string, Gateway>()
  /** Of the slots that are not complete. */
  readonly #times = new Map<number, Map<InstanceUid, Map<number, number>>>()
  #heldHours = 0

  constructor(clock: Clock, mostHours: number) {
    this.#clock = clock
    this.#mostHours = mostHours
    this.#since = this.#clock()
    this.#firstSlot = slotAt(this.#since)
    this.#completeSlot = this.#firstSlot - 1
  }

  collectedSince(): Date {
    return this.#since
  }

  hear({ gatewayId, slot: told, instances }: ActivityReport): void {
    const now = slotAt(this.#clock())
    // By a clock that is ahead.
    const slot = Math.min(told, now)
    this.#forgetGateways(now)
    const before = this.#gateways.get(gatewayId)
    const isNewer = before === undefined || slot > before.lastSlot
    const loads = new Map(isNewer ? [] : before.loads)
    for (const activity of instances) {
      const uid = activity.instanceUid
      if (!this.#known.has(uid)) continue
      loads.set(uid, activity.now)
      if (slot < this.#firstSlot || slot <= now - KEPT_SLOTS) continue
      if (hasCounted(activity)) this.#hourOf(uid, slot)?.add(slot, activity)
      if (slot <= this.#completeSlot || slot <= now - OPEN_SLOTS || activity.loginTimes.size === 0) continue
      const ofSlot = this.#times.get(slot) ?? new Map<InstanceUid, Map<number, number>>()
      const own = ofSlot.get(uid) ?? new Map<number, number>()
      for (const [bucket, count] of activity.loginTimes) addTo(own, bucket, count)
      this.#times.set(slot, ofSlot.set(uid, own))
    }
    if (before === undefined || slot >= before.lastSlot)
      this.#gateways.set(gatewayId, { lastSlot: slot, loads })
  }

  know(uids: ReadonlySet<InstanceUid>): void {
    this.#known = uids
    for (const [uid, own] of this.#hours) {
      if (uids.has(uid)) continue
      this.#heldHours -= own.size
      this.#hours.delete(uid)
    }
  }

  complete(): void {
    const now = slotAt(this.#clock())
    // After a clock that jumped there is nothing to say of what was between.
    this.#forgetGateways(now)
    if (this.#completeSlot < now - KEPT_SLOTS || this.#completeSlot >= now)
      this.#completeSlot = Math.max(this.#firstSlot, now) - 2
    for (let slot = this.#completeSlot + 1; slot < now; slot += 1) this.#completeOne(slot)
    this.#completeSlot = Math.max(this.#completeSlot, now - 1)
    for (const slot of this.#times.keys())
      if (slot <= this.#completeSlot || slot > now) this.#times.delete(slot)
    this.#forgetBefore(Math.floor((now - KEPT_SLOTS) / SLOTS_OF_HOUR))
  }

  *pointsOf(uid: InstanceUid, from: Date | undefined): Generator<ActivityPoint, void> {
    const oldest = Math.max(this.#firstSlot, slotAt(this.#clock()) - KEPT_SLOTS)
    const begin = from === undefined ? oldest : Math.max(oldest, slotAt(from))
    const own = this.#hours.get(uid)
    for (let slot = begin; slot <= this.#completeSlot; slot += 1)
      yield own?.get(Math.floor(slot / SLOTS_OF_HOUR))?.pointOf(slot) ?? quietPoint(slot)
  }

  heardGateways(): Set<string> {
    const heard = new Set<string>()
    for (const [id, { lastSlot }] of this.#gateways) if (lastSlot >= this.#completeSlot) heard.add(id)
    return heard
  }

  /** @returns undefined when there is no room left, not even by forgetting older ones */
  #hourOf(uid: InstanceUid, slot: number): ActivityHour | undefined {
    const number = Math.floor(slot / SLOTS_OF_HOUR)
    const found = this.#hours.get(uid)?.get(number)
    if (found !== undefined) return found
    if (this.#heldHours >= this.#mostHours) {
      const oldest = this.#oldestHour()
      if (oldest >= number) return undefined
      this.#forgetBefore(oldest + 1)
    }
    const made = new ActivityHour()
    this.#hours.set(uid, (this.#hours.get(uid) ?? new Map<number, ActivityHour>()).set(number, made))
    this.#heldHours += 1
    return made
  }

  #oldestHour(): number {
    let oldest = Infinity
    for (const own of this.#hours.values()) for (const number of own.keys()) oldest = Math.min(oldest, number)
    return oldest
  }

  #forgetBefore(firstKept: number): void {
    for (const [uid, own] of this.#hours) {
      for (const number of own.keys()) if (number < firstKept && own.delete(number)) this.#heldHours -= 1
      if (own.size === 0) this.#hours.delete(uid)
    }
  }

  /** Of every instance at which anything is open, over the gateways that told lately. */
  #loadsAt(slot: number): ReadonlyMap<InstanceUid, InstanceLoad> {
    const sums = new Map<InstanceUid, InstanceLoad>()
    for (const { lastSlot, loads } of this.#gateways.values()) {
      if (lastSlot < slot - CARRIED_SLOTS) continue
      for (const [uid, load] of loads) {
        const sum = sums.get(uid)
        sums.set(uid, sum === undefined ? load : addLoads(sum, load))
      }
    }
    return sums
  }

  /** Those that are gone; and what was heard by a clock that was set back since. */
  #forgetGateways(now: number): void {
    for (const [id, { lastSlot }] of this.#gateways)
      if (lastSlot < now - OPEN_SLOTS || lastSlot > now) this.#gateways.delete(id)
  }

  #completeOne(slot: number): void {
    const loads = this.#loadsAt(slot)
    const timesNow = this.#times.get(slot)
    this.#times.delete(slot)
    for (const uid of new Set([...loads.keys(), ...(timesNow?.keys() ?? [])])) {
      if (!this.#known.has(uid)) continue
      const own = timesNow?.get(uid) ?? new Map<number, number>()
      this.#hourOf(uid, slot)?.complete(
        slot,
        loads.get(uid) ?? NOTHING_OPEN,
        percentileOfLoginTimes(own, 0.5),
        percentileOfLoginTimes(own, 0.99),
      )
    }
  }
}

const hasCounted = ({
  loginsAdmitted,
  loginsRefused,
  bytesFromClient,
  bytesToClient,
}: ActivityReport['instances'][number]): boolean =>
  loginsAdmitted + loginsRefused.size + bytesFromClient + bytesToClient > 0

const NOTHING_OPEN: InstanceLoad = {
  openSessions: 0,
  pooledSessions: 0,
  pooledBackendsInUse: 0,
  pooledClientsWaiting: 0,
}

const addLoads = (one: InstanceLoad, other: InstanceLoad): InstanceLoad => ({
  openSessions: one.openSessions + other.openSessions,
  pooledSessions: one.pooledSessions + other.pooledSessions,
  pooledBackendsInUse: one.pooledBackendsInUse + other.pooledBackendsInUse,
  pooledClientsWaiting: one.pooledClientsWaiting + other.pooledClientsWaiting,
})
