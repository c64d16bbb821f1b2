import { describe, expect, it } from 'vitest'
import { beginOfSlot, slotAt, type InstanceActivity } from '../../src/domain/instance-activity.ts'
import { bucketOfLoginTime } from '../../src/domain/login-times.ts'
import type { InstanceUid } from '../../src/domain/ids.ts'
import { createActivityHistory, KEPT_SLOTS } from '../../src/observation/activity-history.ts'
import { INSTANCE_UID, OTHER_INSTANCE_UID } from '../policy/facts.ts'

const START = slotAt(new Date('2026-01-01T00:00:00Z'))

const activity = (
  openSessions: number,
  counted: Partial<InstanceActivity> = {},
  instanceUid = INSTANCE_UID,
): InstanceActivity => ({
  instanceUid,
  now: { openSessions, pooledSessions: 0, pooledBackendsInUse: 0, pooledClientsWaiting: 0 },
  loginsAdmitted: 0,
  loginsRefused: new Map(),
  loginTimes: new Map(),
  bytesFromClient: 0,
  bytesToClient: 0,
  ...counted,
})

/** A control plane that has just started, and a clock that goes by slots. */
function world(mostHours?: number) {
  let slot = START
  const history = createActivityHistory(() => beginOfSlot(slot), mostHours)
  history.know(new Set([INSTANCE_UID, OTHER_INSTANCE_UID]))
  return {
    history,
    /** @param reports of the slot that ends, by gateway */
    next(reports: Readonly<Record<string, readonly InstanceActivity[]>> = {}) {
      slot += 1
      for (const [gatewayId, instances] of Object.entries(reports))
        history.receive({ gatewayId, slot: slot - 1, instances })
      history.complete()
    },
    to(next: number) {
      slot = next
    },
    receive: (gatewayId: string, of: number, instances: readonly InstanceActivity[]) => {
      history.receive({ gatewayId, slot: of, instances })
    },
    points: (uid = INSTANCE_UID, since?: Date) => [...history.pointsOf(uid, since)],
  }
}

describe('the history of an instance', () => {
  it('adds up what several gateways tell of the same ten seconds', () => {
    const { next, points } = world()
    next({
      one: [activity(3, { loginsAdmitted: 2, bytesFromClient: 5e9, loginsRefused: new Map([['a', 1]]) })],
      other: [activity(4, { loginsAdmitted: 1, bytesToClient: 7, loginsRefused: new Map([['a', 2]]) })],
    })
    expect(points()).toMatchObject([
      {
        at: beginOfSlot(START),
        openSessions: 7,
        loginsAdmitted: 3,
        loginsRefused: { a: 3 },
        bytesFromClient: 5e9,
        bytesToClient: 7,
        loginMillisecondsP50: undefined,
      },
    ])
  })

  it('has percentiles over all gateways', () => {
    const { next, points } = world()
    const times = (milliseconds: number, count: number) =>
      activity(0, {
        loginsAdmitted: count,
        loginTimes: new Map([[bucketOfLoginTime(milliseconds), count]]),
      })
    next({ one: [times(10, 98)], other: [times(1000, 2)] })
    const [point] = points()
    expect(point?.loginMillisecondsP50).toBeCloseTo(10, 0)
    expect(point?.loginMillisecondsP99).toBeGreaterThan(999)
  })

  it('has points without anything for times at which nothing was', () => {
    const { next, points } = world()
    next()
    next()
    expect(points()).toHaveLength(2)
    expect(points(OTHER_INSTANCE_UID)[1]).toMatchObject({ openSessions: 0, loginsRefused: {} })
  })

  it('does not take one late report for the end of all sessions, and two for one', () => {
    const { next, points, receive } = world()
    next({ one: [activity(5)] })
    next()
    receive('one', START + 1, [activity(5, { loginsAdmitted: 1 })])
    next({ one: [activity(6)] })
    next()
    next()
    expect(points().map(({ openSessions }) => openSessions)).toEqual([5, 5, 6, 6, 0])
    expect(points().map(({ loginsAdmitted }) => loginsAdmitted)).toEqual([0, 1, 0, 0, 0])
  })

  it('takes the reports of a gateway whose clock is ahead for those of now', () => {
    const { next, points, receive } = world()
    receive('one', START + 1000, [activity(2, { loginsAdmitted: 1 })])
    next()
    expect(points()).toMatchObject([{ openSessions: 2, loginsAdmitted: 1 }])
  })

  it('knows which gateways its last point is from', () => {
    const { history, next } = world()
    next({ one: [], other: [] })
    next({ one: [] })
    next({ one: [] })
    expect([...history.heardGateways()]).toEqual(['one'])
  })

  it('keeps 24 hours, and begins where it is asked', () => {
    const { next, points } = world()
    for (let slot = 0; slot < KEPT_SLOTS + 500; slot += 1) next({ one: [activity(slot % 10)] })
    expect(points()).toHaveLength(KEPT_SLOTS)
    expect(points()[0]?.at).toEqual(beginOfSlot(START + 500))
    expect(points(INSTANCE_UID, beginOfSlot(START + KEPT_SLOTS + 490))).toHaveLength(10)
    expect(points(INSTANCE_UID, new Date(0))).toHaveLength(KEPT_SLOTS)
    expect(points(INSTANCE_UID, beginOfSlot(START * 2))).toEqual([])
  })

  it('goes on after a clock that jumped, either way', () => {
    const { next, points, to } = world()
    next({ one: [activity(1)] })
    to(START + 10 * KEPT_SLOTS)
    next({ one: [activity(2)] })
    expect(points().at(-1)?.openSessions).toBe(2)
    to(START + 9 * KEPT_SLOTS)
    next({ two: [activity(3)] })
    next({ two: [activity(4)] })
    expect(points().at(-1)?.openSessions).toBe(4)
  })

  it('drops an instance that was deleted, and never begins one that does not exist', () => {
    const { history, next, points } = world()
    next({ one: [activity(1), activity(1, {}, 'made up' as InstanceUid)] })
    history.know(new Set([OTHER_INSTANCE_UID]))
    history.know(new Set([INSTANCE_UID, OTHER_INSTANCE_UID]))
    expect(points()[0]?.openSessions).toBe(0)
    expect(points('made up' as InstanceUid)[0]?.openSessions).toBe(0)
  })

  it('lets the oldest hours go when all together would be too many', () => {
    const { next, points } = world(2)
    for (let slot = 0; slot < 3 * 360; slot += 1) next({ one: [activity(1)] })
    const open = points().map(({ openSessions }) => openSessions)
    expect(open.slice(0, 360).every((value) => value === 0)).toBe(true)
    expect(open.slice(360).every((value) => value === 1)).toBe(true)
  })

  it('begins no hour when there is no room even without older ones', () => {
    const { next, points } = world(1)
    next({ one: [activity(1), activity(1, {}, OTHER_INSTANCE_UID)] })
    next({ one: [activity(1), activity(1, {}, OTHER_INSTANCE_UID)] })
    expect(points().map(({ openSessions }) => openSessions)).toEqual([1, 1])
    expect(points(OTHER_INSTANCE_UID).map(({ openSessions }) => openSessions)).toEqual([0, 0])
  })
})
