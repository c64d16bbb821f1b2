/**
 * What all gateways did for every instance in the last 24 hours, a point for every ten seconds, in the memory of this control
 * plane alone: a restart begins anew. An hour without anything costs nothing (activity-hour.ts: what one costs); above a
 * bound of all hours together, 79 MB, the oldest ones go first.
 */
import { SLOT_SECONDS, slotAt, type ActivityReport, type InstanceLoad } from '../domain/instance-activity.ts'
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

export function createActivityHistory(clock: Clock, mostHours = MOST_HOURS): RunningActivityHistory {
  const since = clock()
  const firstSlot = slotAt(since)
  let completeSlot = firstSlot - 1
  let known: ReadonlySet<InstanceUid> = new Set()
  const hours = new Map<InstanceUid, Map<number, ActivityHour>>()
  const gateways = new Map<string, Gateway>()
  /** Of the slots that are not complete. */
  const times = new Map<number, Map<InstanceUid, Map<number, number>>>()
  let heldHours = 0

  /** @returns undefined when there is no room left, not even by forgetting older ones */
  function hourOf(uid: InstanceUid, slot: number): ActivityHour | undefined {
    const number = Math.floor(slot / SLOTS_OF_HOUR)
    const found = hours.get(uid)?.get(number)
    if (found !== undefined) return found
    if (heldHours >= mostHours) {
      const oldest = oldestHour()
      if (oldest >= number) return undefined
      forgetBefore(oldest + 1)
    }
    const made = new ActivityHour()
    hours.set(uid, (hours.get(uid) ?? new Map<number, ActivityHour>()).set(number, made))
    heldHours += 1
    return made
  }

  const oldestHour = (): number => {
    let oldest = Infinity
    for (const own of hours.values()) for (const number of own.keys()) oldest = Math.min(oldest, number)
    return oldest
  }

  function forgetBefore(firstKept: number): void {
    for (const [uid, own] of hours) {
      for (const number of own.keys()) if (number < firstKept && own.delete(number)) heldHours -= 1
      if (own.size === 0) hours.delete(uid)
    }
  }

  /** Of every instance at which anything is open, over the gateways that told lately. */
  function loadsAt(slot: number): ReadonlyMap<InstanceUid, InstanceLoad> {
    const sums = new Map<InstanceUid, InstanceLoad>()
    for (const { lastSlot, loads } of gateways.values()) {
      if (lastSlot < slot - CARRIED_SLOTS) continue
      for (const [uid, load] of loads) {
        const sum = sums.get(uid)
        sums.set(uid, sum === undefined ? load : addLoads(sum, load))
      }
    }
    return sums
  }

  /** Those that are gone; and what was heard by a clock that was set back since. */
  function forgetGateways(now: number): void {
    for (const [id, { lastSlot }] of gateways)
      if (lastSlot < now - OPEN_SLOTS || lastSlot > now) gateways.delete(id)
  }

  function completeOne(slot: number): void {
    const loads = loadsAt(slot)
    const timesNow = times.get(slot)
    times.delete(slot)
    for (const uid of new Set([...loads.keys(), ...(timesNow?.keys() ?? [])])) {
      if (!known.has(uid)) continue
      const own = timesNow?.get(uid) ?? new Map<number, number>()
      hourOf(uid, slot)?.complete(
        slot,
        loads.get(uid) ?? NOTHING_OPEN,
        percentileOfLoginTimes(own, 0.5),
        percentileOfLoginTimes(own, 0.99),
      )
    }
  }

  return {
    collectedSince: () => since,
    hear({ gatewayId, slot: told, instances }) {
      const now = slotAt(clock())
      // By a clock that is ahead.
      const slot = Math.min(told, now)
      forgetGateways(now)
      const before = gateways.get(gatewayId)
      const isNewer = before === undefined || slot > before.lastSlot
      const loads = new Map(isNewer ? [] : before.loads)
      for (const activity of instances) {
        const uid = activity.instanceUid
        if (!known.has(uid)) continue
        loads.set(uid, activity.now)
        if (slot < firstSlot || slot <= now - KEPT_SLOTS) continue
        if (hasCounted(activity)) hourOf(uid, slot)?.add(slot, activity)
        if (slot <= completeSlot || slot <= now - OPEN_SLOTS || activity.loginTimes.size === 0) continue
        const ofSlot = times.get(slot) ?? new Map<InstanceUid, Map<number, number>>()
        const own = ofSlot.get(uid) ?? new Map<number, number>()
        for (const [bucket, count] of activity.loginTimes) addTo(own, bucket, count)
        times.set(slot, ofSlot.set(uid, own))
      }
      if (before === undefined || slot >= before.lastSlot) gateways.set(gatewayId, { lastSlot: slot, loads })
    },
    know(uids) {
      known = uids
      for (const [uid, own] of hours) {
        if (uids.has(uid)) continue
        heldHours -= own.size
        hours.delete(uid)
      }
    },
    complete() {
      const now = slotAt(clock())
      // After a clock that jumped there is nothing to say of what was between.
      forgetGateways(now)
      if (completeSlot < now - KEPT_SLOTS || completeSlot >= now) completeSlot = Math.max(firstSlot, now) - 2
      for (let slot = completeSlot + 1; slot < now; slot += 1) completeOne(slot)
      completeSlot = Math.max(completeSlot, now - 1)
      for (const slot of times.keys()) if (slot <= completeSlot || slot > now) times.delete(slot)
      forgetBefore(Math.floor((now - KEPT_SLOTS) / SLOTS_OF_HOUR))
    },
    *pointsOf(uid, from) {
      const oldest = Math.max(firstSlot, slotAt(clock()) - KEPT_SLOTS)
      const begin = from === undefined ? oldest : Math.max(oldest, slotAt(from))
      const own = hours.get(uid)
      for (let slot = begin; slot <= completeSlot; slot += 1)
        yield own?.get(Math.floor(slot / SLOTS_OF_HOUR))?.pointOf(slot) ?? quietPoint(slot)
    },
    heardGateways() {
      const heard = new Set<string>()
      for (const [id, { lastSlot }] of gateways) if (lastSlot >= completeSlot) heard.add(id)
      return heard
    },
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
