/** One row per line of `decideLogin`, in its order, and what must hold for all facts (DESIGN §6.5, §8). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INSTANCE_STATES } from '../../src/domain/database-instance.ts'
import { decideInstanceReachable, decideLogin, type LoginFacts } from '../../src/policy/login.ts'
import { REFUSALS } from '../../src/policy/refusal-table.ts'
import { toPostgresRefusal, type RefusalName } from '../../src/policy/refusals.ts'
import { anyLoginFacts, anyRoleAndGroup } from './any-login-facts.ts'
import {
  ALICE,
  ALICE_ID,
  BOB_ID,
  CLAIMED_TABLE,
  GROUP,
  GROUP_ID,
  GROUP_LOGIN,
  GROUP_ROLE,
  INSTANCE,
  NOW,
  OTHER_GROUP_ID,
  OTHER_INSTANCE_UID,
  OTHER_WORKSPACE,
  OWN_LOGIN,
  OWN_ROLE,
  TOKEN,
} from './facts.ts'

const own = (change: Partial<LoginFacts>): LoginFacts => ({ ...OWN_LOGIN, ...change })
const group = (change: Partial<LoginFacts>): LoginFacts => ({ ...GROUP_LOGIN, ...change })
const moment = (offsetMs: number): Date => new Date(NOW.getTime() + offsetMs)
const verdictOf = (facts: LoginFacts): 'admitted' | RefusalName => {
  const verdict = decideLogin(facts)
  return verdict.outcome === 'admitted' ? 'admitted' : verdict.name
}

const ROWS: readonly (readonly [fact: string, facts: LoginFacts, verdict: 'admitted' | RefusalName])[] = [
  [
    'refuses while the instance is STARTING',
    own({ instance: { ...INSTANCE, state: 'STARTING' } }),
    'instance_not_reachable',
  ],
  [
    'refuses while the instance is UPDATING',
    own({ instance: { ...INSTANCE, state: 'UPDATING' } }),
    'instance_not_reachable',
  ],
  [
    'refuses while the instance is STOPPED (behaviour 16)',
    own({ instance: { ...INSTANCE, state: 'STOPPED' } }),
    'instance_not_reachable',
  ],
  [
    'refuses while the instance is FAILING_OVER',
    own({ instance: { ...INSTANCE, state: 'FAILING_OVER' } }),
    'instance_not_reachable',
  ],
  [
    'refuses while the instance is DELETING',
    own({ instance: { ...INSTANCE, state: 'DELETING' } }),
    'instance_not_reachable',
  ],
  ['refuses a token without any scope', own({ token: { ...TOKEN, scopes: [] } }), 'token_not_for_postgres'],
  [
    'refuses a token whose scopes are for something else (behaviour 4)',
    own({ token: { ...TOKEN, scopes: ['openid', 'offline_access'] } }),
    'token_not_for_postgres',
  ],
  [
    'admits a workspace token with all-apis (behaviour 24)',
    own({
      token: { ...TOKEN, kind: 'workspace_token', scopes: ['all-apis'], instances: 'all_of_workspace' },
    }),
    'admitted',
  ],
  [
    'admits a workspace token with the scope postgres (behaviour 24)',
    own({ token: { ...TOKEN, kind: 'workspace_token', instances: 'all_of_workspace' } }),
    'admitted',
  ],
  [
    'refuses an expired token (behaviour 18)',
    own({ token: { ...TOKEN, expiresAt: moment(-1) } }),
    'token_expired',
  ],
  [
    'refuses a token in the moment of its expiry',
    own({ token: { ...TOKEN, expiresAt: NOW } }),
    'token_expired',
  ],
  [
    'admits a token one second before its expiry (behaviour 18)',
    own({ token: { ...TOKEN, expiresAt: moment(1000) } }),
    'admitted',
  ],
  [
    'refuses a token of another workspace (behaviour 22)',
    own({ token: { ...TOKEN, workspaceId: OTHER_WORKSPACE } }),
    'token_of_another_workspace',
  ],
  [
    'refuses a workspace token of another workspace',
    own({
      token: {
        ...TOKEN,
        kind: 'workspace_token',
        instances: 'all_of_workspace',
        workspaceId: OTHER_WORKSPACE,
      },
    }),
    'token_of_another_workspace',
  ],
  [
    'refuses a credential that names other instances (behaviour 6)',
    own({ token: { ...TOKEN, instances: [OTHER_INSTANCE_UID] } }),
    'token_not_for_this_instance',
  ],
  [
    'refuses a credential that names no instance',
    own({ token: { ...TOKEN, instances: [] } }),
    'token_not_for_this_instance',
  ],
  [
    'admits a credential that names this instance among others (behaviour 6)',
    own({ token: { ...TOKEN, instances: [OTHER_INSTANCE_UID, INSTANCE.uid] } }),
    'admitted',
  ],
  [
    'refuses the token of a deleted identity (behaviour 42)',
    own({ identity: undefined }),
    'identity_inactive',
  ],
  [
    'refuses the token of a deactivated identity (behaviour 42)',
    own({ identity: { ...ALICE, active: false } }),
    'identity_inactive',
  ],
  [
    'refuses an identity that left the workspace',
    own({ identity: { ...ALICE, assignedToWorkspace: false } }),
    'identity_not_in_workspace',
  ],
  ['refuses a role that does not exist (behaviour 28)', own({ role: undefined }), 'role_does_not_exist'],
  [
    'refuses a role without label (behaviour 27)',
    own({ role: { ...OWN_ROLE, binding: undefined } }),
    'role_not_bound',
  ],
  [
    'refuses a role without label although it has a password',
    own({ role: { ...OWN_ROLE, binding: undefined, hasPassword: true } }),
    'role_not_bound',
  ],
  [
    'refuses a role with NOLOGIN (behaviour 29)',
    own({ role: { ...OWN_ROLE, canLogIn: false } }),
    'role_cannot_log_in',
  ],
  [
    'refuses a superuser, labelled or not (behaviour 56)',
    own({ role: { ...OWN_ROLE, isSuperuser: true } }),
    'role_cannot_log_in',
  ],
  [
    'refuses a role past its VALID UNTIL',
    own({ role: { ...OWN_ROLE, validUntil: moment(-1) } }),
    'role_no_longer_valid',
  ],
  [
    'refuses a role in the moment of its VALID UNTIL',
    own({ role: { ...OWN_ROLE, validUntil: NOW } }),
    'role_no_longer_valid',
  ],
  ['admits a role before its VALID UNTIL', own({ role: { ...OWN_ROLE, validUntil: moment(1) } }), 'admitted'],
  ['admits with claims that hold', own({ claimedTables: [CLAIMED_TABLE] }), 'admitted'],
  [
    'refuses claims on a table that is not registered any more',
    own({ claimedTables: [CLAIMED_TABLE, { ...CLAIMED_TABLE, location: undefined }] }),
    'claims_no_longer_hold',
  ],
  [
    'refuses claims on a table that the identity may not read any more (behaviour 9)',
    own({ claimedTables: [{ ...CLAIMED_TABLE, isGranted: false }] }),
    'claims_no_longer_hold',
  ],
  [
    'admits claims on a table that the identity registered itself',
    own({ claimedTables: [{ ...CLAIMED_TABLE, isGranted: false, creatorIds: [ALICE_ID] }] }),
    'admitted',
  ],
  [
    'refuses claims on a table that another identity registered',
    own({ claimedTables: [{ ...CLAIMED_TABLE, isGranted: false, creatorIds: [BOB_ID] }] }),
    'claims_no_longer_hold',
  ],
  [
    'refuses the role of another identity (behaviour 23)',
    own({ role: { ...OWN_ROLE, binding: { id: BOB_ID, type: 'USER' } } }),
    'role_of_another_identity',
  ],
  [
    'refuses the role of an identity that was deleted and created again with the same name (behaviour 41)',
    own({ identity: { ...ALICE, id: BOB_ID } }),
    'role_of_another_identity',
  ],
  ['admits the own role', OWN_LOGIN, 'admitted'],
  [
    'admits a renamed identity to its old role, because ids decide (behaviour 40)',
    own({ identity: { ...ALICE, name: 'alicia@example.com' } }),
    'admitted',
  ],
  [
    'admits a service principal to its own role',
    own({
      identity: { ...ALICE, type: 'SERVICE_PRINCIPAL' },
      role: { ...OWN_ROLE, binding: { id: ALICE_ID, type: 'SERVICE_PRINCIPAL' } },
    }),
    'admitted',
  ],
  [
    'refuses a service principal the role of another one',
    own({ role: { ...OWN_ROLE, binding: { id: BOB_ID, type: 'SERVICE_PRINCIPAL' } } }),
    'role_of_another_identity',
  ],
  [
    'admits to a labelled role that has a password too: the token is what counts (behaviour 52)',
    own({ role: { ...OWN_ROLE, hasPassword: true } }),
    'admitted',
  ],
  [
    'refuses the role of a group that does not exist any more (behaviour 49)',
    group({ group: undefined }),
    'group_no_longer_exists',
  ],
  [
    'refuses when the group that was asked for is not the one of the label',
    group({ group: { ...GROUP, id: OTHER_GROUP_ID } }),
    'group_no_longer_exists',
  ],
  [
    'refuses the role of a group that left the workspace (behaviour 46)',
    group({ group: { ...GROUP, assignedToWorkspace: false } }),
    'group_not_in_workspace',
  ],
  [
    'refuses who is no member of the group (behaviour 45)',
    group({ group: { ...GROUP, membershipPath: undefined } }),
    'not_a_member',
  ],
  ['admits a direct member of the group (behaviour 43)', GROUP_LOGIN, 'admitted'],
  [
    'admits a member through a nested group (behaviour 44)',
    group({ group: { ...GROUP, membershipPath: [GROUP_ID, OTHER_GROUP_ID, ALICE_ID] } }),
    'admitted',
  ],
  [
    'admits to the role of a renamed group, because ids decide (behaviour 49)',
    group({ group: { ...GROUP, name: 'data-analysts' } }),
    'admitted',
  ],
]

describe('a login', () => {
  it.each(ROWS)('%s', (_fact, facts, verdict) => {
    expect(verdictOf(facts)).toBe(verdict)
  })

  it('says as whom and through which group it was admitted, for the audit record', () => {
    expect(decideLogin(OWN_LOGIN)).toEqual({
      outcome: 'admitted',
      role: OWN_ROLE,
      identity: ALICE,
      viaGroup: undefined,
      claimedTables: [],
    })
    expect(decideLogin(GROUP_LOGIN)).toEqual({
      outcome: 'admitted',
      role: GROUP_ROLE,
      identity: ALICE,
      viaGroup: GROUP,
      claimedTables: [],
    })
  })

  it('tells a PostgreSQL client every refusal in a form of its own', () => {
    for (const [, facts] of ROWS) {
      const verdict = decideLogin(facts)
      if (verdict.outcome === 'refused') expect(toPostgresRefusal(verdict)).toBeDefined()
    }
  })
})

describe('for all facts, a login', () => {
  it('is admitted exactly when every single condition holds', () => {
    fc.assert(
      fc.property(anyLoginFacts, (facts) => {
        expect(decideLogin(facts).outcome === 'admitted').toBe(everyConditionHolds(facts))
      }),
      { numRuns: 2000 },
    )
  })

  it('is never admitted because a fact got worse', () => {
    fc.assert(
      fc.property(anyLoginFacts, fc.constantFrom(...WORSENINGS), (facts, worsen) => {
        if (decideLogin(facts).outcome === 'refused')
          expect(decideLogin(worsen(facts)).outcome).toBe('refused')
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused whatever else holds once a single fact is as bad as it can be', () => {
    fc.assert(
      fc.property(anyLoginFacts, fc.constantFrom(...WORSENINGS), (facts, worsen) => {
        expect(decideLogin(worsen(facts)).outcome).toBe('refused')
      }),
      { numRuns: 2000 },
    )
  })

  it('is judged without looking at role or group while the token does not fit (DESIGN §6.5)', () => {
    fc.assert(
      fc.property(anyLoginFacts, anyRoleAndGroup, (facts, other) => {
        if (tokenFits(facts)) return
        expect(decideLogin({ ...facts, ...other })).toEqual(decideLogin(facts))
      }),
      { numRuns: 2000 },
    )
  })

  it('is judged without looking at token, role or group while the instance is not AVAILABLE (behaviour 16)', () => {
    fc.assert(
      fc.property(anyLoginFacts, (facts) => {
        const reachable = decideInstanceReachable(facts.instance.state)
        if (reachable !== 'reachable') expect(decideLogin(facts)).toEqual(reachable)
      }),
    )
  })

  it('tells about roles and groups only to holders of a token that fits the workspace', () => {
    const before = new Set<RefusalName>()
    fc.assert(
      fc.property(anyLoginFacts, (facts) => {
        const verdict = decideLogin(facts)
        if (verdict.outcome === 'refused' && !tokenFits(facts)) before.add(verdict.name)
      }),
      { numRuns: 3000 },
    )
    for (const name of before) {
      expect(JSON.stringify(REFUSALS[name]), name).not.toMatch(
        /does not exist|label|member|not permitted to log in|bound/i,
      )
    }
  })
})

describe('the reachability of an instance', () => {
  it('depends on its state alone, and only AVAILABLE is reachable', () => {
    expect(INSTANCE_STATES.filter((state) => decideInstanceReachable(state) === 'reachable')).toEqual([
      'AVAILABLE',
    ])
  })
})

const tokenFits = ({ instance, token, now, identity }: LoginFacts): boolean =>
  instance.state === 'AVAILABLE' &&
  (token.scopes.includes('all-apis') || token.scopes.includes('postgres')) &&
  token.expiresAt.getTime() > now.getTime() &&
  token.workspaceId === instance.workspaceId &&
  (token.instances === 'all_of_workspace' || token.instances.some((uid) => uid === instance.uid)) &&
  identity?.active === true &&
  identity.assignedToWorkspace

/** The invariant of DESIGN §8, as one condition without an order. */
function everyConditionHolds(facts: LoginFacts): boolean {
  const { role, identity, now } = facts
  if (role?.binding === undefined || identity === undefined) return false
  const { binding, validUntil } = role
  const isOwn = binding.type !== 'GROUP' && binding.id === identity.id
  const isMember =
    binding.type === 'GROUP' &&
    facts.group?.id === binding.id &&
    facts.group.assignedToWorkspace &&
    facts.group.membershipPath !== undefined
  return (
    tokenFits(facts) &&
    role.canLogIn &&
    !role.isSuperuser &&
    (validUntil === undefined || validUntil.getTime() > now.getTime()) &&
    facts.claimedTables.every(
      (table) => table.location !== undefined && (table.isGranted || table.creatorIds.includes(identity.id)),
    ) &&
    (isOwn || isMember)
  )
}

