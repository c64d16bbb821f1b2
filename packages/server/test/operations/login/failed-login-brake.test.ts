/** Attack 34: who guesses is stopped, and nobody else is locked out. The clock is an argument. */
import { describe, expect, it } from 'vitest'
import type { InstanceUid } from '../../../src/domain/ids.ts'
import { createFailedLogins } from '../../../src/operations/login/failed-login-brake.ts'
import type { AttemptedLogin, FailedLoginsQuestion } from '../../../src/operations/ports/proof.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const APP: AttemptedLogin = {
  instanceUid: '6b1f9c52-3a0e-4a8e-9d27-0f2f4c1f7a11' as InstanceUid,
  roleName: 'app',
  clientAddress: '192.0.2.1',
}

const LIMITS = { perRole: 10, perAddress: 100, windowMs: 60_000 }

function countingBrake() {
  const failedLogins = createFailedLogins()
  const ask = (kind: FailedLoginsQuestion['kind'], login: AttemptedLogin, at: Date) =>
    failedLogins.answer({ kind, login, limits: LIMITS, now: at.getTime() })
  return {
    fail: (login: AttemptedLogin) => ask('wrong', login, NOW),
    release: (login: AttemptedLogin) => ask('release', login, NOW),
    delayMs: (login: AttemptedLogin, at: Date) => ask('look', login, at).delayMs,
    closedUntil(login: AttemptedLogin, at: Date) {
      const { closedUntil } = ask('look', login, at)
      return closedUntil === null ? undefined : new Date(closedUntil)
    },
  }
}

function failed(times: number, login: AttemptedLogin = APP) {
  const brake = countingBrake()
  for (let count = 0; count < times; count += 1) brake.fail(login)
  return brake
}

/** Of as many roles as it takes, since a closed one counts no more. */
function failedOfMany(times: number) {
  const brake = countingBrake()
  for (let count = 0; count < times; count += 1)
    brake.fail({ ...APP, roleName: `role ${String(count % 1000)}` })
  return brake
}

describe('ten wrong passwords', () => {
  it('close a role to an address until the minute is over', () => {
    expect(failed(9).closedUntil(APP, NOW)).toBeUndefined()
    const brake = failed(10)
    expect(brake.closedUntil(APP, later(59))).toEqual(later(60))
    expect(brake.closedUntil(APP, later(60))).toBeUndefined()
  })

  it('are forgotten with a success', () => {
    const brake = failed(9)
    brake.release(APP)
    brake.fail(APP)
    expect(brake.closedUntil(APP, NOW)).toBeUndefined()
  })

  it.each<[string, Partial<AttemptedLogin>]>([
    ['another role at the same address', { roleName: 'other' }],
    ['the role at another address', { clientAddress: '192.0.2.2' }],
    ['the role of that name in another instance', { instanceUid: 'another' as InstanceUid }],
  ])('do not close %s', (_what, change) => {
    expect(failed(100).closedUntil({ ...APP, ...change }, NOW)).toBeUndefined()
  })

  it('count together within the /64 of an IPv6 address, and not beyond', () => {
    const brake = failed(10, { ...APP, clientAddress: '2001:db8:1:2::1' })
    expect(brake.closedUntil({ ...APP, clientAddress: '2001:db8:1:2:ffff::9' }, NOW)).toBeDefined()
    expect(brake.closedUntil({ ...APP, clientAddress: '2001:db8:1:3::1' }, NOW)).toBeUndefined()
  })

  it('keep nobody out when the clock is set back (attack 40)', () => {
    expect(failed(10).closedUntil(APP, later(-7200))).toBeUndefined()
  })
})

describe('an address where much goes wrong', () => {
  it('is slowed down more and more, and never by more than five seconds', () => {
    const neighbour = { ...APP, roleName: 'neighbour' }
    expect(failedOfMany(100).delayMs(neighbour, NOW)).toBe(0)
    expect(failedOfMany(110).delayMs(neighbour, NOW)).toBe(200)
    expect(failedOfMany(5000).delayMs(neighbour, NOW)).toBe(5000)
    expect(failedOfMany(5000).delayMs(neighbour, later(60))).toBe(0)
    expect(failedOfMany(5000).delayMs({ ...neighbour, clientAddress: '192.0.2.2' }, NOW)).toBe(0)
  })

  it('is not forgiven by the success of one what others did', () => {
    const brake = failedOfMany(110)
    const own = { ...APP, roleName: 'neighbour' }
    brake.fail(own)
    brake.release(own)
    expect(brake.delayMs(own, NOW)).toBe(200)
  })

  it('takes no more memory than ten thousand records', () => {
    const brake = failed(10)
    for (let count = 0; count < 10_000; count += 1) brake.fail({ ...APP, roleName: String(count) })
    expect(brake.closedUntil(APP, NOW)).toBeUndefined()
    expect(brake.delayMs(APP, NOW)).toBe(5000)
  })
})
