/** When a repeated check runs, by timers of the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RepeatedCheck } from '../../../src/gateway/sessions/repeated-check.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function world() {
  const finish: (() => void)[] = []
  const check = new RepeatedCheck({
    uptimeMs: () => performance.now(),
    check: () => new Promise<void>((resolve) => finish.push(resolve)),
    onFailure: (error) => {
      throw error
    },
  })
  return { check, finish }
}

describe('a repeated check', () => {
  it('runs once for many requests', async () => {
    const { check, finish } = world()
    for (let count = 0; count < 5; count += 1) check.soon()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(finish).toHaveLength(1)
    finish[0]?.()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(finish).toHaveLength(1)
  })

  it('runs again when it was requested while it ran: it may have looked already', async () => {
    const { check, finish } = world()
    check.soon()
    await vi.advanceTimersByTimeAsync(1_000)
    check.soon()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(finish).toHaveLength(1)
    finish[0]?.()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(finish).toHaveLength(2)
  })

  it('does not run after it was stopped, although it was requested before', async () => {
    const { check, finish } = world()
    check.soon()
    await vi.advanceTimersByTimeAsync(1_000)
    check.soon()
    check.stop()
    finish[0]?.()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(finish).toHaveLength(1)
  })
})
