import type { AccountId, WorkspaceId } from './ids.ts'

export interface Workspace {
  readonly id: WorkspaceId
  readonly accountId: AccountId
  readonly name: string
}

/** What an assignment to a workspace makes of an identity there. */
export const WORKSPACE_PERMISSIONS = ['USER', 'ADMIN'] as const
export type WorkspacePermission = (typeof WORKSPACE_PERMISSIONS)[number]
