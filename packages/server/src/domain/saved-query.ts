/** SQL that a person keeps in the console, for itself or for its workspace. */
import type { IdentityId, WorkspaceId } from './ids.ts'

export interface SavedQueryContent {
  readonly name: string
  readonly sql: string
  /** Where it was written for: a proposal, which need not exist. */
  readonly instanceName: string | undefined
  readonly databaseName: string | undefined
  /** Readable by everybody in the workspace. */
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

/** What somebody keeps in one workspace. */
export interface SavedQueryUsage {
  readonly queries: number
  /** Of SQL. */
  readonly bytes: number
}
