/**
 * Who may log in as whom: facts in, verdict out; no promise, no clock, no SQL, no throw (DESIGN §6.5).
 * The order of the lines is the order of disclosure: nothing below a line is told to somebody who failed
 * above it. The token was already verified by `tokens/verify.ts`.
 */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { Identity, Principal } from '../domain/identity.ts'
import type { ClaimedTable } from '../domain/catalog.ts'
import type { RoleFacts } from '../domain/role.ts'
import { unreachable } from '../domain/unreachable.ts'
import { permitsPostgres, type VerifiedToken } from '../tokens/claims.ts'
import { decideClaims, type ClaimedTableFacts } from './claims.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface LoginFacts {
  readonly now: Date
  readonly instance: Pick<DatabaseInstance, 'uid' | 'workspaceId' | 'state'>
  /** As the client sent it; role names are compared exactly. */
  readonly roleName: string
  readonly role: RoleFacts | undefined
  readonly token: VerifiedToken
  /** The token's identity as the directory knows it now; undefined when it was deleted. */
  readonly identity: PrincipalFacts | undefined
  /** The group that the role is bound to, when it is bound to one that exists. */
  readonly group: GroupFacts | undefined
  /** The tables that the claims of the token name: none for a token without claims. */
  readonly claimedTables: readonly ClaimedTableFacts[]
}

export interface PrincipalFacts extends Principal {
  /** Directly or through a group, at this moment. */
  readonly assignedToWorkspace: boolean
}

export interface GroupFacts extends Identity {
  readonly assignedToWorkspace: boolean
  /** From the group down to the identity, both included, by id; undefined when the identity is no member. */
  readonly membershipPath: readonly string[] | undefined
  /** The names along that path, for the audit record; no name decides anything. */
  readonly membershipNames?: readonly string[]
}

export interface Admitted {
  readonly outcome: 'admitted'
  readonly role: RoleFacts
  readonly identity: PrincipalFacts
  readonly viaGroup: GroupFacts | undefined
  /** What the session may read besides, on any instance of the workspace. */
  readonly claimedTables: readonly ClaimedTable[]
}

// One fact a line, the verdicts in one column:
// prettier-ignore
export function decideLogin(facts: LoginFacts): Admitted | Refusal {
  const { instance, role, roleName, token, identity, group } = facts

  const reachable = decideInstanceReachable(instance.state)
  if (reachable !== 'reachable')                   return reachable
  if (!permitsPostgres(token.scopes))              return refuse('token_not_for_postgres', { role: roleName })
  if (token.expiresAt <= facts.now)                return refuse('token_expired', { role: roleName, expiredAt: token.expiresAt.toISOString() })
  if (token.workspaceId !== instance.workspaceId)  return refuse('token_of_another_workspace', { role: roleName })
  if (!isMintedFor(token, instance))               return refuse('token_not_for_this_instance', { role: roleName })
  if (!identity?.active)                           return refuse('identity_inactive', { role: roleName })
  if (!identity.assignedToWorkspace)               return refuse('identity_not_in_workspace', { role: roleName })
  if (role === undefined)                          return refuse('role_does_not_exist', { role: roleName })
  if (role.binding === undefined)                  return refuse('role_not_bound', { role: roleName })
  if (role.isSuperuser || !role.canLogIn)          return refuse('role_cannot_log_in', { role: roleName })
  if (isPast(role.validUntil, facts.now))          return refuse('role_no_longer_valid', { role: roleName })
  const claims = decideClaims(identity, facts.claimedTables)
  if ('problem' in claims)                         return refuse('claims_no_longer_hold', { role: roleName, problem: claims.problem })
  const claimedTables = claims.readable

  switch (role.binding.type) {
    case 'USER':
    case 'SERVICE_PRINCIPAL':
      if (role.binding.id !== identity.id)         return refuse('role_of_another_identity', { role: roleName })
      return { outcome: 'admitted', role, identity, viaGroup: undefined, claimedTables }
    case 'GROUP':
      if (group?.id !== role.binding.id)           return refuse('group_no_longer_exists', { role: roleName, id: role.binding.id })
      if (!group.assignedToWorkspace)              return refuse('group_not_in_workspace', { role: roleName })
      if (group.membershipPath === undefined)      return refuse('not_a_member', { role: roleName })
      return { outcome: 'admitted', role, identity, viaGroup: group, claimedTables }
    default:
      return unreachable(role.binding.type)
  }
}

/** Behaviour 16: the state of the instance comes before any password. */
// prettier-ignore
export function decideInstanceReachable(state: DatabaseInstance['state']): 'reachable' | Refusal {
  switch (state) {
    case 'AVAILABLE':    return 'reachable'
    case 'STOPPED':      return refuse('instance_not_reachable', { reason: 'The database instance is stopped.' })
    case 'STARTING':
    case 'UPDATING':
    case 'FAILING_OVER': return refuse('instance_not_reachable', { reason: `The database instance is ${state}; please retry when it is AVAILABLE.` })
    case 'DELETING':     return refuse('instance_not_reachable', { reason: 'The database instance is being deleted.' })
    default:             return unreachable(state)
  }
}

const isMintedFor = (token: VerifiedToken, instance: LoginFacts['instance']): boolean =>
  token.instances === 'all_of_workspace' || token.instances.includes(instance.uid)

export const isPast = (until: Date | undefined, now: Date): boolean => until !== undefined && until <= now
