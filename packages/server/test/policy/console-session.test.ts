import { describe, expect, it } from 'vitest'
import { endOfConsoleSession } from '../../src/policy/console-session.ts'

const at = (hours: number): Date => new Date(Date.UTC(2026, 0, 1) + hours * 60 * 60 * 1000)
const end = (times: { usedAt?: number; browser?: number | undefined }, now: number) =>
  endOfConsoleSession(
    {
      createdAt: at(0),
      usedAt: at(times.usedAt ?? 0),
      browserSessionExpiresAt: times.browser === undefined ? undefined : at(times.browser),
    },
    at(now),
  )

describe('the end of a session of the console', () => {
  it('comes after eight hours without use', () => {
    expect(end({}, 7.9)).toEqual({ endsAt: at(24), idleEndsAt: at(8), isOver: false })
    expect(end({}, 8).isOver).toBe(true)
    expect(end({ usedAt: 7 }, 14.9).isOver).toBe(false)
    expect(end({ usedAt: 7 }, 15).isOver).toBe(true)
  })

  it('comes after a day, however it is used', () => {
    expect(end({ usedAt: 23.9 }, 23.95)).toEqual({ endsAt: at(24), idleEndsAt: at(24), isOver: false })
    expect(end({ usedAt: 23.9 }, 24).isOver).toBe(true)
  })

  it('comes no later than that of the sign-in pages', () => {
    expect(end({ usedAt: 11, browser: 12 }, 11.5)).toEqual({
      endsAt: at(12),
      idleEndsAt: at(12),
      isOver: false,
    })
    expect(end({ usedAt: 11, browser: 12 }, 12).isOver).toBe(true)
  })
})
