/** Bindings of roles that the system database keeps, for clusters that have no place writable by superusers only. */
import type { BackendRole } from '../../domain/attached-cluster.ts'
import type { IdentityBinding } from '../../domain/identity-binding.ts'
import type { IdentityId, InstanceUid, RoleOid } from '../../domain/ids.ts'

/** Applies only to a role that still has both this object id and this name. */
export interface KeptBinding {
  readonly role: BackendRole
  readonly binding: IdentityBinding
  /** Then its only password is the one that Lakegate sets. */
  readonly isMadeByLakegate: boolean
}

/** What a login asks; read again at every login. */
export interface RoleBindingLookup {
  loadBinding(uid: InstanceUid, roleName: string): Promise<KeptBinding | undefined>
}

export interface RoleBindingStore extends RoleBindingLookup {
  listBindings(uid: InstanceUid, roleNames: readonly string[]): Promise<readonly KeptBinding[]>
  /** Bindings whose roles may have been dropped or renamed since. */
  listBoundTo(uid: InstanceUid, identityIds: readonly IdentityId[]): Promise<readonly KeptBinding[]>
  /**
   * Replaces the binding of another role with the same name or object id. A binding of this very role is replaced only
   * when Lakegate has just created the role, because the stored binding is then older than the role.
   */
  insertBinding(uid: InstanceUid, binding: KeptBinding): Promise<'inserted' | 'already_bound'>
  removeBinding(uid: InstanceUid, role: RoleOid): Promise<void>
  /**
   * Also records that the table in the cluster is not read again. Changes nothing when the bindings were taken over
   * before.
   */
  takeOverBindings(uid: InstanceUid, bindings: readonly KeptBinding[]): Promise<void>
  /** Whether another instance on the same cluster has not yet taken its bindings over from the table there. */
  isTableAwaited(uid: InstanceUid, systemIdentifier: string): Promise<boolean>
}
