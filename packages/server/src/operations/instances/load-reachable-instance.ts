import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { decideInstanceReachable } from '../../policy/login.ts'
import type { InstanceLookup } from '../ports/instances.ts'
import { refused, requirePermitted, type RefusedError } from '../refused-error.ts'

/** behaviour 16: the state of the instance is checked before any proof. @throws RefusedError instance_not_reachable */
export async function loadReachableInstance(
  instances: InstanceLookup,
  uid: InstanceUid,
): Promise<DatabaseInstance> {
  const instance = await instances.loadInstance(uid)
  if (instance === undefined) throw instanceIsMissing()
  requirePermitted(decideInstanceReachable(instance.state))
  return instance
}

export const instanceIsMissing = (): RefusedError =>
  refused('instance_not_reachable', { reason: 'The database instance does not exist.' })
