/**
 * Assigns users, service principals and groups to a workspace, and removes them. An identity that is not assigned,
 * directly or through a group, loses all access there with its next request or login.
 */
import type { AccountId } from '../../domain/ids.ts'
import { parseIdentityId } from '../../domain/ids.ts'
import type { WorkspacePermission } from '../../domain/workspace.ts'
import { decideManageWorkspace, decideTakeAwayAccess, type Caller } from '../../policy/permissions.ts'
import { requireWorkspace } from './manage-workspaces.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { WorkspaceAssignment, WorkspaceStore } from '../ports/workspaces.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

export interface AssignmentPorts {
  readonly workspaces: Pick<WorkspaceStore, 'loadWorkspace' | 'listAssignments' | 'assign' | 'unassign'>
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly accountId: AccountId
}

/** @throws RefusedError workspace_not_found, permission_denied */
export async function listAssignments(
  ports: AssignmentPorts,
  caller: Caller,
  workspace: string,
): Promise<readonly WorkspaceAssignment[]> {
  const workspaceId = await requireWorkspace(ports.workspaces, workspace)
  requirePermitted(decideManageWorkspace(caller, workspaceId))
  return ports.workspaces.listAssignments(workspaceId)
}

/**
 * @param request.permission undefined removes the identity from the workspace
 * @throws RefusedError workspace_not_found, identity_not_found, permission_denied
 */
export async function assignToWorkspace(
  ports: AssignmentPorts,
  caller: Caller,
  request: {
    readonly workspace: string
    readonly principalId: string
    readonly permission: WorkspacePermission | undefined
  },
): Promise<WorkspaceAssignment | undefined> {
  const workspaceId = await requireWorkspace(ports.workspaces, request.workspace)
  requirePermitted(decideManageWorkspace(caller, workspaceId))
  const id = parseIdentityId(request.principalId)
  const identity =
    id === undefined
      ? undefined
      : await ports.identities.loadRecord({ accountId: ports.accountId, workspaceId: undefined }, id)
  if (identity === undefined || identity.systemGroup !== undefined) throw notFound(request.principalId)
  // An account administrator can assign itself again; an administrator of the workspace only cannot.
  if (request.permission !== 'ADMIN' && !caller.isAccountAdmin)
    requirePermitted(decideTakeAwayAccess(caller, identity.id))
  if (request.permission !== undefined) {
    if (!(await ports.workspaces.assign(workspaceId, identity.id, request.permission)))
      throw notFound(request.principalId)
    return { identity, permission: request.permission }
  }
  if (!(await ports.workspaces.unassign(workspaceId, identity.id))) throw notFound(request.principalId)
  return undefined
}

const notFound = (id: string): RefusedError =>
  refused('identity_not_found', { type: 'PRINCIPAL', name: id.slice(0, 64) })
