/**
 * Reads one instance by name. Every member of the workspace may, because the unmodified CLI does so before it logs in.
 */
import { isInstanceName, type DatabaseInstance } from '../../domain/database-instance.ts'
import { decideScope, type Caller } from '../../policy/permissions.ts'
import { refused, requirePermitted } from '../refused-error.ts'
import type { InstanceStore } from '../ports/instances.ts'

/** @throws RefusedError `instance_not_found`, `scope_insufficient` */
export async function getDatabaseInstance(
  ports: { readonly store: Pick<InstanceStore, 'findByName'> },
  caller: Caller,
  request: { readonly name: string },
): Promise<DatabaseInstance> {
  requirePermitted(decideScope(caller, ['postgres']))
  // A text that cannot be a name is not looked up: the store rejects some of them, such as one with a zero byte.
  const instance = isInstanceName(request.name)
    ? await ports.store.findByName(caller.workspaceId, request.name)
    : undefined
  if (instance === undefined) throw refused('instance_not_found', { name: request.name })
  return instance
}
