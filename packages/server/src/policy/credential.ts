/** Who may mint a database credential for which instances (behaviours 2, 4, 5). Pure. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { decideScope, instancePermission, type Caller, type InstancePermissionLevel } from './permissions.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface MintableInstance {
  readonly instance: Pick<DatabaseInstance, 'creatorId' | 'workspaceId' | 'name' | 'state'>
  readonly granted: InstancePermissionLevel | undefined
  /**
   * Whether a role of the instance is bound to the caller or to one of its groups; unknown unless the instance is
   * running.
   */
  readonly hasRole: boolean | 'unknown'
}

/**
 * behaviour 5: permitted are the owner, workspace admins, CAN_MANAGE, and any identity with a Postgres role. CAN_USE
 * alone does not permit a login (behaviour 60), so it does not permit minting either.
 */
export function decideMint(caller: Caller, instances: readonly MintableInstance[]): 'permitted' | Refusal {
  const scope = decideScope(caller, ['postgres'])
  if (scope !== 'permitted') return scope
  for (const { instance, granted, hasRole } of instances) {
    if (instancePermission(caller, instance, granted) === 'CAN_MANAGE') continue
    if (hasRole === true) continue
    if (hasRole === 'unknown') {
      return refuse('instance_state_conflict', {
        name: instance.name,
        state: instance.state,
        problem: 'whether you have a role there can be checked only when it is AVAILABLE.',
      })
    }
    return refuse('permission_denied', {
      reason: `User ${caller.identity.name} has no Postgres role on database instance ${instance.name} and does not manage it.`,
    })
  }
  return 'permitted'
}
