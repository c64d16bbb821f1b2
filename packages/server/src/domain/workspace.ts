import type { AccountId, WorkspaceId } from './ids.ts'

/** Owns database instances; an identity may use them only while it is assigned to the workspace. */
export interface Workspace {
  readonly id: WorkspaceId
  readonly accountId: AccountId
  readonly name: string
  /** Under which it is served, lower case, without a port; undefined for the one at the public URL. */
  readonly host: string | undefined
  /** The label that it was made with; undefined where nobody knows it. */
  readonly deploymentName: string | undefined
}

/** What an assignment to a workspace makes of an identity there. */
export const WORKSPACE_PERMISSIONS = ['USER', 'ADMIN'] as const
export type WorkspacePermission = (typeof WORKSPACE_PERMISSIONS)[number]
