/**
 * The database instance that the first start creates, on behalf of the administrator and by the same operation as all
 * others. There may be one already: from a first start that was killed after this point, or from another control plane
 * that is starting for the first time at the same moment.
 */
import { createDatabaseInstance, type CreateDatabaseInstancePorts } from './create-database-instance.ts'
import type { Installation } from '../ports/installation.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { RefusedError } from '../refused-error.ts'
import { NO_SETTINGS } from '../../policy/instance-settings.ts'

export interface CreateFirstInstancePorts extends Omit<
  CreateDatabaseInstancePorts,
  'store' | 'instancesPerWorkspace' | 'attachingCallers'
> {
  readonly store: CreateDatabaseInstancePorts['store'] & Pick<InstanceStore, 'listAll'>
}

/** @param name empty: no instance is wanted */
export async function createFirstInstance(
  ports: CreateFirstInstancePorts,
  { admin, workspace }: Installation,
  name: string,
): Promise<void> {
  if (name === '' || ports.localInstances === 'refuse' || (await ports.store.listAll()).length > 0) return
  try {
    await createDatabaseInstance(
      { ...ports, instancesPerWorkspace: 1, attachingCallers: 'nobody' },
      {
        identity: admin,
        workspaceId: workspace.id,
        isWorkspaceAdmin: true,
        isAccountAdmin: true,
        scopes: ['all-apis'],
        bearer: 'personal_access_token',
        groupIds: [],
      },
      { name, settings: NO_SETTINGS },
    )
  } catch (error) {
    if (!(error instanceof RefusedError && WAS_FIRST.includes(error.refusal.name))) throw error
  }
}

/**
 * The refusals when another first start came first: an instance of that name exists, or another one, and the limit here
 * is one.
 */
const WAS_FIRST: readonly string[] = ['instance_already_exists', 'quota_exceeded']
