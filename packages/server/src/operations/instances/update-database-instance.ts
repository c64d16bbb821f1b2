/**
 * Changes the settings of an instance. The statement that stores the change also stores the state that it leads to, so
 * that a crash before the work is done cannot lose it; the supervisor does the work (behaviours 53, 62, 63).
 */
import type { DatabaseInstance, InstanceSettings } from '../../domain/database-instance.ts'
import { decideNativeLoginOf } from '../../policy/attached-cluster.ts'
import {
  decideInstanceSettings,
  decideLogicalReplicationOf,
  stateAfterUpdate,
} from '../../policy/instance-settings.ts'
import { decideManageInstance, type Caller } from '../../policy/permissions.ts'
import { changeObserved } from './change-observed.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import type { InstanceSupervisor } from '../ports/clusters.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { RefusedError, requirePermitted } from '../refused-error.ts'

export interface UpdateDatabaseInstancePorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission' | 'updateSettings'>
  readonly supervisor: InstanceSupervisor
}

/** The settings to change; one that is present but undefined is reset to its default. */
export type SettingsChange = Partial<InstanceSettings>

/**
 * @returns the instance as stored afterwards; UPDATING or STARTING when its cluster has to be changed
 * @throws RefusedError `instance_not_found`, `permission_denied`, `invalid_parameter`, `instance_state_conflict`,
 *   `scope_insufficient`
 */
export async function updateDatabaseInstance(
  ports: UpdateDatabaseInstancePorts,
  caller: Caller,
  request: { readonly name: string; readonly change: SettingsChange },
): Promise<DatabaseInstance> {
  return changeObserved(request.name, async () => {
    const observed = await getDatabaseInstance(ports, caller, request)
    requirePermitted(
      decideManageInstance(caller, observed, await loadGrantedPermission(ports.store, caller, observed)),
    )
    const settings = { ...observed.settings, ...request.change }
    requirePermitted(decideInstanceSettings(settings))
    if ('enablePgNativeLogin' in request.change)
      requirePermitted(decideNativeLoginOf(observed.backend, settings))
    requirePermitted(decideLogicalReplicationOf(observed.backend.kind, settings))
    const state = stateAfterUpdate(observed, settings)
    if (typeof state !== 'string') throw new RefusedError(state)

    const updated = await ports.store.updateSettings(observed, { settings, state })
    if (updated !== undefined && needsWork(state)) ports.supervisor.wake(updated.uid)
    return updated
  })
}

const needsWork = (state: DatabaseInstance['state']): boolean => state !== 'AVAILABLE' && state !== 'STOPPED'
