/**
 * What all gateways did for every instance in the last 24 hours, one point per ten seconds, only in the memory of this
 * control plane: a restart begins again. An hour without activity takes no memory (activity-hour.ts: what an hour with
 * activity takes). When all hours together exceed a limit of 79 MB, the oldest are dropped.
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
/** For how many slots after a report its load still counts. */
const CARRIED_SLOTS = 1
/**
 * Login times of a report that was sent late, or by a node whose clock is slow, are still used within this many slots.
 * A gateway that has not reported for longer is forgotten.
 */
const OPEN_SLOTS = 3

export interface RunningActivityHistory extends ActivityHistory {
  receive(report: ActivityReport): void
  /** Sets the existing instances; all others are forgotten, and not recorded. */
  know(uids: ReadonlySet<InstanceUid>): void
  /** Completes the slots that are over. Call once per slot, when the reports of the previous one have arrived. */
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
  /** Login times of the slots that are not complete. */
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

  receive({ gatewayId, slot: told, instances }: ActivityReport): void {
    const now = slotAt(this.#clock())
    // The reporting clock is ahead.
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
    // After a jump of the clock, nothing is known about the time in between.
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

  /** @returns undefined when there is no room, even after dropping older hours */
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

  /** The load of every instance with open sessions, summed over the gateways that have reported recently. */
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

  /** Removes gateways that no longer report, and reports from before the clock was set back. */
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
