/** A clock that goes wrong is said to be so once, and once more when it is right again. */
import { afterEach, expect, it } from 'vitest'
import { watchClock } from '../../src/composition/watch-clock.ts'
import type { Reading } from '../../src/observation/metrics.ts'
import { waitFor } from '../stage/wait-for.ts'

const NOON = Date.parse('2026-01-31T12:00:00Z')

let stop = () => Promise.resolve()
afterEach(async () => stop())

/** @param offsets of this node’s clock in seconds, one for each comparison; the last one stays. Undefined: no answer. */
function watch(...offsets: (number | undefined)[]) {
  const lines: string[] = []
  const log = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`)
  let readings: () => readonly Reading[] = () => []
  let comparisons = 0
  stop = watchClock({
    clock: () => new Date(NOON),
    askDatabaseTime: () => {
      const offset = offsets[Math.min(comparisons, offsets.length - 1)]
      comparisons += 1
      return offset === undefined
        ? Promise.reject(new Error('nobody answers'))
        : Promise.resolve(new Date(NOON - offset * 1000))
    },
    metrics: {
      read: (_name, read) => {
        readings = read
      },
    },
    log: { info: log('info'), warn: log('warn') },
    everyMs: 1,
  })
  return {
    lines,
    skew: () => readings()[0]?.value,
    afterComparisons: (count: number) => waitFor('comparisons', () => comparisons > count),
  }
}

it('is silent about a clock that is right', async () => {
  const { lines, skew, afterComparisons } = watch(0, 1, -2)
  await afterComparisons(5)
  expect(lines).toEqual([])
  expect(skew()).toBeCloseTo(-2, 1)
})

it('says once that it is wrong, by which side, and once that it is right again', async () => {
  const { lines, afterComparisons } = watch(0, 10, 11, 10, -10, 0)
  await afterComparisons(8)
  expect(lines).toEqual([
    'warn: the clock of this node is ahead of the system database’s: tokens may be refused, or be good too long',
    'warn: the clock of this node is behind the system database’s: tokens may be refused, or be good too long',
    'info: the clock of this node agrees with the system database’s again',
  ])
})

it('keeps what it knew while nobody answers, and says that', async () => {
  const { lines, skew, afterComparisons } = watch(10, undefined)
  await afterComparisons(3)
  expect(skew()).toBeCloseTo(10, 1)
  expect(lines).toContain(
    'warn: the clock could not be compared with the system database’s; the next attempt is in a minute',
  )
})

it('measures nothing before the first answer', async () => {
  const { skew, afterComparisons } = watch(undefined)
  await afterComparisons(1)
  expect(skew()).toBeUndefined()
})
