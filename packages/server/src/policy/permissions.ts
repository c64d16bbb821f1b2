/** What a caller of the REST API may do. Pure: facts in, verdict out. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { Principal } from '../domain/identity.ts'
import { refuse, type Refusal } from './refusals.ts'

/** How the caller proved itself; a database credential is none of these (attack 19). */
export type BearerKind = 'workspace_token' | 'personal_access_token'

/** Who calls, as established anew at every request. */
export interface Caller {
  readonly identity: Principal
  readonly workspaceId: WorkspaceId
  readonly isWorkspaceAdmin: boolean
  readonly scopes: readonly string[]
  readonly bearer: BearerKind
  /** Groups that the caller is in, directly or indirectly. */
  readonly groupIds: readonly IdentityId[]
}

export const INSTANCE_PERMISSION_LEVELS = ['CAN_USE', 'CAN_MANAGE'] as const
export type InstancePermissionLevel = (typeof INSTANCE_PERMISSION_LEVELS)[number]

/** Effective level: owner and workspace admins manage, then what was granted to the caller or its groups. */
export function instancePermission(
  caller: Caller,
  instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId'>,
  granted: InstancePermissionLevel | undefined,
): InstancePermissionLevel | undefined {
  if (caller.workspaceId !== instance.workspaceId) return undefined
  if (caller.isWorkspaceAdmin || caller.identity.id === instance.creatorId) return 'CAN_MANAGE'
  return granted
}

/** Updating and deleting an instance, toggling native login among it (behaviour 53). */
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

/** Service principals and their secrets are the business of workspace admins. */
export function decideManageServicePrincipals(caller: Caller): 'permitted' | Refusal {
  return caller.isWorkspaceAdmin
    ? 'permitted'
    : refuse('permission_denied', {
        reason: `User ${caller.identity.name} is not an administrator of the workspace, as managing service principals requires.`,
      })
}

/** `all-apis` opens every API; each API names the narrower scopes that open it too. */
export function decideScope(caller: Caller, narrower: readonly string[]): 'permitted' | Refusal {
  const accepted = ['all-apis', ...narrower]
  return caller.scopes.some((scope) => accepted.includes(scope))
    ? 'permitted'
    : refuse('scope_insufficient', { scopes: accepted.join(' or ') })
}
