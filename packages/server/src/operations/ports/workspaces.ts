/** Workspaces, and who is assigned to them. */
import type { Identity } from '../../domain/identity.ts'
import type { AccountId, IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Workspace, WorkspacePermission } from '../../domain/workspace.ts'

export interface WorkspaceStore {
  loadWorkspace(id: WorkspaceId): Promise<Workspace | undefined>
  /** Ordered by id. */
  listWorkspaces(accountId: AccountId): Promise<readonly Workspace[]>
  /** The creator is assigned as ADMIN in the same transaction. */
  createWorkspace(workspace: {
    readonly accountId: AccountId
    readonly name: string
    readonly host: string
    readonly deploymentName: string
    readonly createdAt: Date
    readonly creatorId: IdentityId
  }): Promise<Workspace | 'name_taken'>
  /** False when it still has database instances, or does not exist. */
  deleteWorkspace(id: WorkspaceId): Promise<boolean>
  listAssignments(workspaceId: WorkspaceId): Promise<readonly WorkspaceAssignment[]>
  /**
   * Creates or changes the identity's own assignment, not one through groups. False when the identity or the workspace
   * was deleted meanwhile.
   */
  assign(workspaceId: WorkspaceId, id: IdentityId, permission: WorkspacePermission): Promise<boolean>
  /** True when there was an assignment. */
  unassign(workspaceId: WorkspaceId, id: IdentityId): Promise<boolean>
}

export interface WorkspaceAssignment {
  readonly identity: Identity
  readonly permission: WorkspacePermission
}
