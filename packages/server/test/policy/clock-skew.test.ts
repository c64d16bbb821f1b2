/** How far apart two clocks are, by one question: never more than the way there and back leaves certain. */
import { describe, expect, it } from 'vitest'
import { certainSkewSeconds, judgeClock } from '../../src/policy/clock-skew.ts'

const NOON = Date.parse('2026-01-31T12:00:00Z')

describe('the skew that is certain', () => {
  it.each<[what: string, askedMs: number, roundTripMs: number, databaseMs: number, seconds: number]>([
    ['none between clocks that agree', 0, 0, 0, 0],
    ['all of it where the answer takes no time: ahead', 10_000, 0, 0, 10],
    ['all of it where the answer takes no time: behind', 0, 0, 10_000, -10],
    ['none that the way may account for: looked at on arrival of the question', 0, 4_000, 0, 0],
    ['none that the way may account for: looked at before the answer left', 0, 4_000, 4_000, 0],
    ['what is beyond the way, ahead', 10_000, 4_000, 0, 10],
    ['what is beyond the way, behind', 0, 4_000, 10_000, -6],
    ['nothing from a question that took longer than the clocks are apart', 3_000, 20_000, 5_000, 0],
  ])('is %s', (_what, askedMs, roundTripMs, databaseMs, seconds) => {
    const skew = certainSkewSeconds({
      askedAt: new Date(NOON + askedMs),
      roundTripMs,
      databaseTime: new Date(NOON + databaseMs),
    })
    expect(skew).toBe(seconds)
  })
})

it.each([
  [0, 'right'],
  [2.5, 'right'],
  [-2.5, 'right'],
  [2.501, 'ahead'],
  [-2.501, 'behind'],
])(
  'a clock that is off by %d seconds is %s: two of them stay within what tokens forgive',
  (skew, judgement) => {
    expect(judgeClock(skew)).toBe(judgement)
  },
)
