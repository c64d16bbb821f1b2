/** Workspaces of the account, who is assigned to them, and the files and queries that they hold. */
import type {
  AssignPermissionsRequest,
  CreateWorkspaceRequest,
  ListPermissionAssignmentsAnswer,
  PermissionAssignment,
  WorkspaceAnswer,
  WorkspacePermissionsAnswer,
} from '../workspaces.ts'
import type { DirectoryPermissions, DirectoryPermissionsRequest } from '../permissions.ts'
import type {
  SavedQueriesAnswer,
  SavedQueryAnswer,
  SavedQueryChangeRequest,
  SavedQueryRequest,
} from '../saved-queries.ts'
import type {
  DeleteWorkspaceObjectRequest,
  ExportWorkspaceObjectResponse,
  ImportWorkspaceFileRequest,
  ListWorkspaceObjectsResponse,
  MakeWorkspaceDirectoriesRequest,
  WorkspaceObjectInfo,
} from '../workspace-files.ts'
import type { EmptyAnswer, OfAccount } from './operation.ts'

/** The parameters of one workspace. */
interface OfWorkspace extends OfAccount {
  /** Id of the workspace. */
  workspace_id: string
}

/** `workspaces`: the workspaces of the account; each has a host of its own. */
export interface WorkspacesService {
  /** Creates a workspace. */
  create: {
    method: 'POST'
    path: '/api/2.0/accounts/{account_id}/workspaces'
    scope: 'all-apis'
    parameters: OfAccount
    body: CreateWorkspaceRequest
    status: 201
    answer: WorkspaceAnswer
  }
  /** Lists the workspaces to which the caller is assigned; for an administrator of the account, all of them. */
  list: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/workspaces'
    scope: 'all-apis'
    parameters: OfAccount
    answer: WorkspaceAnswer[]
  }
  /** Reads a workspace. */
  get: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}'
    scope: 'all-apis'
    parameters: OfWorkspace
    answer: WorkspaceAnswer
  }
  /** Deletes a workspace; the first one, and one that has database instances, cannot be deleted. */
  delete: {
    method: 'DELETE'
    path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}'
    scope: 'all-apis'
    parameters: OfWorkspace
    answer: EmptyAnswer
  }
}

/** The parameters of the assignment of one principal to a workspace. */
interface OfPrincipal extends OfWorkspace {
  /** The SCIM id of the user, service principal or group. */
  principal_id: string
}

/** `workspaceAssignment`: who is assigned to a workspace. */
export interface WorkspaceAssignmentService {
  /** Lists who is assigned to a workspace. */
  list: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments'
    scope: 'all-apis'
    parameters: OfWorkspace
    answer: ListPermissionAssignmentsAnswer
  }
  /** Lists the permissions with which somebody can be assigned. */
  get: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/permissions'
    scope: 'all-apis'
    parameters: OfWorkspace
    answer: WorkspacePermissionsAnswer
  }
  /** Assigns a principal to a workspace; an empty list of permissions ends the assignment. */
  update: {
    method: 'PUT'
    path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/principals/{principal_id}'
    scope: 'all-apis'
    parameters: OfPrincipal
    body: AssignPermissionsRequest
    answer: PermissionAssignment | EmptyAnswer
  }
  /** Ends the assignment of a principal to a workspace. */
  delete: {
    method: 'DELETE'
    path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/principals/{principal_id}'
    scope: 'all-apis'
    parameters: OfPrincipal
    answer: EmptyAnswer
  }
}

/** The path of a file or directory. */
interface PathQuery {
  /** The path, such as `/Workspace/Users/ada@example.com/notes.txt`. */
  path: string
}

/** The parameter of the permissions of a directory. */
interface OfDirectory {
  /** `object_id` of the directory. */
  workspace_object_id: string
}

