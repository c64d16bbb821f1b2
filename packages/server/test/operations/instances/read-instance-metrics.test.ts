import { describe, expect, it } from 'vitest'
import { beginOfSlot, type ActivityPoint } from '../../../src/domain/instance-activity.ts'
import { thinOut } from '../../../src/operations/instances/read-instance-metrics.ts'

const FIRST_SLOT = 178_000_003

const points = (count: number): readonly ActivityPoint[] =>
  Array.from({ length: count }, (_, at) => ({
    at: beginOfSlot(FIRST_SLOT + at),
    openSessions: at === 4321 ? 999 : 1,
    pooledSessions: 0,
    pooledBackendsInUse: 0,
    pooledClientsWaiting: 0,
    loginsAdmitted: 1,
    loginsRefused: at % 2 === 0 ? { token_expired: 1 } : {},
    loginMillisecondsP50: at === 4321 ? 80 : undefined,
    loginMillisecondsP99: at === 4321 ? 90 : at === 4322 ? 70 : undefined,
    bytesFromClient: 10,
    bytesToClient: 20,
  }))

describe('points that are too many', () => {
  it('are put together until they are not, and lose neither a peak nor a count', () => {
    for (const most of [2, 3, 100, 1440, 1500]) {
      const { intervalSeconds, points: thinned } = thinOut(points(8640), most)
      expect(thinned.length).toBeLessThanOrEqual(most)
      expect(thinned.length).toBeGreaterThan(most / 2.1)
      expect(Math.max(...thinned.map(({ openSessions }) => openSessions))).toBe(999)
      expect(Math.max(...thinned.map(({ loginMillisecondsP99 = 0 }) => loginMillisecondsP99))).toBe(90)
      expect(thinned.reduce((sum, { loginsAdmitted }) => sum + loginsAdmitted, 0)).toBe(8640)
      expect(thinned.reduce((sum, { loginsRefused }) => sum + (loginsRefused.token_expired ?? 0), 0)).toBe(
        4320,
      )
      const [first, second] = thinned
      expect((second?.at.getTime() ?? 0) - (first?.at.getTime() ?? 0)).toBe(intervalSeconds * 1000)
    }
  })

  it('are cut at the same places when they are asked for again later', () => {
    const before = thinOut(points(8640), 100).points.map(({ at }) => at.getTime())
    const later = thinOut(points(8640).slice(7), 100).points.map(({ at }) => at.getTime())
    expect(later.slice(1).every((at) => before.includes(at))).toBe(true)
  })

  it('stay as they are when they are not', () => {
    const few = points(10)
    expect(thinOut(few, 10)).toEqual({ intervalSeconds: 10, points: few })
    expect(thinOut([], 10)).toEqual({ intervalSeconds: 10, points: [] })
  })
})
