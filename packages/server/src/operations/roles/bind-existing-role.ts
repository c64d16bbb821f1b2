/**
 * Binds a role that Lakegate did not create to an identity, which can then log in as this role: so existing roles of an
 * attached cluster are used unchanged. On embedded instances databricks_set_role_label does this, and PostgreSQL
 * decides.
 */
import { decideManageInstance, type Caller } from '../../policy/permissions.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import {
  recordRoleChange,
  requireAvailable,
  type InstanceRolePorts,
  type RoleIdentityType,
} from './manage-instance-roles.ts'
import type { InstanceRole } from '../ports/instance-roles.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

/**
 * @throws RefusedError identity_not_found, instance_role_not_found, instance_role_already_exists, permission_denied, …
 */
export async function bindExistingRole(
  ports: InstanceRolePorts,
  caller: Caller,
  request: {
    readonly instance: string
    readonly role: string
    /** The name of the identity. */
    readonly name: string
    readonly type: RoleIdentityType
  },
): Promise<InstanceRole> {
  const { role, name, type } = request
  const instance = await getDatabaseInstance(ports, caller, { name: request.instance })
  requirePermitted(
    decideManageInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  if (instance.backend.kind !== 'attached') {
    throw invalid('existing_role', 'is for attached clusters; use databricks_set_role_label in SQL.')
  }
  if (type === 'PG_ONLY') throw invalid('identity_type', 'must be the type of the identity to bind.')
  requireAvailable(instance)
  const identity = await ports.directory.findAssignedByName(caller.workspaceId, type, name)
  if (identity === undefined) throw refused('identity_not_found', { type, name: name.slice(0, 256) })
  const bound = await ports.roles.bindExistingRole(instance, role, { id: identity.id, type: identity.type })
  if (bound === undefined) {
    throw refused('instance_role_not_found', { role: role.slice(0, 256), name: instance.name })
  }
  if (bound === 'already_bound') {
    throw invalid('existing_role', 'is bound to an identity; drop the role, or use another one.')
  }
  recordRoleChange(ports, caller, instance, role)
  return bound
}

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
