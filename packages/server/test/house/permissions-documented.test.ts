/** docs/permissions.md is what the policy answers: each cell is a call of the function that decides. */
import { it } from 'vitest'
import type { DatabaseInstance } from '../../src/domain/database-instance.ts'
import { decideMint } from '../../src/policy/credential.ts'
import { decideManageEntry } from '../../src/policy/claims.ts'
import {
  decideCreateRole,
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
import { decideChangeHome } from '../../src/policy/workspace-files.ts'
import { ALICE_ID, BOB_ID, FOREIGN_INSTANCE, MEMBER, OTHER_WORKSPACE, WORKSPACE } from '../policy/facts.ts'
import { expectRendered, renderTable } from './documented.ts'

interface Who {
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

const EVERYBODY: readonly Who[] = [
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

const DEEDS: readonly (readonly [string, (one: Who) => Verdict])[] = [
  [
    'mint a credential, having a role in the instance, or a group of one’s own having one',
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
    'create the own role, plain',
    ({ caller, instance, granted }) =>
      decideCreateRole(caller, instance, granted, { identityId: ALICE_ID, isPlain: true }),
  ],
  [
    'create the own role with attributes or membership in databricks_superuser',
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
    'register catalogs and tables for claims; remove them, grant and revoke SELECT on them',
    (one) =>
      decideManageEntry(
        one.caller,
        { name: 'x', creatorId: BOB_ID },
        instancePermission(one.caller, one.instance, one.granted) === 'CAN_MANAGE',
      ),
  ],
  [
    'read and change the files in the own home (/Workspace/Users/…)',
    ({ caller }) => decideChangeHome(caller, caller.identity.id, '/'),
  ],
  [
    'read and change the files in the home of somebody else',
    ({ caller }) => decideChangeHome(caller, BOB_ID, '/'),
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

it('docs/permissions.md shows what the policy decides', () => {
  const rows = DEEDS.map(([deed, decide]) => [
    deed,
    ...EVERYBODY.map((one) => (decide(one) === 'permitted' ? 'yes' : '–')),
  ])
  expectRendered(
    'docs/permissions.md',
    'permissions',
    renderTable(['', ...EVERYBODY.map(({ title }) => title)], rows),
  )
})
