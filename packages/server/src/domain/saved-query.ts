/** SQL that a person keeps in the console, for personal use or for the workspace. */
import type { IdentityId, WorkspaceId } from './ids.ts'

export interface SavedQueryContent {
  readonly name: string
  readonly sql: string
  /** Where it was written; a suggestion only, the database need not exist. */
  readonly instanceName: string | undefined
  readonly databaseName: string | undefined
  /** Whether everybody in the workspace may read it. */
  readonly isShared: boolean
}

export interface SavedQuery extends SavedQueryContent {
  readonly id: string
  readonly workspaceId: WorkspaceId
  readonly owner: { readonly id: IdentityId; readonly name: string }
  /** Counts the changes. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** How much one person keeps in one workspace. */
export interface SavedQueryUsage {
  readonly queries: number
  /** Bytes of SQL. */
  readonly bytes: number
}
