/** OAuth secrets of service principals; only SHA-256 hashes are stored (secrets have at least 160 random bits). */
import type { Principal } from '../../domain/identity.ts'
import type { IdentityId } from '../../domain/ids.ts'

export interface SecretStore {
  /** Undefined when the principal already has `atMost` valid secrets; counted and inserted in one transaction. */
  insertSecret(secret: {
    readonly servicePrincipalId: IdentityId
    readonly hash: Uint8Array
    readonly createdAt: Date
    readonly expiresAt: Date
    readonly atMost: number
  }): Promise<StoredSecret | undefined>
  listSecrets(servicePrincipalId: IdentityId): Promise<readonly StoredSecret[]>
  deleteSecret(servicePrincipalId: IdentityId, secretId: string): Promise<boolean>
  /** The unexpired hashes of an active service principal, by application id, with the principal. */
  loadClient(
    applicationId: string,
    now: Date,
  ): Promise<{ readonly principal: Principal; readonly hashes: readonly Uint8Array[] } | undefined>
}

export interface StoredSecret {
  readonly id: string
  readonly servicePrincipalId: IdentityId
  readonly hash: Uint8Array
  readonly createdAt: Date
  readonly expiresAt: Date
}
