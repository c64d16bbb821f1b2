/** Attack 34: signing in costs the same for everybody, and guessing is counted before it is tried. */
import { describe, expect, it } from 'vitest'
import type { IdentityRecord } from '../../../src/domain/directory.ts'
import type { AccountId, IdentityId } from '../../../src/domain/ids.ts'
import { Redacted } from '../../../src/domain/redacted.ts'
import type { SignInBrake, SignInLimit } from '../../../src/operations/ports/sign-in.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'
import { signIn, type SignInPorts, type SignInRequest } from '../../../src/operations/sign-in/sign-in.ts'
import { ALICE, NOW, WORKSPACE } from '../../policy/facts.ts'

const RIGHT = 'the right password'

/** Keeps its promises in memory: what is over is over at once, for whoever asks meanwhile too. */
function brake(): SignInBrake & { readonly counts: ReadonlyMap<string, number> } {
  const counts = new Map<string, number>()
  const isOver = ({ key, failures }: SignInLimit) => (counts.get(key) ?? 0) > failures
  return {
    counts,
    isClosed: (limits) =>
      Promise.resolve(limits.some(({ key, failures }) => (counts.get(key) ?? 0) >= failures)),
    countFailure(limits) {
      for (const { key } of limits) counts.set(key, (counts.get(key) ?? 0) + 1)
      return Promise.resolve()
    },
    admitAttempt(limits) {
      for (const limit of limits) {
        counts.set(limit.key, (counts.get(limit.key) ?? 0) + 1)
        if (isOver(limit)) return Promise.resolve(false)
      }
      return Promise.resolve(true)
    },
    release([narrowest, ...others]) {
      if (narrowest !== undefined) counts.delete(narrowest.key)
      for (const { key } of others) counts.set(key, (counts.get(key) ?? 1) - 1)
      return Promise.resolve()
    },
  }
}

function world(changes: { readonly user?: Partial<IdentityRecord>; readonly hasPassword?: boolean } = {}) {
  const hashed: string[] = []
  const braking = brake()
  const alice: IdentityRecord = {
    ...ALICE,
    externalId: undefined,
    givenName: undefined,
    familyName: undefined,
    version: '1',
    homeWorkspaceId: WORKSPACE,
    systemGroup: undefined,
    isAccountAdmin: false,
    roles: [],
    entitlements: [],
    nameProblem: undefined,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes.user,
  }
  const ports: SignInPorts = {
    identities: {
      findRecordByName: (_account, _type, name) => Promise.resolve(name === alice.name ? alice : undefined),
    },
    directory: {
      loadAssignment: (id: IdentityId) =>
        Promise.resolve({ permission: id === ALICE.id ? ('USER' as const) : undefined, groupIds: [] }),
    },
    passwords: {
      loadPasswordHash: () => Promise.resolve(changes.hasPassword === false ? undefined : 'hash of alice'),
      saveHash: () => Promise.resolve(),
      changePassword: () => Promise.resolve(),
      insertLink: () => Promise.resolve(),
      findLink: () => Promise.resolve(undefined),
      usePasswordLink: () => Promise.resolve(false),
    },
    hasher: {
      hash: () => Promise.resolve('hash'),
      async verify(hash, password) {
        hashed.push(hash)
        // Slow, as argon2 is: whoever asks at the same time is not kept waiting for the answer.
        await new Promise((resolve) => setImmediate(resolve))
        return hash === 'hash of alice' && password.reveal() === RIGHT
      },
      isOutdated: () => false,
    },
    brake: braking,
    audit: { record: () => undefined },
    clock: () => NOW,
    accountId: '2f5db537-e058-406e-b458-6e5434f39ea2' as AccountId,
    nobodysHash: Promise.resolve('hash of nobody'),
  }
  const attempt = async (request: Partial<Omit<SignInRequest, 'password'>> & { password?: string } = {}) =>
    signIn(ports, {
      userName: ALICE.name,
      clientAddress: '192.0.2.1',
      workspaceId: WORKSPACE,
      knownBrowser: undefined,
      ...request,
      password: new Redacted(request.password ?? 'wrong'),
    }).then(
      () => 'admitted',
      (error: unknown) => (error instanceof RefusedError ? error.refusal.name : String(error)),
    )
  return { attempt, hashed, counts: braking.counts }
}

describe('an attempt to sign in', () => {
  it.each([
    ['a user with a wrong password', {}, {}],
    ['nobody of that name', {}, { userName: 'nobody@example.com' }],
    ['a user who is deactivated', { user: { active: false } }, { password: RIGHT }],
    ['a user without a password', { hasPassword: false }, { password: RIGHT }],
    ['a user who is not in the workspace', { user: { id: '4711' as IdentityId } }, { password: RIGHT }],
  ])('as %s costs one hash and says the same', async (_what, changes, request) => {
    const { attempt, hashed } = world(changes)
    expect(await attempt(request)).toBe('sign_in_failed')
    expect(hashed).toHaveLength(1)
  })

  it('with a password that nobody can have costs no hash, for whomever', async () => {
    for (const userName of [ALICE.name, 'nobody@example.com']) {
      const { attempt, hashed } = world()
      expect(await attempt({ userName, password: 'x'.repeat(257) })).toBe('sign_in_failed')
      expect(hashed).toEqual([])
    }
  })

  it('is counted before it is tried: of thirty at once five are', async () => {
    const { attempt, hashed } = world()
    const results = await Promise.all(Array.from({ length: 30 }, () => attempt()))
    expect(results.filter((result) => result === 'sign_in_failed')).toHaveLength(5)
    expect(results.filter((result) => result === 'too_many_sign_ins')).toHaveLength(25)
    expect(hashed).toHaveLength(5)
  })

  it('that succeeds counts against nobody', async () => {
    const { attempt, counts } = world()
    for (let count = 0; count < 100; count += 1) expect(await attempt({ password: RIGHT })).toBe('admitted')
    expect([...counts.values()].filter((count) => count > 0)).toEqual([])
  })

  it('from another address of one /64 is from the same place', async () => {
    const { attempt } = world()
    for (let host = 1; host <= 5; host += 1) await attempt({ clientAddress: `2001:db8::a:${String(host)}` })
    expect(await attempt({ clientAddress: '2001:db8::b:c:d:e' })).toBe('too_many_sign_ins')
    expect(await attempt({ clientAddress: '2001:db8:0:1::1', password: RIGHT })).toBe('admitted')
  })

  it('in a browser where the user proved itself before is counted apart from all others', async () => {
    const { attempt } = world()
    // Somebody behind the same address tries one name after the other, and this one from everywhere.
    for (let count = 0; count < 60; count += 1)
      await attempt({ userName: `guess${String(count)}@example.com` })
    expect(await attempt({ password: RIGHT })).toBe('too_many_sign_ins')
    expect(await attempt({ password: RIGHT, knownBrowser: 'b' })).toBe('admitted')
    for (let count = 0; count < 5; count += 1) await attempt({ knownBrowser: 'b' })
    expect(await attempt({ password: RIGHT, knownBrowser: 'b' })).toBe('too_many_sign_ins')
    expect(await attempt({ password: RIGHT, knownBrowser: 'c' })).toBe('admitted')
  })

  it('that is refused for the account alone uses nothing up of what the address may', async () => {
    const { attempt } = world()
    for (let count = 0; count < 100; count += 1) await attempt()
    expect(await attempt({ userName: 'somebody.else@example.com' })).toBe('sign_in_failed')
  })
})
