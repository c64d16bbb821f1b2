/** The permission granted on an instance to the caller or to any of the caller's groups. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Caller, InstancePermissionLevel } from '../../policy/permissions.ts'
import type { InstanceStore } from '../ports/instances.ts'

export async function loadGrantedPermission(
  store: Pick<InstanceStore, 'loadPermission'>,
  caller: Caller,
  instance: DatabaseInstance,
): Promise<InstancePermissionLevel | undefined> {
  return store.loadPermission(instance.uid, [caller.identity.id, ...caller.groupIds])
}