/** `workspace`: files and directories of the workspace, as bundles of the Databricks CLI use them. */
export interface WorkspaceService {
  /** Tells what is at a path. */
  getStatus: {
    method: 'GET'
    path: '/api/2.0/workspace/get-status'
    scope: 'all-apis'
    query: PathQuery
    answer: WorkspaceObjectInfo
  }
  /** Lists a directory. */
  list: {
    method: 'GET'
    path: '/api/2.0/workspace/list'
    scope: 'all-apis'
    query: PathQuery
    answer: ListWorkspaceObjectsResponse
  }
  /** Makes a directory, and those above it. */
  mkdirs: {
    method: 'POST'
    path: '/api/2.0/workspace/mkdirs'
    scope: 'all-apis'
    body: MakeWorkspaceDirectoriesRequest
    answer: EmptyAnswer
  }
  /** Deletes a file or a directory. */
  delete: {
    method: 'POST'
    path: '/api/2.0/workspace/delete'
    scope: 'all-apis'
    body: DeleteWorkspaceObjectRequest
    answer: EmptyAnswer
  }
  /** Writes a file. */
  import: {
    method: 'POST'
    path: '/api/2.0/workspace/import'
    scope: 'all-apis'
    body: ImportWorkspaceFileRequest
    answer: EmptyAnswer
  }
  /** Reads a file. */
  export: {
    method: 'GET'
    path: '/api/2.0/workspace/export'
    scope: 'all-apis'
    query: PathQuery & {
      /** All mean the same: there are files only. */
      format?: 'AUTO' | 'SOURCE' | 'RAW'
    }
    answer: ExportWorkspaceObjectResponse
  }
  /** Reads the permissions on a directory. */
  getPermissions: {
    method: 'GET'
    path: '/api/2.0/permissions/directories/{workspace_object_id}'
    scope: 'all-apis'
    parameters: OfDirectory
    answer: DirectoryPermissions
  }
  /** Confirms the permissions on a directory: only those that its owner and administrators have anyway are accepted. */
  setPermissions: {
    method: 'PUT'
    path: '/api/2.0/permissions/directories/{workspace_object_id}'
    scope: 'all-apis'
    parameters: OfDirectory
    body: DirectoryPermissionsRequest
    answer: DirectoryPermissions
  }
  /** Confirms permissions on a directory: only those that its owner and administrators have anyway are accepted. */
  updatePermissions: {
    method: 'PATCH'
    path: '/api/2.0/permissions/directories/{workspace_object_id}'
    scope: 'all-apis'
    parameters: OfDirectory
    body: DirectoryPermissionsRequest
    answer: DirectoryPermissions
  }
}

/** The parameter of one saved query. */
interface OfQuery {
  /** Id of the query. */
  query_id: string
}

/** `savedQueries`: SQL that people keep, and may share with the workspace. */
export interface SavedQueriesService {
  /** Saves a query. */
  create: {
    method: 'POST'
    path: '/api/2.0/lakegate/saved-queries'
    scope: 'postgres'
    body: SavedQueryRequest
    answer: SavedQueryAnswer
  }
  /** Lists the caller's own queries and those that others share, by name. */
  list: {
    method: 'GET'
    path: '/api/2.0/lakegate/saved-queries'
    scope: 'postgres'
    query: {
      /**
       * At most so many queries.
       *
       * @minimum 1
       */
      page_size?: number
      /** `next_page_token` of the page before; left out for the first one. */
      page_token?: string
    }
    answer: SavedQueriesAnswer
    items: 'queries'
  }
  /** Reads a saved query. */
  get: {
    method: 'GET'
    path: '/api/2.0/lakegate/saved-queries/{query_id}'
    scope: 'postgres'
    parameters: OfQuery
    answer: SavedQueryAnswer
  }
  /** Changes a saved query, unless somebody has changed it since it was read. */
  update: {
    method: 'PATCH'
    path: '/api/2.0/lakegate/saved-queries/{query_id}'
    scope: 'postgres'
    parameters: OfQuery
    body: SavedQueryChangeRequest
    answer: SavedQueryAnswer
  }
  /** Deletes a saved query. */
  delete: {
    method: 'DELETE'
    path: '/api/2.0/lakegate/saved-queries/{query_id}'
    scope: 'postgres'
    parameters: OfQuery
    answer: EmptyAnswer
  }
}
