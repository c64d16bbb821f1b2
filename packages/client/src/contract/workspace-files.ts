/** REST types of the files of a workspace: `/api/2.0/workspace/*` as far as bundles need it. */

/** A file or a directory. */
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

/** What a directory contains. */
export interface ListWorkspaceObjectsResponse {
  /** Absent when the directory is empty. */
  objects?: WorkspaceObjectInfo[]
}

/** What a caller sends to make a directory. */
export interface MakeWorkspaceDirectoriesRequest {
  path: string
}

/** What a caller sends to write a file. */
export interface ImportWorkspaceFileRequest {
  path: string
  /** In base64. */
  content?: string
  format: 'AUTO' | 'RAW'
  overwrite?: boolean
}

/** The content of a file. */
export interface ExportWorkspaceObjectResponse {
  /** In base64. */
  content: string
}

/** What a caller sends to delete a file or a directory. */
export interface DeleteWorkspaceObjectRequest {
  path: string
  /** Required to delete a directory that is not empty. */
  recursive?: boolean
}
