/** Reports of a gateway process to the control planes, by a clock and a sender of ours. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { reportActivity } from '../../src/composition/report-activity.ts'
import type { ActivityReport } from '../../src/domain/instance-activity.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-01T00:00:01Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

it('a report that is made while another one is being sent is sent right behind it', async () => {
  const sent: ActivityReport[] = []
  const waiting: (() => void)[] = []
  const reporting = reportActivity(
    {
      clock: () => new Date(),
      counter: { take: () => [] },
      sender: {
        send: (report) =>
          new Promise<void>((resolve) => {
            sent.push(report)
            waiting.push(resolve)
          }),
      },
      sessions: () => new Map(),
      pools: () => [],
      onFailure: (error) => {
        throw error
      },
    },
    'gateway',
  )
  reporting.start()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toHaveLength(1)
  waiting[0]?.()
  await vi.advanceTimersByTimeAsync(0)
  expect(sent).toHaveLength(2)
  expect(new Set(sent.map(({ slot }) => slot)).size).toBe(2)
  reporting.stop()
})
