/** Reads one instance by its immutable id. An instance of another workspace does not exist for the caller. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { parseInstanceUid } from '../../domain/ids.ts'
import { decideScope, type Caller } from '../../policy/permissions.ts'
import { refused, requirePermitted } from '../refused-error.ts'
import type { InstanceLookup } from '../ports/instances.ts'

/** @throws RefusedError `invalid_parameter` when the uid is not a UUID, `instance_not_found`, `scope_insufficient` */
export async function findDatabaseInstanceByUid(
  ports: { readonly store: InstanceLookup },
  caller: Caller,
  request: { readonly uid: string },
): Promise<DatabaseInstance> {
  requirePermitted(decideScope(caller, ['postgres']))
  const uid = parseInstanceUid(request.uid.toLowerCase())
  if (uid === undefined) {
    throw refused('invalid_parameter', { field: 'uid', problem: 'must be a UUID.' })
  }
  const instance = await ports.store.loadInstance(uid)
  if (instance?.workspaceId !== caller.workspaceId) {
    throw refused('instance_not_found', { name: uid })
  }
  return instance
}
