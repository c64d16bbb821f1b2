/** Reads how an instance was used over time, as far as this control plane has collected data. */
import { beginOfSlot, SLOT_SECONDS, slotAt, type ActivityPoint } from '../../domain/instance-activity.ts'
import { decideSeeMetrics, type Caller } from '../../policy/permissions.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import type { ActivityHistory, LoadLiveGateways } from '../ports/activity.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { requirePermitted } from '../refused-error.ts'

export interface InstanceMetricsPorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission'>
  readonly history: ActivityHistory
  readonly loadLiveGateways: LoadLiveGateways
}

export interface InstanceMetrics {
  readonly intervalSeconds: number
  readonly collectedSince: Date
  readonly silentGateways: number
  readonly points: readonly ActivityPoint[]
}

/**
 * @param request.since undefined: as far back as there is data
 * @param request.mostPoints when there are more points, adjacent ones are merged
 * @throws RefusedError instance_not_found, permission_denied without CAN_USE
 */
export async function readInstanceMetrics(
  ports: InstanceMetricsPorts,
  caller: Caller,
  request: { readonly instance: string; readonly since: Date | undefined; readonly mostPoints: number },
): Promise<InstanceMetrics> {
  const instance = await getDatabaseInstance(ports, caller, { name: request.instance })
  const granted = await loadGrantedPermission(ports.store, caller, instance)
  requirePermitted(decideSeeMetrics(caller, instance, granted))
  const live = await ports.loadLiveGateways()
  const { history } = ports
  const collectedSince = history.collectedSince()
  const { createdAt } = instance
  const begin = [request.since, collectedSince < createdAt ? createdAt : undefined]
    .filter((instant) => instant !== undefined)
    .reduce<Date | undefined>((late, one) => (late === undefined || one > late ? one : late), undefined)
  const points = [...history.pointsOf(instance.uid, begin)]
  const heard = history.heardGateways()
  return {
    ...thinOut(points, request.mostPoints),
    collectedSince,
    // Before the first point no gateway can have reported.
    silentGateways: points.length === 0 ? 0 : live.filter((id) => !heard.has(id)).length,
  }
}

/**
 * Merges adjacent points into groups of equal size, with the same boundaries at every call. Counts are added up; of
 * measured values the largest is kept, so that no peak is lost.
 */
export function thinOut(
  points: readonly ActivityPoint[],
  most: number,
): Pick<InstanceMetrics, 'intervalSeconds' | 'points'> {
  const [first] = points
  // A group may be cut off at each end, which makes one more group.
  const slots = points.length <= most ? 1 : Math.ceil(points.length / Math.max(1, most - 1))
  if (first === undefined || slots === 1) return { intervalSeconds: SLOT_SECONDS, points }
  const together = new Map<number, ActivityPoint>()
  for (const point of points) {
    const group = Math.floor(slotAt(point.at) / slots)
    const before = together.get(group)
    together.set(group, before === undefined ? point : merge(before, point))
  }
  return {
    intervalSeconds: slots * SLOT_SECONDS,
    points: [...together].map(([group, point]) => ({ ...point, at: beginOfSlot(group * slots) })),
  }
}

const merge = (one: ActivityPoint, other: ActivityPoint): ActivityPoint => ({
  at: one.at,
  openSessions: Math.max(one.openSessions, other.openSessions),
  pooledSessions: Math.max(one.pooledSessions, other.pooledSessions),
  pooledBackendsInUse: Math.max(one.pooledBackendsInUse, other.pooledBackendsInUse),
  pooledClientsWaiting: Math.max(one.pooledClientsWaiting, other.pooledClientsWaiting),
  loginsAdmitted: one.loginsAdmitted + other.loginsAdmitted,
  loginsRefused: addCounts(one.loginsRefused, other.loginsRefused),
  loginMillisecondsP50: larger(one.loginMillisecondsP50, other.loginMillisecondsP50),
  loginMillisecondsP99: larger(one.loginMillisecondsP99, other.loginMillisecondsP99),
  bytesFromClient: one.bytesFromClient + other.bytesFromClient,
  bytesToClient: one.bytesToClient + other.bytesToClient,
})

function addCounts(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums = { ...one }
  for (const [name, count] of Object.entries(other)) sums[name] = (sums[name] ?? 0) + count
  return sums
}

const larger = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || (other !== undefined && other > one) ? other : one
