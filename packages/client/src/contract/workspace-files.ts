/** REST types of the files of a workspace: `/api/2.0/workspace/*` as far as bundles need it. */

export interface WorkspaceObjectInfo {
  object_type: 'DIRECTORY' | 'FILE'
  /** As the request wrote it: with `/Workspace` in front, or without. */
  path: string
  object_id: number
  resource_id: string
  /** In bytes; only for files, like the two fields below. */
  size?: number
  /** Milliseconds since 1970. */
  created_at?: number
  modified_at?: number
}

export interface ListWorkspaceObjectsResponse {
  /** Absent when the directory is empty. */
  objects?: WorkspaceObjectInfo[]
}

export interface MakeWorkspaceDirectoriesRequest {
  path: string
}

export interface ImportWorkspaceFileRequest {
  path: string
  /** In base64. */
  content?: string
  format: 'AUTO' | 'RAW'
  overwrite?: boolean
}

export interface ExportWorkspaceObjectResponse {
  /** In base64. */
  content: string
}

export interface DeleteWorkspaceObjectRequest {
  path: string
  /** Required to delete a directory that is not empty. */
  recursive?: boolean
}

/** The answer of `/api/2.0/permissions/directories/<object_id>`. */
export interface DirectoryPermissions {
  object_id: string
  object_type: 'directory'
  access_control_list: {
    user_name?: string
    group_name?: string
    service_principal_name?: string
    display_name: string
    all_permissions: {
      permission_level: 'CAN_MANAGE'
      inherited: boolean
      inherited_from_object: string[]
    }[]
  }[]
}
