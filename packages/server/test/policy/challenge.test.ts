/** One row per line of `chooseChallenge`, in its order (DESIGN §6.4). */
import { describe, expect, it } from 'vitest'
import { Redacted } from '../../src/domain/redacted.ts'
import { chooseChallenge, needsRole, type ChallengeFacts } from '../../src/policy/challenge.ts'
import { NO_SETTINGS } from '../../src/policy/instance-settings.ts'
import { OWN_ROLE } from './facts.ts'

const settings = { ...NO_SETTINGS, enablePgNativeLogin: true }
const NATIVE_ROLE = { ...OWN_ROLE, binding: undefined, scramVerifier: new Redacted('SCRAM-SHA-256$…') }
const facts = (change: Partial<ChallengeFacts>): ChallengeFacts => ({
  instance: { settings },
  wantsBearer: false,
  role: NATIVE_ROLE,
  ...change,
})
const OFF = { instance: { settings: NO_SETTINGS } }

describe('the proof that is asked for', () => {
  it.each([
    ['a bearer token, when the client wants to send one', facts({ wantsBearer: true }), 'bearer_token'],
    ['a bearer token also while native login is off', facts({ wantsBearer: true, ...OFF }), 'bearer_token'],
    ['a token, while native login is off (behaviour 50)', facts(OFF), 'token_as_password'],
    [
      'a token for unknown roles too, while it is off',
      facts({ ...OFF, role: undefined }),
      'token_as_password',
    ],
    [
      'a proof that nobody has, of an unknown role (attack 34)',
      facts({ role: undefined }),
      'scram_of_nobody',
    ],
    [
      'a token of the role of an identity, also with a password (behaviour 52)',
      facts({ role: { ...NATIVE_ROLE, binding: OWN_ROLE.binding } }),
      'token_as_password',
    ],
    [
      'a proof that nobody has, of a role without a password: it is not told from an unknown one (attack 61)',
      facts({ role: { ...NATIVE_ROLE, scramVerifier: undefined } }),
      'scram_of_nobody',
    ],
    [
      'a token of the role of an identity that has no password',
      facts({ role: { ...NATIVE_ROLE, binding: OWN_ROLE.binding, scramVerifier: undefined } }),
      'token_as_password',
    ],
    ['the password of a role that has one (behaviour 51)', facts({}), 'scram_of_the_role'],
  ] as const)('is %s', (_what, given, challenge) => {
    expect(chooseChallenge(given)).toBe(challenge)
  })

  it('depends on the role only while native login is on', () => {
    expect(needsRole(facts({}))).toBe(true)
    expect(needsRole(facts(OFF))).toBe(false)
    expect(needsRole(facts({ wantsBearer: true }))).toBe(false)
  })
})
