/** Facts of logins as fast-check makes them up: every fact good or bad on its own, good more often, so that many are admitted. */
import fc from 'fast-check'
import { INSTANCE_STATES } from '../../src/domain/database-instance.ts'
import type { LoginFacts } from '../../src/policy/login.ts'
import {
  ALICE,
  ALICE_ID,
  CLAIMED_TABLE,
  BOB_ID,
  GROUP,
  GROUP_ID,
  INSTANCE_UID,
  NOW,
  OTHER_GROUP_ID,
  OTHER_INSTANCE_UID,
  OTHER_WORKSPACE,
  OWN_ROLE,
  TOKEN,
  WORKSPACE,
} from './facts.ts'

const mostly = <Value>(good: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: other })

const anyMoment = fc.integer({ min: -5_000, max: 5_000 }).map((offset) => new Date(NOW.getTime() + offset))
const aliceOrBob = mostly(fc.constant(ALICE_ID), fc.constant(BOB_ID))
const anyWorkspace = mostly(fc.constant(WORKSPACE), fc.constant(OTHER_WORKSPACE))

const anyToken = fc.record({
  kind: fc.constantFrom('workspace_token' as const, 'database_credential' as const),
  tokenId: fc.constant('token-1'),
  identityId: aliceOrBob,
  workspaceId: anyWorkspace,
  scopes: mostly<readonly string[]>(
    fc.constantFrom(['postgres'], ['all-apis']),
    fc.subarray(['openid', 'profile', 'offline_access', 'postgres ', 'ALL-APIS']),
  ),
  instances: mostly<typeof TOKEN.instances>(
    fc.constantFrom('all_of_workspace' as const, [INSTANCE_UID], [OTHER_INSTANCE_UID, INSTANCE_UID]),
    fc.constantFrom([], [OTHER_INSTANCE_UID]),
  ),
  expiresAt: mostly(fc.constant(TOKEN.expiresAt), anyMoment),
  claimSetId: fc.constantFrom(undefined, 'claim-set-1'),
})

const anyIdentity = mostly<LoginFacts['identity']>(
  fc.record({
    id: aliceOrBob,
    type: fc.constantFrom('USER' as const, 'SERVICE_PRINCIPAL' as const),
    name: fc.constantFrom(ALICE.name, 'bob@example.com'),
    displayName: fc.constant(ALICE.displayName),
    active: mostly(fc.constant(true), fc.constant(false)),
    assignedToWorkspace: mostly(fc.constant(true), fc.constant(false)),
  }),
  fc.constant(undefined),
)

const anyBinding = mostly<(typeof OWN_ROLE)['binding']>(
  fc.oneof(
    fc.record({ id: aliceOrBob, type: fc.constantFrom('USER' as const, 'SERVICE_PRINCIPAL' as const) }),
    fc.record({
      id: mostly(fc.constant(GROUP_ID), fc.constantFrom(OTHER_GROUP_ID, ALICE_ID)),
      type: fc.constant('GROUP' as const),
    }),
  ),
  fc.constant(undefined),
)

const anyRole = mostly<LoginFacts['role']>(
  fc.record({
    oid: fc.constant(OWN_ROLE.oid),
    name: fc.constant(OWN_ROLE.name),
    canLogIn: mostly(fc.constant(true), fc.constant(false)),
    isSuperuser: mostly(fc.constant(false), fc.constant(true)),
    validUntil: mostly<Date | undefined>(fc.constant(undefined), anyMoment),
    connectionLimit: fc.constantFrom(-1, 0, 10),
    binding: anyBinding,
    hasPassword: fc.boolean(),
    scramVerifier: fc.constant(undefined),
  }),
  fc.constant(undefined),
)

const anyGroup = mostly<LoginFacts['group']>(
  fc.record({
    id: mostly(fc.constant(GROUP_ID), fc.constantFrom(OTHER_GROUP_ID, ALICE_ID)),
    type: fc.constant('GROUP' as const),
    name: fc.constant(GROUP.name),
    displayName: fc.constant(GROUP.displayName),
    active: fc.constant(true),
    assignedToWorkspace: mostly(fc.constant(true), fc.constant(false)),
    membershipPath: mostly<readonly string[] | undefined>(
      fc.constantFrom([GROUP_ID, ALICE_ID], [GROUP_ID, OTHER_GROUP_ID, ALICE_ID]),
      fc.constant(undefined),
    ),
  }),
  fc.constant(undefined),
)

export const anyRoleAndGroup = fc.record({ role: anyRole, group: anyGroup })

export const anyLoginFacts: fc.Arbitrary<LoginFacts> = fc.record({
  now: fc.constant(NOW),
  instance: fc.record({
    uid: fc.constant(INSTANCE_UID),
    workspaceId: anyWorkspace,
    state: mostly(fc.constant('AVAILABLE' as const), fc.constantFrom(...INSTANCE_STATES)),
  }),
  roleName: fc.constant(OWN_ROLE.name),
  role: anyRole,
  token: anyToken,
  identity: anyIdentity,
  group: anyGroup,
  claimedTables: mostly<LoginFacts['claimedTables']>(
    fc.constant([]),
    fc.array(
      fc.record({
        name: fc.constant(CLAIMED_TABLE.name),
        location: mostly(fc.constant(CLAIMED_TABLE.location), fc.constant(undefined)),
        creatorIds: fc.constantFrom([], [ALICE_ID], [GROUP_ID]),
        isGranted: fc.boolean(),
      }),
    ),
  ),
})
