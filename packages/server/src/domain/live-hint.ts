/**
 * A hint that something may have changed since it was read. It says what to read again, and never contains the data.
 */
import type { DatabaseInstance } from './database-instance.ts'
import type { WorkspaceId } from './ids.ts'

export type HintedInstance = Pick<DatabaseInstance, 'uid' | 'name' | 'workspaceId' | 'creatorId'>

export type LiveHint =
  | { readonly kind: 'instance'; readonly instance: HintedInstance }
  | { readonly kind: 'sessions'; readonly instance: HintedInstance }
  /** Undefined for records that belong to the account and to no workspace. */
  | { readonly kind: 'audit'; readonly workspaceId: WorkspaceId | undefined }
