/**
 * Asks about an open session what was asked at its login, by the same policy: is the identity still active, in the
 * workspace and in the group of the role, and is the role still bound to it? Only the expiry of the token is left out,
 * because it has a setting of its own.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { RoleOid } from '../../domain/ids.ts'
import { refuse, type Refusal } from '../../policy/refusals.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import { judgeLogin, type JudgeLoginPorts } from '../login/judge-login.ts'

/**
 * @returns why the session would be refused now; undefined when it would be admitted
 * @throws Fault when something cannot be read: then there is no verdict
 */
export type RecheckSession = (session: {
  readonly token: VerifiedToken
  readonly instance: DatabaseInstance
  readonly roleName: string
  /** The object id of the session's role: another role may have its name by now. */
  readonly roleOid: RoleOid
}) => Promise<Refusal | undefined>

/** The last instant that Date can represent. */
const NEVER = new Date(8_640_000_000_000_000)

export function createRecheckSession(ports: JudgeLoginPorts): RecheckSession {
  return async ({ token, instance, roleName, roleOid }) => {
    const verdict = await judgeLogin(ports, { instance, roleName, token: { ...token, expiresAt: NEVER } })
    if (verdict.outcome === 'refused') return verdict
    return verdict.role.oid === roleOid ? undefined : refuse('role_does_not_exist', { role: roleName })
  }
}
