/** One row per line of `decideNativeLogin`, in its order: a right proof is not enough (CVE-2025-2291). */
import { describe, expect, it } from 'vitest'
import type { RoleOid } from '../../src/domain/ids.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import { NO_SETTINGS } from '../../src/policy/instance-settings.ts'
import { decideNativeLogin, type NativeLoginFacts } from '../../src/policy/native-login.ts'
import type { RefusalName } from '../../src/policy/refusals.ts'
import { NOW, OWN_ROLE } from './facts.ts'

const ROLE = { ...OWN_ROLE, name: 'app', binding: undefined, scramVerifier: new Redacted('SCRAM-SHA-256$a') }
const INSTANCE = { state: 'AVAILABLE' as const, settings: { ...NO_SETTINGS, enablePgNativeLogin: true } }
const facts = (change: Partial<NativeLoginFacts>): NativeLoginFacts => ({
  now: NOW,
  instance: INSTANCE,
  roleName: 'app',
  role: ROLE,
  proved: ROLE,
  ...change,
})
const role = (change: Partial<typeof OWN_ROLE>) => facts({ role: { ...ROLE, ...change } })

describe('a login with the right password', () => {
  it.each<[string, 'admitted' | RefusalName, NativeLoginFacts]>([
    ['is admitted', 'admitted', facts({})],
    [
      'is refused when the instance stops meanwhile',
      'instance_not_reachable',
      facts({ instance: { ...INSTANCE, state: 'STOPPED' } }),
    ],
    [
      'is refused when native login was switched off meanwhile (attack 27)',
      'password_authentication_failed',
      facts({ instance: { ...INSTANCE, settings: NO_SETTINGS } }),
    ],
    ['is refused when the role is gone', 'password_authentication_failed', facts({ role: undefined })],
    [
      'is refused when the role was made anew under its name',
      'password_authentication_failed',
      role({ oid: '16499' as RoleOid }),
    ],
    [
      'is refused when the password was changed meanwhile',
      'password_authentication_failed',
      role({ scramVerifier: new Redacted('SCRAM-SHA-256$b') }),
    ],
    [
      'is refused when the password was taken away meanwhile',
      'password_authentication_failed',
      role({ scramVerifier: undefined }),
    ],
    [
      'is refused when the role became that of an identity (behaviour 52)',
      'password_authentication_failed',
      role({ binding: OWN_ROLE.binding }),
    ],
    ['is refused to a superuser', 'role_cannot_log_in', role({ isSuperuser: true })],
    ['is refused to a role with NOLOGIN (attack 28)', 'role_cannot_log_in', role({ canLogIn: false })],
    [
      'is refused in the moment of VALID UNTIL (attack 28)',
      'role_no_longer_valid',
      role({ validUntil: NOW }),
    ],
    ['is admitted before VALID UNTIL', 'admitted', role({ validUntil: new Date(NOW.getTime() + 1) })],
    ['leaves CONNECTION LIMIT to PostgreSQL', 'admitted', role({ connectionLimit: 0 })],
  ])('%s', (_what, expected, given) => {
    const verdict = decideNativeLogin(given)
    expect(verdict.outcome === 'admitted' ? 'admitted' : verdict.name).toBe(expected)
  })
})
