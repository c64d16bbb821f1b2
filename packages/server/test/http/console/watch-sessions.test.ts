import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchSessions, type SessionWatch } from '../../../src/http/console/watch-sessions.ts'

/** As the brief of the console has it: within 60 seconds; three looks fit into them. */
const LOOK_MS = 20_000

let over: string[]
let asked: string[][]
let problems: unknown[]
let watch: SessionWatch
beforeEach(() => {
  vi.useFakeTimers()
  over = []
  asked = []
  problems = []
  watch = watchSessions(
    (ids) => {
      asked.push([...ids])
      return over.includes('?')
        ? Promise.reject(new Error('unavailable'))
        : Promise.resolve(ids.filter((id) => over.includes(id)))
    },
    (problem) => problems.push(problem),
  )
})
afterEach(() => {
  vi.useRealTimers()
})

describe('whoever watches a session of the console', () => {
  it('is told once when it is over, and by one question for all', async () => {
    const told: string[] = []
    for (const [name, id] of [
      ['a', '1'],
      ['b', '1'],
      ['c', '2'],
    ] as const)
      watch.whenOver(id, () => told.push(name))
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(told).toEqual([])
    expect(asked.at(-1)).toEqual(['1', '2'])
    over = ['1']
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(told).toEqual(['a', 'b'])
    expect(asked.at(-1)).toEqual(['2'])
  })

  it('is told at once by what ends it here', () => {
    const told = vi.fn()
    watch.whenOver('1', told)
    watch.tellOver('1')
    watch.tellOver('1')
    expect(told).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not told, and nothing is asked, after it has stopped', async () => {
    const told = vi.fn()
    const stop = watch.whenOver('1', told)
    watch.whenOver('1', told)()
    stop()
    stop()
    over = ['1']
    await vi.advanceTimersByTimeAsync(2 * LOOK_MS)
    expect(told).not.toHaveBeenCalled()
    expect(asked).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not told that a session is over because nobody could be asked', async () => {
    const told = vi.fn()
    watch.whenOver('1', told)
    over = ['?']
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(told).not.toHaveBeenCalled()
    expect(problems.length).toBeGreaterThan(0)
    over = ['1']
    await vi.advanceTimersByTimeAsync(LOOK_MS)
    expect(told).toHaveBeenCalledTimes(1)
  })
})
