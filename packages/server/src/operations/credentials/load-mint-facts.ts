/** What the minting policy needs to know about a caller and an instance; each fact is loaded only if it can matter. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { MintableInstance } from '../../policy/credential.ts'
import { instancePermission, type Caller } from '../../policy/permissions.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import type { InstanceStore } from '../ports/instances.ts'

export interface MintFactPorts {
  readonly store: Pick<InstanceStore, 'loadPermission'>
  readonly roles: Pick<InstanceRoles, 'hasRoleBoundTo'>
}

/** @throws Fault when the instance must be asked and does not answer */
export async function loadMintFacts<Instance extends DatabaseInstance>(
  { store, roles }: MintFactPorts,
  caller: Caller,
  instance: Instance,
): Promise<MintableInstance & { readonly instance: Instance }> {
  // A caller who manages the instance anyway needs neither a grant nor a role, so neither is loaded.
  if (instancePermission(caller, instance, undefined) === 'CAN_MANAGE')
    return { instance, granted: undefined, hasRole: 'unknown' }
  const granted = await loadGrantedPermission(store, caller, instance)
  // A caller who manages the instance by a grant needs no role; the instance is asked only for the others.
  if (instancePermission(caller, instance, granted) === 'CAN_MANAGE' || instance.state !== 'AVAILABLE')
    return { instance, granted, hasRole: 'unknown' }
  const identityIds = [caller.identity.id, ...caller.groupIds]
  return { instance, granted, hasRole: await roles.hasRoleBoundTo(instance, identityIds) }
}
