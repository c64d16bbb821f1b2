/**
 * Records that an instance is to be deleted; the supervisor destroys it and frees its name last (behaviour 63). The row
 * outlives the cluster, so that a crash in between leaves nothing behind without a record.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { decideManageInstance, type Caller } from '../../policy/permissions.ts'
import { changeObserved } from './change-observed.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import type { InstanceSupervisor } from '../ports/clusters.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface DeleteDatabaseInstancePorts {
  readonly store: Pick<
    InstanceStore,
    'findByName' | 'loadPermission' | 'updateState' | 'updateAttachedCluster'
  >
  readonly supervisor: InstanceSupervisor
}

/**
 * Deleting an instance again while it is DELETING succeeds, and the last value of `removesObjects` counts: when the
 * removal is impossible, the instance can still be deleted without it.
 * @param request.purge the vendor's deprecated parameter: leaving it out and true mean the same, false is refused
 * @param request.removesObjects removes from an attached cluster what Lakegate created in it
 * @throws RefusedError `instance_not_found`, `permission_denied`, `invalid_parameter`, `instance_state_conflict`,
 * `scope_insufficient`
 */
export async function deleteDatabaseInstance(
  ports: DeleteDatabaseInstancePorts,
  caller: Caller,
  request: {
    readonly name: string
    readonly purge: boolean | undefined
    readonly removesObjects: boolean
  },
): Promise<void> {
  await changeObserved(request.name, async () => {
    const observed = await getDatabaseInstance(ports, caller, request)
    requirePermitted(
      decideManageInstance(caller, observed, await loadGrantedPermission(ports.store, caller, observed)),
    )
    if (request.purge === false) {
      throw refused('invalid_parameter', {
        field: 'purge',
        problem: 'must be true or left out: a deleted instance cannot be restored.',
      })
    }
    const deleting = await markDeleting(ports, observed, request.removesObjects)
    if (deleting !== undefined) ports.supervisor.wake(deleting.uid)
    return deleting
  })
}

async function markDeleting(
  { store }: DeleteDatabaseInstancePorts,
  observed: DatabaseInstance,
  removesObjects: boolean,
): Promise<DatabaseInstance | undefined> {
  const { backend } = observed
  if (backend.kind === 'embedded') {
    if (removesObjects) {
      throw refused('invalid_parameter', {
        field: 'remove_objects',
        problem: 'is only for attached instances: an embedded instance is deleted with everything in it.',
      })
    }
  } else if ((backend.cluster.removesObjects ?? false) !== removesObjects) {
    const cluster = { ...backend.cluster, removesObjects }
    return store.updateAttachedCluster(observed, { cluster, encryptedPassword: undefined, state: 'DELETING' })
  }
  return observed.state === 'DELETING' ? observed : store.updateState(observed, 'DELETING')
}
