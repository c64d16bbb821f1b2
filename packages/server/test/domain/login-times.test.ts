import { describe, expect, it } from 'vitest'
import {
  bucketOfLoginTime,
  LOGIN_TIME_BUCKETS,
  percentileOfLoginTimes,
} from '../../src/domain/login-times.ts'

const counted = (milliseconds: readonly number[]): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  for (const one of milliseconds) {
    const bucket = bucketOfLoginTime(one)
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  }
  return counts
}

describe('the time of logins', () => {
  it('is at most 4.5 % too high, whatever it is', () => {
    for (let milliseconds = 0.3; milliseconds < 300_000; milliseconds *= 1.013) {
      const found = percentileOfLoginTimes(counted([milliseconds]), 0.5) ?? 0
      expect(found / milliseconds).toBeGreaterThan(0.9999)
      expect(found / milliseconds).toBeLessThan(1.045)
    }
  })

  it('has a bucket for nothing at all, and one for the longest', () => {
    expect(bucketOfLoginTime(0)).toBe(0)
    expect(bucketOfLoginTime(1e12)).toBe(LOGIN_TIME_BUCKETS - 1)
  })

  it('has percentiles of what several processes counted', () => {
    const times = counted(Array.from({ length: 100 }, (_, at) => at + 1))
    expect(percentileOfLoginTimes(times, 0.5)).toBeCloseTo(50, -1)
    expect(percentileOfLoginTimes(times, 0.99)).toBeGreaterThanOrEqual(99)
    expect(percentileOfLoginTimes(new Map(), 0.5)).toBeUndefined()
  })
})
