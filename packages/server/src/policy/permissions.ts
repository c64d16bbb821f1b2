/** What a caller of the REST API may do. Pure: facts in, verdict out. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { IdentityRecord } from '../domain/directory.ts'
import type { Principal } from '../domain/identity.ts'
import { refuse, type Refusal } from './refusals.ts'

/** How the caller authenticated; a database credential is neither of these (attack 19). */
export type BearerKind = 'workspace_token' | 'personal_access_token'

/** The caller of a request, determined at every request. */
export interface Caller {
  readonly identity: Principal
  readonly workspaceId: WorkspaceId
  readonly isWorkspaceAdmin: boolean
  readonly isAccountAdmin: boolean
  readonly scopes: readonly string[]
  readonly bearer: BearerKind
  /** Groups that contain the caller, directly or indirectly. */
  readonly groupIds: readonly IdentityId[]
}

export const INSTANCE_PERMISSION_LEVELS = ['CAN_USE', 'CAN_MANAGE'] as const
export type InstancePermissionLevel = (typeof INSTANCE_PERMISSION_LEVELS)[number]

/** The effective level: owner and workspace admins manage; others have what was granted to them or their groups. */
export function instancePermission(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId'>,
  granted: InstancePermissionLevel | undefined,
): InstancePermissionLevel | undefined {
  if (caller.workspaceId !== instance.workspaceId) return undefined
  if (caller.isWorkspaceAdmin || caller.identity.id === instance.creatorId) return 'CAN_MANAGE'
  return granted
}

/** Reading the roles and the permissions of an instance (behaviour 58). */
export function decideSeeInstance(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name'>,
  granted: InstancePermissionLevel | undefined,
): 'permitted' | Refusal {
  return instancePermission(caller, instance, granted) === undefined
    ? refuse('permission_denied', {
        reason: `User ${caller.identity.name} does not have CAN_USE permission on database instance ${instance.name}.`,
      })
    : 'permitted'
}

/**
 * Reading how an instance was used over time: the same callers as for its roles. Unlike the list of open sessions, the
 * numbers name no identity, and users of an instance need to see whether it is full or slow.
 */
export function decideSeeMetrics(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name'>,
  granted: InstancePermissionLevel | undefined,
): 'permitted' | Refusal {
  return decideSeeInstance(caller, instance, granted)
}

/**
 * Creating a role in an instance (behaviour 58): those who manage it create any role; with CAN_USE, callers create only
 * their own role, with no attributes beyond logging in.
 */
export function decideCreateRole(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name'>,
  granted: InstancePermissionLevel | undefined,
  role: { readonly identityId: IdentityId | undefined; readonly isPlain: boolean },
): 'permitted' | Refusal {
  const level = instancePermission(caller, instance, granted)
  if (level === 'CAN_MANAGE') return 'permitted'
  if (level === 'CAN_USE' && role.identityId === caller.identity.id && role.isPlain) return 'permitted'
  return refuse('permission_denied', {
    reason:
      level === 'CAN_USE'
        ? `With CAN_USE on database instance ${instance.name} you can only create your own role, without further attributes.`
        : `User ${caller.identity.name} does not have CAN_USE permission on database instance ${instance.name}.`,
  })
}

/** Updating and deleting an instance, including native login (behaviour 53). */
export function decideManageInstance(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name'>,
  granted: InstancePermissionLevel | undefined,
): 'permitted' | Refusal {
  return instancePermission(caller, instance, granted) === 'CAN_MANAGE'
    ? 'permitted'
    : refuse('permission_denied', {
        reason: `User ${caller.identity.name} does not have CAN_MANAGE permission on database instance ${instance.name}.`,
      })
}

/** Checking how a login would end: every caller for its own logins, those who manage the instance for anyone's. */
export function decideCheckLogin(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name'>,
  granted: InstancePermissionLevel | undefined,
  whose: 'own' | 'of_others',
): 'permitted' | Refusal {
  return whose === 'own' && caller.workspaceId === instance.workspaceId
    ? 'permitted'
    : decideManageInstance(caller, instance, granted)
}

/**
 * Listing the databases of an instance: callers who may use it, and those with a role in it, who could ask PostgreSQL.
 * @param hasRole unknown unless the instance is running
 */
export function decideListDatabases(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name'>,
  granted: InstancePermissionLevel | undefined,
  hasRole: boolean | 'unknown',
): 'permitted' | Refusal {
  return hasRole === true && caller.workspaceId === instance.workspaceId
    ? 'permitted'
    : decideSeeInstance(caller, instance, granted)
}

/** Managing the account: workspaces, federation, identities of all workspaces. */
export function decideManageAccount(caller: Caller): 'permitted' | Refusal {
  return caller.isAccountAdmin
    ? 'permitted'
    : refuse('permission_denied', {
        reason: `User ${caller.identity.name} is not an administrator of the account.`,
      })
}

/** Creating identities in a workspace, and assigning identities to it. */
export function decideManageWorkspace(caller: Caller, workspaceId: WorkspaceId): 'permitted' | Refusal {
  if (caller.isAccountAdmin) return 'permitted'
  return caller.isWorkspaceAdmin && caller.workspaceId === workspaceId
    ? 'permitted'
    : refuse('permission_denied', {
        reason: `User ${caller.identity.name} is not an administrator of the workspace.`,
      })
}

/**
 * Changing an identity, its secrets and its members: administrators of the account, or of the workspace that created
 * it. No workspace administrator may change what another workspace relies on (attack 35).
 */
export function decideManageIdentity(
  caller: Caller,
  identity: Pick<IdentityRecord, 'name' | 'homeWorkspaceId' | 'systemGroup' | 'isAccountAdmin'>,
): 'permitted' | Refusal {
  if (identity.systemGroup !== undefined) {
    return refuse('permission_denied', {
      reason: `The group ${identity.name} is kept by the system; assign identities to the workspace to change its members.`,
    })
  }
  if (caller.isAccountAdmin) return 'permitted'
  // Creating its secrets, links or policies would allow the caller to act as it, which would be privilege escalation
  // (attack 35).
  if (identity.isAccountAdmin) {
    return refuse('permission_denied', {
      reason: `${identity.name} is an administrator of the account; only another one may change it.`,
    })
  }
  if (caller.isWorkspaceAdmin && identity.homeWorkspaceId === caller.workspaceId) return 'permitted'
  return refuse('permission_denied', {
    reason: caller.isWorkspaceAdmin
      ? `${identity.name} is kept by the account or another workspace; only an administrator of the account may change it.`
      : `User ${caller.identity.name} is not an administrator of the workspace.`,
  })
}

/** Callers cannot take away their own access. */
export function decideTakeAwayAccess(caller: Caller, identityId: IdentityId): 'permitted' | Refusal {
  return caller.identity.id === identityId
    ? refuse('permission_denied', {
        reason: 'You cannot deactivate, delete or demote yourself; ask another administrator.',
      })
    : 'permitted'
}

/** `all-apis` permits every API; each API names the narrower scopes that also permit it. */
export function decideScope(caller: Caller, narrower: readonly string[]): 'permitted' | Refusal {
  const accepted = ['all-apis', ...narrower]
  return caller.scopes.some((scope) => accepted.includes(scope))
    ? 'permitted'
    : refuse('scope_insufficient', { scopes: accepted.join(' or ') })
}
