/**
 * The database instance that the first start makes, by the same operation as everybody's, on behalf of the administrator.
 * There may be one already: of a first start that was killed behind this point, or of another control plane that starts
 * for the first time as well, at this very moment.
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

/** @param name empty: none is wanted */
export async function createFirstInstance(
  ports: CreateFirstInstancePorts,
  { admin, workspace }: Installation,
  name: string,
): Promise<void> {
  if (name === '' || (await ports.store.listAll()).length > 0) return
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

/** What one reads who comes second: there is an instance of that name, or of another one, which the workspace may have one of. */
const WAS_FIRST: readonly string[] = ['instance_already_exists', 'quota_exceeded']
