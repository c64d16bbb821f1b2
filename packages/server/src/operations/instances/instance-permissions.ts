/** Who may use and manage a database instance: reads and sets the grants; owner and administrators need none. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity, IdentityType } from '../../domain/identity.ts'
import {
  decideManageInstance,
  decideSeeInstance,
  type Caller,
  type InstancePermissionLevel,
} from '../../policy/permissions.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import type { Directory } from '../ports/directory.ts'
import type { InstanceGrant, InstanceStore } from '../ports/instances.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface InstancePermissionPorts {
  readonly store: Pick<
    InstanceStore,
    'findByName' | 'loadPermission' | 'listPermissions' | 'replacePermissions'
  >
  readonly directory: Pick<Directory, 'findAssignedByName' | 'loadPrincipal'>
}

export interface WantedGrant {
  readonly type: IdentityType
  readonly name: string
  readonly level: InstancePermissionLevel
}

export interface InstanceAccess {
  readonly instance: DatabaseInstance
  /** Undefined when the owner was deleted. */
  readonly owner: Identity | undefined
  readonly grants: readonly InstanceGrant[]
}

/** @throws RefusedError instance_not_found, permission_denied */
export async function getInstancePermissions(
  ports: InstancePermissionPorts,
  caller: Caller,
  name: string,
): Promise<InstanceAccess> {
  const instance = await getDatabaseInstance(ports, caller, { name: name })
  requirePermitted(
    decideSeeInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  return load(ports, instance)
}

/**
 * @param mode `replace` removes grants that are not named, `merge` keeps them
 * @throws RefusedError instance_not_found, permission_denied, identity_not_found, invalid_parameter
 */
export async function setInstancePermissions(
  ports: InstancePermissionPorts,
  caller: Caller,
  request: {
    readonly name: string
    readonly mode: 'replace' | 'merge'
    readonly grants: readonly WantedGrant[]
  },
): Promise<InstanceAccess> {
  const instance = await getDatabaseInstance(ports, caller, { name: request.name })
  requirePermitted(
    decideManageInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  const grants = await Promise.all(request.grants.map((grant) => resolve(ports, caller, grant)))
  const named = new Set(grants.map(({ identity }) => identity.id))
  if (named.size < grants.length) {
    throw refused('invalid_parameter', {
      field: 'access_control_list',
      problem: 'names the same principal twice.',
    })
  }
  await ports.store.replacePermissions(
    instance.uid,
    grants.map(({ identity, level }) => ({ identityId: identity.id, level })),
    { keepOthers: request.mode === 'merge' },
  )
  return load(ports, instance)
}

async function load(ports: InstancePermissionPorts, instance: DatabaseInstance): Promise<InstanceAccess> {
  return {
    instance,
    owner: await ports.directory.loadPrincipal(instance.creatorId),
    grants: await ports.store.listPermissions(instance.uid),
  }
}

async function resolve(
  { directory }: InstancePermissionPorts,
  caller: Caller,
  { type, name, level }: WantedGrant,
): Promise<InstanceGrant> {
  const identity = await directory.findAssignedByName(caller.workspaceId, type, name)
  if (identity === undefined) throw refused('identity_not_found', { type, name: name.slice(0, 256) })
  return { identity, level }
}
