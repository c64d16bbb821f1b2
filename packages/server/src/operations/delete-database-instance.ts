/**
 * Writes down that an instance shall go; the supervisor destroys it and frees its name last (behaviour 63). The
 * row outlives the cluster, so that a crash in between leaves nothing behind that nobody knows of.
 */
import { decideManageInstance, type Caller } from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import { changeObserved } from './change-observed.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import type { InstanceStore, InstanceSupervisor } from './ports.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

export interface DeleteDatabaseInstancePorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission' | 'updateState'>
  readonly supervisor: InstanceSupervisor
}

/**
 * Repeating it while the instance is DELETING changes nothing and succeeds.
 * @param request.purge the vendor's deprecated parameter: leaving it out and true mean the same, false is refused
 * @throws RefusedError `instance_not_found`, `permission_denied`, `invalid_parameter`, `instance_state_conflict`,
 *   `scope_insufficient`
 */
export async function deleteDatabaseInstance(
  ports: DeleteDatabaseInstancePorts,
  caller: Caller,
  request: { readonly name: string; readonly purge: boolean | undefined },
): Promise<void> {
  await changeObserved(request.name, async () => {
    const observed = await getDatabaseInstance(ports, caller, request)
    requirePermitted(
      decideManageInstance(caller, observed, await loadGrantedPermission(ports.store, caller, observed)),
    )
    if (request.purge === false) {
      throw new RefusedError(
        refuse('invalid_parameter', {
          field: 'purge',
          problem: 'must be true or left out: a deleted instance is gone.',
        }),
      )
    }
    const deleting =
      observed.state === 'DELETING' ? observed : await ports.store.updateState(observed, 'DELETING')
    if (deleting !== undefined) ports.supervisor.wake(deleting.uid)
    return deleting
  })
}
