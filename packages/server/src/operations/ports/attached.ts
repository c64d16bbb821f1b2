/** What attached clusters need in addition to what every instance needs. */
import type { AttachedCluster, BackendRole } from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { InstanceUid, RoleOid } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'

/** The password is encrypted before it reaches the store. */
export interface NewAttachment {
  readonly cluster: AttachedCluster
  readonly encryptedPassword: Uint8Array
}

/** Secrets of attached clusters, which the store keeps encrypted. */
export interface AttachedSecretStore {
  loadAdministrativePassword(uid: InstanceUid): Promise<Uint8Array | undefined>
  listRoleKeys(
    uid: InstanceUid,
  ): Promise<readonly { readonly roleOid: RoleOid; readonly encryptedKey: Uint8Array }[]>
  loadRoleKey(uid: InstanceUid, role: RoleOid): Promise<StoredRoleKey | undefined>
  /** Keeps the first key when two gateways race. */
  insertRoleKey(uid: InstanceUid, role: RoleOid, encryptedKey: Uint8Array): Promise<void>
  markRoleKeyApplied(uid: InstanceUid, role: RoleOid): Promise<void>
}

export interface StoredRoleKey {
  readonly encryptedKey: Uint8Array
  readonly isApplied: boolean
}

/** What the client's side of SCRAM needs for one role, without the password (RFC 5802 §3). */
export interface ScramClientKey {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly clientKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** How the gateway authenticates itself to an attached cluster. */
export type BackendCredential =
  | {
      readonly kind: 'client_certificate'
      readonly certificateChainPem: string
      readonly privateKeyPem: Redacted<string>
    }
  | { readonly kind: 'scram'; readonly key: Redacted<ScramClientKey> }

export interface BackendCredentials {
  /**
   * For a role that Lakegate has bound to an identity and for which a login was admitted.
   * @throws Fault role_password_in_use when the role has a password that must not be replaced
   */
  credentialFor(instance: DatabaseInstance, role: BackendRole): Promise<BackendCredential>
}
