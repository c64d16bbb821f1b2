/** Who may do what: the source of the table in docs/permissions.md. Each cell is a call of the function that decides. */
import type { DatabaseInstance } from '../../src/domain/database-instance.ts'
import { decideMint } from '../../src/policy/credential.ts'
import { decideManageEntry } from '../../src/policy/claims.ts'
import {
  decideCheckLogin,
  decideCreateRole,
  decideListDatabases,
  decideManageAccount,
  decideManageIdentity,
  decideManageInstance,
  decideManageWorkspace,
  decideSeeInstance,
  decideSeeMetrics,
  instancePermission,
  type Caller,
  type InstancePermissionLevel,
} from '../../src/policy/permissions.ts'
import type { Refusal } from '../../src/policy/refusals.ts'
import { decideChangeQuery, decideReadQuery, decideRemoveQuery } from '../../src/policy/saved-queries.ts'
import { decideChangeHome } from '../../src/policy/workspace-files.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { ALICE_ID, BOB_ID, FOREIGN_INSTANCE, MEMBER, OTHER_WORKSPACE, WORKSPACE } from './facts.ts'

export interface Who {
  readonly title: string
  readonly caller: Caller
  readonly instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name' | 'state'>
  readonly granted: InstancePermissionLevel | undefined
}

const who = (
  title: string,
  caller: Partial<Caller> = {},
  granted?: InstancePermissionLevel,
  instance: Partial<Who['instance']> = {},
): Who => ({
  title,
  caller: { ...MEMBER, ...caller },
  granted,
  instance: { ...FOREIGN_INSTANCE, ...instance },
})

export const EVERYBODY: readonly Who[] = [
  who('member of the workspace'),
  who('CAN_USE', {}, 'CAN_USE'),
  who('CAN_MANAGE', {}, 'CAN_MANAGE'),
  who('owner', {}, undefined, { creatorId: ALICE_ID }),
  who('workspace admin', { isWorkspaceAdmin: true }),
  who('account admin', { isAccountAdmin: true }),
]

type Verdict = 'permitted' | Refusal
const mint = ({ caller, instance, granted }: Who, hasRole: boolean) =>
  decideMint(caller, [{ instance, granted, hasRole }])
const identity = (homeWorkspaceId: Caller['workspaceId'] | undefined, isAccountAdmin = false) => ({
  name: 'x',
  homeWorkspaceId,
  systemGroup: undefined,
  isAccountAdmin,
})

const query = (ownerId: IdentityId, isShared: boolean) => ({
  id: 'x',
  workspaceId: WORKSPACE,
  owner: { id: ownerId, name: 'x' },
  isShared,
})

export const DEEDS: readonly (readonly [string, (one: Who) => Verdict])[] = [
  [
    'mint a credential with a role in the instance, or as a member of a group that has one',
    (one) => mint(one, true),
  ],
  ['mint a credential without such a role', (one) => mint(one, false)],
  [
    'see the roles and the permissions of the instance',
    ({ caller, instance, granted }) => decideSeeInstance(caller, instance, granted),
  ],
  [
    'see how the instance is used over time',
    ({ caller, instance, granted }) => decideSeeMetrics(caller, instance, granted),
  ],
  [
    'create one’s own role, without attributes',
    ({ caller, instance, granted }) =>
      decideCreateRole(caller, instance, granted, { identityId: ALICE_ID, isPlain: true }),
  ],
  [
    'create one’s own role with attributes or membership in databricks_superuser',
    ({ caller, instance, granted }) =>
      decideCreateRole(caller, instance, granted, { identityId: ALICE_ID, isPlain: false }),
  ],
  [
    'create the role of somebody else, or one of PG_ONLY',
    ({ caller, instance, granted }) =>
      decideCreateRole(caller, instance, granted, { identityId: BOB_ID, isPlain: true }),
  ],
  [
    'change and drop roles; set permissions; stop, resize, delete the instance; switch native login',
    ({ caller, instance, granted }) => decideManageInstance(caller, instance, granted),
  ],
  [
    'check what one may do oneself, as which roles one could log in, and how a login of one’s own would end',
    ({ caller, instance, granted }) => decideCheckLogin(caller, instance, granted, 'own'),
  ],
  [
    'check how the login of somebody else would end',
    ({ caller, instance, granted }) => decideCheckLogin(caller, instance, granted, 'of_others'),
  ],
  [
    'list the databases of the instance, with a role in it',
    ({ caller, instance, granted }) => decideListDatabases(caller, instance, granted, true),
  ],
  [
    'list the databases of the instance without such a role',
    ({ caller, instance, granted }) => decideListDatabases(caller, instance, granted, false),
  ],
  [
    'register catalogs and tables for claims; remove them, grant and revoke SELECT on them',
    (one) =>
      decideManageEntry(
        one.caller,
        { name: 'x', creatorId: BOB_ID },
        instancePermission(one.caller, one.instance, one.granted) === 'CAN_MANAGE',
      ),
  ],
  [
    'read and change the files in one’s own home (/Workspace/Users/…)',
    ({ caller }) => decideChangeHome(caller, caller.identity.id, '/'),
  ],
  [
    'read and change the files in the home of somebody else',
    ({ caller }) => decideChangeHome(caller, BOB_ID, '/'),
  ],
  [
    'save, share, change and delete one’s own queries',
    ({ caller }) => decideChangeQuery(caller, 'x', query(ALICE_ID, false)),
  ],
  [
    'read saved queries that somebody shared with the workspace',
    ({ caller }) => decideReadQuery(caller, 'x', query(BOB_ID, true)),
  ],
  [
    'change saved queries that somebody shared',
    ({ caller }) => decideChangeQuery(caller, 'x', query(BOB_ID, true)),
  ],
  [
    'delete saved queries that somebody shared',
    ({ caller }) => decideRemoveQuery(caller, 'x', query(BOB_ID, true)),
  ],
  [
    'read saved queries of somebody else that are not shared',
    ({ caller }) => decideReadQuery(caller, 'x', query(BOB_ID, false)),
  ],
  [
    'create identities in the workspace, and assign identities to it',
    ({ caller }) => decideManageWorkspace(caller, WORKSPACE),
  ],
  [
    'change an identity that the workspace made, its secrets, policies and members',
    ({ caller }) => decideManageIdentity(caller, identity(WORKSPACE)),
  ],
  [
    'change an identity of the account or of another workspace',
    ({ caller }) => decideManageIdentity(caller, identity(OTHER_WORKSPACE)),
  ],
  [
    'change an administrator of the account',
    ({ caller }) => decideManageIdentity(caller, identity(WORKSPACE, true)),
  ],
  [
    'manage the account: workspaces, its identities, federation, OAuth applications, signing keys',
    ({ caller }) => decideManageAccount(caller),
  ],
]