type Worsening = (facts: LoginFacts) => LoginFacts
const ofIdentity =
  (change: Partial<NonNullable<LoginFacts['identity']>>): Worsening =>
  (facts) => ({
    ...facts,
    identity: facts.identity === undefined ? undefined : { ...facts.identity, ...change },
  })
const ofRole =
  (change: Partial<NonNullable<LoginFacts['role']>>): Worsening =>
  (facts) => ({ ...facts, role: facts.role === undefined ? undefined : { ...facts.role, ...change } })
const ofToken =
  (change: Partial<LoginFacts['token']>): Worsening =>
  (facts) => ({ ...facts, token: { ...facts.token, ...change } })

const WORSENINGS: readonly Worsening[] = [
  (facts) => ({ ...facts, instance: { ...facts.instance, state: 'STOPPED' } }),
  (facts) => ({ ...facts, instance: { ...facts.instance, state: 'DELETING' } }),
  ofToken({ scopes: [] }),
  ofToken({ expiresAt: moment(-1) }),
  ofToken({ instances: [] }),
  (facts) => ({
    ...facts,
    token: {
      ...facts.token,
      workspaceId: facts.instance.workspaceId === OTHER_WORKSPACE ? TOKEN.workspaceId : OTHER_WORKSPACE,
    },
  }),
  (facts) => ({ ...facts, identity: undefined }),
  ofIdentity({ active: false }),
  ofIdentity({ assignedToWorkspace: false }),
  (facts) => ({ ...facts, role: undefined }),
  ofRole({ binding: undefined }),
  ofRole({ canLogIn: false }),
  ofRole({ isSuperuser: true }),
  ofRole({ validUntil: moment(-1) }),
  (facts) =>
    ofRole({ binding: { id: facts.identity?.id === BOB_ID ? ALICE_ID : BOB_ID, type: 'USER' } })(facts),
  (facts) => ofRole({ binding: { id: GROUP_ID, type: 'GROUP' } })({ ...facts, group: undefined }),
  (facts) =>
    ofRole({ binding: { id: GROUP_ID, type: 'GROUP' } })({
      ...facts,
      group: { ...GROUP, assignedToWorkspace: false },
    }),
  (facts) =>
    ofRole({ binding: { id: GROUP_ID, type: 'GROUP' } })({
      ...facts,
      group: { ...GROUP, membershipPath: undefined },
    }),
  (facts) => ({ ...facts, claimedTables: [{ ...CLAIMED_TABLE, location: undefined }] }),
  (facts) => ({ ...facts, claimedTables: [CLAIMED_TABLE, { ...CLAIMED_TABLE, isGranted: false }] }),
]
