/** Personal access tokens; only SHA-256 hashes are kept. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'

export interface PersonalAccessTokenStore {
  /** Undefined when the owner has `atMost` live ones in the workspace already. */
  insertPersonalAccessToken(token: {
    readonly identityId: IdentityId
    readonly workspaceId: WorkspaceId
    readonly hash: Uint8Array
    readonly comment: string
    readonly scopes: readonly string[]
    readonly createdAt: Date
    readonly createdBy: IdentityId
    readonly expiresAt: Date | undefined
    readonly atMost: number
  }): Promise<StoredPersonalAccessToken | undefined>
  findPersonalAccessToken(hash: Uint8Array, now: Date): Promise<StoredPersonalAccessToken | undefined>
  /** Of one identity, or of all in the workspace; oldest first, and none that has expired. */
  listPersonalAccessTokens(
    workspaceId: WorkspaceId,
    identityId: IdentityId | undefined,
    now: Date,
  ): Promise<readonly StoredPersonalAccessToken[]>
  /** True when there was one, of that identity if one is named. */
  deletePersonalAccessToken(
    workspaceId: WorkspaceId,
    id: string,
    identityId: IdentityId | undefined,
  ): Promise<boolean>
}

export interface StoredPersonalAccessToken {
  readonly id: string
  readonly identityId: IdentityId
  readonly ownerName: string
  readonly workspaceId: WorkspaceId
  readonly comment: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  /** Who made it: the owner, or an administrator on behalf of the owner, who may be gone. */
  readonly createdBy: { readonly id: IdentityId; readonly name: string | undefined }
  readonly expiresAt: Date | undefined
}
