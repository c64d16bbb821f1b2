/** A hint that something is not any more as somebody may have read it. It says where to look, and never what is to be seen. */
import type { DatabaseInstance } from './database-instance.ts'
import type { WorkspaceId } from './ids.ts'

export type HintedInstance = Pick<DatabaseInstance, 'uid' | 'name' | 'workspaceId' | 'creatorId'>

export type LiveHint =
  | { readonly kind: 'instance'; readonly instance: HintedInstance }
  | { readonly kind: 'sessions'; readonly instance: HintedInstance }
  /** Undefined: of the account alone. */
  | { readonly kind: 'audit'; readonly workspaceId: WorkspaceId | undefined }
