/**
 * The roles of an instance as which the caller could log in now: every role that is bound to the caller or to one of
 * its groups, judged as a login would be. The questions of one call are asked together, like those of simultaneous
 * logins.
 */
import { decideScope, type Caller } from '../../policy/permissions.ts'
import type { Admitted } from '../../policy/login.ts'
import { freshToken } from './check-login.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { judgeLogin, type JudgeLoginPorts } from './judge-login.ts'
import { requireAvailable } from '../roles/manage-instance-roles.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { requirePermitted } from '../refused-error.ts'

export interface SignInRolePorts extends JudgeLoginPorts {
  readonly store: Pick<InstanceStore, 'findByName'>
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts' | 'listRoleNamesBoundTo'>
}

/** Enough for two batches of a hundred logins each. */
const MOST_ROLES = 200

export interface SignInRoles {
  readonly roles: readonly Pick<Admitted, 'role' | 'identity' | 'viaGroup'>[]
  /** There may be more roles than were checked. */
  readonly hasMore: boolean
}

/** @throws RefusedError instance_not_found, instance_state_conflict, scope_insufficient */
export async function listSignInRoles(
  ports: SignInRolePorts,
  caller: Caller,
  request: { readonly instance: string },
): Promise<SignInRoles> {
  requirePermitted(decideScope(caller, ['postgres']))
  const instance = await getDatabaseInstance(ports, caller, { name: request.instance })
  requireAvailable(instance)
  const ids = [caller.identity.id, ...caller.groupIds]
  const names = await ports.roles.listRoleNamesBoundTo(instance, ids, MOST_ROLES + 1)
  const token = freshToken(instance, caller.identity.id, ports.clock())
  const verdicts = await Promise.all(
    names.slice(0, MOST_ROLES).map((roleName) => judgeLogin(ports, { instance, roleName, token })),
  )
  return {
    roles: verdicts.filter((verdict) => verdict.outcome === 'admitted'),
    hasMore: names.length > MOST_ROLES,
  }
}
