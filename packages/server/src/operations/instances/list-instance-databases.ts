/** The databases of an instance, by name, for callers who may use the instance or have a role in it. */
import { decideListDatabases, type Caller } from '../../policy/permissions.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import { requireAvailable } from '../roles/manage-instance-roles.ts'
import type { InstanceDatabaseList } from '../ports/catalog.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { requirePermitted } from '../refused-error.ts'

export interface InstanceDatabasePorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission'>
  readonly roles: Pick<InstanceRoles, 'hasRoleBoundTo'>
  readonly databases: InstanceDatabaseList
}

const MOST_DATABASES = 1000

/** @throws RefusedError instance_not_found, permission_denied, instance_state_conflict, scope_insufficient */
export async function listInstanceDatabases(
  ports: InstanceDatabasePorts,
  caller: Caller,
  request: { readonly instance: string },
): Promise<{ readonly names: readonly string[]; readonly hasMore: boolean }> {
  const instance = await getDatabaseInstance(ports, caller, { name: request.instance })
  const granted = await loadGrantedPermission(ports.store, caller, instance)
  const decide = (hasRole: boolean | 'unknown') => decideListDatabases(caller, instance, granted, hasRole)
  // A caller who may use the instance needs no role; for the others the instance is asked, and only while it runs.
  if (decide('unknown') !== 'permitted') {
    const ids = [caller.identity.id, ...caller.groupIds]
    requirePermitted(
      decide(instance.state === 'AVAILABLE' ? await ports.roles.hasRoleBoundTo(instance, ids) : 'unknown'),
    )
  }
  requireAvailable(instance, 'its databases can be listed and checked only while it is AVAILABLE.')
  const names = await ports.databases.listDatabases(instance, MOST_DATABASES + 1)
  return { names: names.slice(0, MOST_DATABASES), hasMore: names.length > MOST_DATABASES }
}
