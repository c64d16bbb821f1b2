/** Workspaces of the account, and who is assigned to them (wire-contract §4.5). */

/** A workspace; it has a host of its own. */
export interface WorkspaceAnswer {
  workspace_id: number
  workspace_name: string
  account_id: string
  deployment_name: string
  workspace_status: 'RUNNING'
  /** The URL of the workspace; an addition to the real service's fields. */
  workspace_url: string
}

/** Who is assigned to a workspace; exactly one of the three names is present, depending on the kind of principal. */
export interface PermissionAssignment {
  principal: {
    principal_id: number
    display_name: string
    user_name?: string
    group_name?: string
    service_principal_name?: string
  }
  permissions: ('USER' | 'ADMIN')[]
}

/** What a caller sends to create a workspace. */
export interface CreateWorkspaceRequest {
  workspace_name: string
  /** The first label of its host name; made from its name when left out. */
  deployment_name?: string
}

/** Who is assigned to a workspace. */
export interface ListPermissionAssignmentsAnswer {
  permission_assignments: PermissionAssignment[]
}

/** The permissions with which somebody can be assigned to a workspace. */
export interface WorkspacePermissionsAnswer {
  permissions: { permission_level: 'USER' | 'ADMIN'; description: string }[]
}

/** What a caller sends to assign somebody to a workspace. */
export interface AssignPermissionsRequest {
  /** `ADMIN` contains `USER`; none means no assignment. */
  permissions: ('USER' | 'ADMIN')[]
}
