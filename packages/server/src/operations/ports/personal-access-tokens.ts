/** Personal access tokens; only SHA-256 hashes are stored. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'

export interface PersonalAccessTokenStore {
  /** Undefined when the owner already has `atMost` valid tokens in the workspace. */
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
  /** Tokens of one identity, or of all in the workspace; oldest first, without expired ones. */
  listPersonalAccessTokens(
    workspaceId: WorkspaceId,
    identityId: IdentityId | undefined,
    now: Date,
  ): Promise<readonly StoredPersonalAccessToken[]>
  /** True when the token existed and, if an identity is named, belonged to it. */
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
  /** Who created it: the owner, or an administrator on the owner's behalf, who may have been deleted since. */
  readonly createdBy: { readonly id: IdentityId; readonly name: string | undefined }
  readonly expiresAt: Date | undefined
}
