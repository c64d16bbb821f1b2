/**
 * May a role log in by its own password, after a correct proof? Facts are read again after the proof, verdict out
 * (DESIGN §6.5; CVE-2025-2291: a verifier alone is not enough). PostgreSQL enforces CONNECTION LIMIT when the backend
 * opens.
 */
import { nativeLoginEnabled, type DatabaseInstance } from '../domain/database-instance.ts'
import type { RoleFacts } from '../domain/role.ts'
import { decideInstanceReachable, isPast } from './login.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface NativeLoginFacts {
  readonly now: Date
  readonly instance: Pick<DatabaseInstance, 'state' | 'settings'>
  readonly roleName: string
  readonly role: RoleFacts | undefined
  /** The role and verifier for which the proof was checked. */
  readonly proved: Pick<RoleFacts, 'oid' | 'scramVerifier'>
}

export interface AdmittedNatively {
  readonly outcome: 'admitted'
  readonly role: RoleFacts
}

// One fact per line, the verdicts in one column:
// prettier-ignore
export function decideNativeLogin(facts: NativeLoginFacts): AdmittedNatively | Refusal {
  const { now, instance, role, roleName, proved } = facts
  const failed = (why: string) => refuse('password_authentication_failed', { role: roleName }, why)

  const reachable = decideInstanceReachable(instance.state)
  if (reachable !== 'reachable')                 return reachable
  if (!nativeLoginEnabled(instance.settings))    return failed('native login was switched off')
  if (role?.oid !== proved.oid)                  return failed('the role was dropped')
  if (!isSameVerifier(role, proved))             return failed('the password was changed')
  if (role.binding !== undefined)                return failed('the role was bound to an identity')
  if (role.isSuperuser || !role.canLogIn)        return refuse('role_cannot_log_in', { role: roleName })
  if (isPast(role.validUntil, now))              return refuse('role_no_longer_valid', { role: roleName })
  return { outcome: 'admitted', role }
}

/** Both values come from PostgreSQL, and neither from the client, so the comparison need not take constant time. */
const isSameVerifier = (role: NativeLoginFacts['proved'], proved: NativeLoginFacts['proved']): boolean =>
  role.scramVerifier !== undefined && role.scramVerifier.reveal() === proved.scramVerifier?.reveal()
