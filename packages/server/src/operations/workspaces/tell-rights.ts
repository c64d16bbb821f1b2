/** Reports what callers may do, using the same functions that decide when they do it (policy/rights.ts). */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { AttachingCallers } from '../../policy/attached-cluster.ts'
import type { MintableInstance } from '../../policy/credential.ts'
import type { LocalInstances } from '../../policy/local-instance.ts'
import { decideScope, type Caller } from '../../policy/permissions.ts'
import {
  instanceLevel,
  instanceRights,
  workspaceRights,
  type InstanceRight,
  type WorkspaceRight,
} from '../../policy/rights.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import { loadMintFacts, type MintFactPorts } from '../credentials/load-mint-facts.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { requirePermitted } from '../refused-error.ts'

export interface TellRightsPorts extends MintFactPorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission' | 'count'>
  readonly instancesPerWorkspace: number
  readonly localInstances: LocalInstances
  readonly attachingCallers: AttachingCallers
}

export interface InstanceRights {
  /** Includes the name of the owner, which every member of the workspace may read. */
  readonly instance: DatabaseInstance
  readonly level: ReturnType<typeof instanceLevel>
  readonly isOwner: boolean
  readonly rights: readonly InstanceRight[]
}

/**
 * Every caller who may read the instance may ask about its own rights. @throws RefusedError instance_not_found,
 * scope_insufficient
 */
export async function tellInstanceRights(
  ports: TellRightsPorts,
  caller: Caller,
  request: { readonly instance: string },
): Promise<InstanceRights> {
  const instance = await getDatabaseInstance(ports, caller, { name: request.instance })
  const facts = { ...(await loadFacts(ports, caller, instance)), caller }
  return {
    instance,
    level: instanceLevel(facts),
    isOwner: instance.creatorId === caller.identity.id,
    rights: instanceRights(facts),
  }
}

/** @throws RefusedError scope_insufficient */
export async function tellWorkspaceRights(
  { store, localInstances, attachingCallers, instancesPerWorkspace }: TellRightsPorts,
  caller: Caller,
): Promise<{
  readonly rights: readonly WorkspaceRight[]
  readonly instances: { readonly used: number; readonly allowed: number }
}> {
  requirePermitted(decideScope(caller, ['postgres']))
  return {
    rights: workspaceRights({ caller, localInstances, attachingCallers }),
    instances: { used: await store.count(caller.workspaceId), allowed: instancesPerWorkspace },
  }
}

/** When an instance cannot be asked about roles right now, the other rights are still known. */
async function loadFacts(
  ports: TellRightsPorts,
  caller: Caller,
  instance: DatabaseInstance,
): Promise<MintableInstance> {
  try {
    return await loadMintFacts(ports, caller, instance)
  } catch (error) {
    if (!(error instanceof Fault && error.retryable && error.origin === 'instance')) throw error
    return {
      instance,
      granted: await loadGrantedPermission(ports.store, caller, instance),
      hasRole: 'unknown',
    }
  }
}
