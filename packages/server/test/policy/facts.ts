/** Facts of a login and of a request that is admitted, for tests to spoil one at a time. */
import type { ClaimedTableFacts } from '../../src/policy/claims.ts'
import type { DatabaseInstance } from '../../src/domain/database-instance.ts'
import type { IdentityId, InstanceUid, RoleOid, WorkspaceId } from '../../src/domain/ids.ts'
import type { RoleFacts } from '../../src/domain/role.ts'
import type { GroupFacts, LoginFacts, PrincipalFacts } from '../../src/policy/login.ts'
import type { Caller } from '../../src/policy/permissions.ts'
import type { VerifiedToken } from '../../src/tokens/claims.ts'

export const NOW = new Date('2026-03-01T12:00:00Z')
export const WORKSPACE = '1000000000000001' as WorkspaceId
export const OTHER_WORKSPACE = '1000000000000002' as WorkspaceId
export const ALICE_ID = '100000000000007' as IdentityId
export const BOB_ID = '100000000000008' as IdentityId
export const GROUP_ID = '100000000000009' as IdentityId
export const OTHER_GROUP_ID = '100000000000010' as IdentityId
export const INSTANCE_UID = '6b1f9c52-3a0e-4a8e-9d27-0f2f4c1f7a11' as InstanceUid
export const OTHER_INSTANCE_UID = '7c2f9c52-3a0e-4a8e-9d27-0f2f4c1f7a22' as InstanceUid

export const INSTANCE: LoginFacts['instance'] = {
  uid: INSTANCE_UID,
  workspaceId: WORKSPACE,
  state: 'AVAILABLE',
}

export const TOKEN: VerifiedToken = {
  kind: 'database_credential',
  tokenId: 'token-1',
  identityId: ALICE_ID,
  workspaceId: WORKSPACE,
  scopes: ['postgres'],
  instances: [INSTANCE_UID],
  expiresAt: new Date('2026-03-01T13:00:00Z'),
  claimSetId: undefined,
}

/** A table of claims that Alice may read by a grant. */
export const CLAIMED_TABLE: ClaimedTableFacts = {
  name: 'sales.shop.orders',
  location: {
    name: 'sales.shop.orders',
    instanceUid: INSTANCE_UID,
    databaseName: 'databricks_postgres',
    schemaName: 'shop',
    tableName: 'orders',
  },
  creatorIds: [],
  isGranted: true,
}

export const ALICE: PrincipalFacts = {
  id: ALICE_ID,
  type: 'USER',
  name: 'alice@example.com',
  displayName: 'Alice',
  active: true,
  assignedToWorkspace: true,
}

export const OWN_ROLE: RoleFacts = {
  oid: '16400' as RoleOid,
  name: 'alice@example.com',
  canLogIn: true,
  isSuperuser: false,
  validUntil: undefined,
  connectionLimit: -1,
  binding: { id: ALICE_ID, type: 'USER' },
  hasPassword: false,
  scramVerifier: undefined,
}

export const GROUP: GroupFacts = {
  id: GROUP_ID,
  type: 'GROUP',
  name: 'analysts',
  displayName: 'analysts',
  active: true,
  assignedToWorkspace: true,
  membershipPath: [GROUP_ID, ALICE_ID],
}

export const GROUP_ROLE: RoleFacts = {
  ...OWN_ROLE,
  oid: '16401' as RoleOid,
  name: 'analysts',
  binding: { id: GROUP_ID, type: 'GROUP' },
}

/** Alice logs in as her own role. */
export const OWN_LOGIN: LoginFacts = {
  now: NOW,
  instance: INSTANCE,
  roleName: OWN_ROLE.name,
  role: OWN_ROLE,
  token: TOKEN,
  identity: ALICE,
  group: undefined,
  claimedTables: [],
}

/** Alice logs in as the role of a group that she is in. */
export const GROUP_LOGIN: LoginFacts = {
  ...OWN_LOGIN,
  roleName: GROUP_ROLE.name,
  role: GROUP_ROLE,
  group: GROUP,
}

export const MEMBER: Caller = {
  identity: ALICE,
  workspaceId: WORKSPACE,
  isWorkspaceAdmin: false,
  isAccountAdmin: false,
  scopes: ['all-apis'],
  bearer: 'workspace_token',
  groupIds: [],
}

/** An instance that somebody else made. */
export const FOREIGN_INSTANCE: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name' | 'state'> = {
  creatorId: BOB_ID,
  workspaceId: WORKSPACE,
  name: 'sales',
  state: 'AVAILABLE',
}
