/** 33: when an unused session is warned and ended, on a clock of the test's own. */
import { describe, expect, it } from 'vitest'
import { createIdleWatch } from '../../../src/http/console/sql/idle-watch.ts'

const MINUTE = 60_000

function stage() {
  let now = 0
  let due: { readonly at: number; readonly act: () => void } | undefined
  const told: string[] = []
  const minutes = () => String(now / MINUTE)
  const watch = createIdleWatch({
    clock: () => new Date(now),
    schedule(milliseconds, act) {
      const own = { at: now + milliseconds, act }
      due = own
      return () => {
        if (due === own) due = undefined
      }
    },
    warn(endsAt, inTransaction) {
      told.push(
        `${minutes()}: ends at ${String(endsAt.getTime() / MINUTE)}${inTransaction ? ' in transaction' : ''}`,
      )
    },
    end: () => told.push(`${minutes()}: over`),
  })
  return {
    watch,
    told,
    passUntil(minute: number) {
      while (due !== undefined && due.at <= minute * MINUTE) {
        const { at, act } = due
        due = undefined
        now = at
        act()
      }
      now = minute * MINUTE
    },
  }
}

describe('a session that nobody uses', () => {
  it('is warned two minutes before half an hour is over, and ended then', () => {
    const { watch, told, passUntil } = stage()
    watch.used(false)
    passUntil(60)
    expect(told).toEqual(['28: ends at 30', '30: over'])
  })

  it('ends sooner inside a transaction', () => {
    const { watch, told, passUntil } = stage()
    watch.used(true)
    passUntil(60)
    expect(told).toEqual(['13: ends at 15 in transaction', '15: over'])
  })

  it('lives on when it is used behind the warning, and while something runs', () => {
    const { watch, told, passUntil } = stage()
    watch.used(false)
    passUntil(29)
    watch.pause()
    passUntil(500)
    watch.used(false)
    passUntil(527)
    expect(told).toEqual(['28: ends at 30'])
    watch.stop()
    passUntil(1000)
    expect(told).toHaveLength(1)
  })
})
