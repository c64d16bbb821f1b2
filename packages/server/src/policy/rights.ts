/**
 * What a caller may do, as a list for user interfaces that show buttons. Every entry calls the same function as its
 * route, with the scopes of that route; nothing is decided here. Whether the instance is running is not part of the
 * rights; see its state.
 */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { decideAttach, type AttachingCallers } from './attached-cluster.ts'
import { decideMint } from './credential.ts'
import { decideLocalInstance, type LocalInstances } from './local-instance.ts'
import {
  decideCheckLogin,
  decideCreateRole,
  decideManageAccount,
  decideManageInstance,
  decideManageWorkspace,
  decideScope,
  decideSeeInstance,
  decideSeeMetrics,
  instancePermission,
  type Caller,
  type InstancePermissionLevel,
} from './permissions.ts'
import type { Refusal } from './refusals.ts'

export interface InstanceRightsFacts {
  readonly caller: Caller
  readonly instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name' | 'state'>
  readonly granted: InstancePermissionLevel | undefined
  /** Unknown when the instance cannot be asked. */
  readonly hasRole: boolean | 'unknown'
}

type Decision<Facts> = (facts: Facts) => 'permitted' | Refusal

const manage: Decision<InstanceRightsFacts> = ({ caller, instance, granted }) =>
  decideManageInstance(caller, instance, granted)
const see: Decision<InstanceRightsFacts> = ({ caller, instance, granted }) =>
  decideSeeInstance(caller, instance, granted)

/** For each right: the scopes that permit the route besides `all-apis`, and the decision about the caller. */
const ON_INSTANCES = {
  // Every member of the workspace may read it (operations/instances/get-database-instance.ts).
  see: [['postgres'], () => 'permitted'],
  mint_credential: [['postgres'], ({ caller, ...facts }) => decideMint(caller, [facts])],
  update: [['postgres'], manage],
  start_or_stop: [['postgres'], manage],
  delete: [['postgres'], manage],
  see_roles: [['postgres'], see],
  create_own_role: [
    ['postgres'],
    ({ caller, instance, granted }) =>
      decideCreateRole(caller, instance, granted, { identityId: caller.identity.id, isPlain: true }),
  ],
  create_role: [
    ['postgres'],
    ({ caller, instance, granted }) =>
      decideCreateRole(caller, instance, granted, { identityId: undefined, isPlain: false }),
  ],
  change_role: [['postgres'], manage],
  drop_role: [['postgres'], manage],
  see_permissions: [[], see],
  change_permissions: [[], manage],
  see_sessions: [['postgres'], manage],
  end_sessions: [['postgres'], manage],
  see_metrics: [['postgres'], ({ caller, instance, granted }) => decideSeeMetrics(caller, instance, granted)],
  manage_catalogs: [['postgres'], manage],
  check_own_login: [
    ['postgres'],
    ({ caller, instance, granted }) => decideCheckLogin(caller, instance, granted, 'own'),
  ],
  check_any_login: [
    ['postgres'],
    ({ caller, instance, granted }) => decideCheckLogin(caller, instance, granted, 'of_others'),
  ],
} as const satisfies Record<string, readonly [readonly string[], Decision<InstanceRightsFacts>]>

export interface WorkspaceRightsFacts {
  readonly caller: Caller
  readonly localInstances: LocalInstances
  readonly attachingCallers: AttachingCallers
}

const IN_WORKSPACES = {
  // Every member of the workspace may create instances, within the limit
  // (operations/instances/create-database-instance.ts), where Lakegate makes any.
  create_instance: [['postgres'], ({ localInstances }) => decideLocalInstance(localInstances)],
  attach_instance: [['postgres'], ({ caller, attachingCallers }) => decideAttach(caller, attachingCallers)],
  see_audit: [[], ({ caller }) => decideManageWorkspace(caller, caller.workspaceId)],
  manage_identities: [[], ({ caller }) => decideManageWorkspace(caller, caller.workspaceId)],
  // Every member of the workspace may read its directory (http/scim).
  see_identities: [[], () => 'permitted'],
  manage_account: [[], ({ caller }) => decideManageAccount(caller)],
} as const satisfies Record<string, readonly [readonly string[], Decision<WorkspaceRightsFacts>]>

export type InstanceRight = keyof typeof ON_INSTANCES
export type WorkspaceRight = keyof typeof IN_WORKSPACES

/** All rights, in the order in which they are reported. */
export const INSTANCE_RIGHTS = Object.keys(ON_INSTANCES) as readonly InstanceRight[]
export const WORKSPACE_RIGHTS = Object.keys(IN_WORKSPACES) as readonly WorkspaceRight[]

export const instanceRights = (facts: InstanceRightsFacts): readonly InstanceRight[] =>
  INSTANCE_RIGHTS.filter((right) => isPermitted<InstanceRightsFacts>(ON_INSTANCES[right], facts))

export const workspaceRights = (facts: WorkspaceRightsFacts): readonly WorkspaceRight[] =>
  WORKSPACE_RIGHTS.filter((right) => isPermitted<WorkspaceRightsFacts>(IN_WORKSPACES[right], facts))

/** The effective level, including that of the owner and the administrators. */
export const instanceLevel = ({ caller, instance, granted }: InstanceRightsFacts) =>
  instancePermission(caller, instance, granted) ?? 'NONE'

const isPermitted = <Facts extends { readonly caller: Caller }>(
  [scopes, decide]: readonly [readonly string[], Decision<Facts>],
  facts: Facts,
): boolean => decideScope(facts.caller, scopes) === 'permitted' && decide(facts) === 'permitted'
