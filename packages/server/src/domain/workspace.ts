import type { AccountId, WorkspaceId } from './ids.ts'

/** Owns database instances; an identity may use them only while it is assigned to the workspace. */
export interface Workspace {
  readonly id: WorkspaceId
  readonly accountId: AccountId
  readonly name: string
  /**
   * The host name under which it is served, in lower case, without a port; undefined for the workspace at the public
   * URL.
   */
  readonly host: string | undefined
  /** The deployment name it was created with; undefined where it is unknown. */
  readonly deploymentName: string | undefined
}

/** What an assignment to a workspace gives an identity there. */
export const WORKSPACE_PERMISSIONS = ['USER', 'ADMIN'] as const
export type WorkspacePermission = (typeof WORKSPACE_PERMISSIONS)[number]
