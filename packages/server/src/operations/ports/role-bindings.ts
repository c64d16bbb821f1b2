/** Bindings of roles that the system database keeps, because a cluster has no place where only a superuser could write. */
import type { BackendRole } from '../../domain/attached-cluster.ts'
import type { IdentityBinding } from '../../domain/identity-binding.ts'
import type { IdentityId, InstanceUid, RoleOid } from '../../domain/ids.ts'

/** Of the role only that still has both this object id and this name. */
export interface KeptBinding {
  readonly role: BackendRole
  readonly binding: IdentityBinding
  /** Then it has no password but the one that Lakegate gives it. */
  readonly isMadeByLakegate: boolean
}

/** What a login asks, fresh at every login. */
export interface RoleBindingLookup {
  loadBinding(uid: InstanceUid, roleName: string): Promise<KeptBinding | undefined>
}

export interface RoleBindingStore extends RoleBindingLookup {
  listBindings(uid: InstanceUid, roleNames: readonly string[]): Promise<readonly KeptBinding[]>
  /** Those of roles that may be gone or renamed since. */
  listBoundTo(uid: InstanceUid, identityIds: readonly IdentityId[]): Promise<readonly KeptBinding[]>
  /**
   * Takes the place of what was kept of another role under this name or this object id; of what was kept of this very
   * role only when Lakegate has just made it, for then it is older than the role.
   */
  insertBinding(uid: InstanceUid, binding: KeptBinding): Promise<'inserted' | 'already_bound'>
  removeBinding(uid: InstanceUid, role: RoleOid): Promise<void>
  /** Writes down as well that the table in the cluster is not read again. Changes nothing when it was taken over before. */
  takeOverBindings(uid: InstanceUid, bindings: readonly KeptBinding[]): Promise<void>
  /** Whether another instance on the same cluster still has its bindings in the table there. */
  isTableAwaited(uid: InstanceUid, systemIdentifier: string): Promise<boolean>
}
