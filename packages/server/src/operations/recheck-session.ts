/**
 * Asks about an open session what was asked at its login, by the same policy: is the identity still active, in the
 * workspace, in the group of the role, and does the role still say so? Only the expiry of the token is left out,
 * which is a switch of its own.
 */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { Refusal } from '../policy/refusals.ts'
import type { VerifiedToken } from '../tokens/claims.ts'
import { judgeLogin, type JudgeLoginPorts } from './judge-login.ts'

/**
 * @returns why the session would not be opened now; undefined when it would
 * @throws Fault when somebody cannot be asked: nothing follows from that
 */
export type RecheckSession = (session: {
  readonly token: VerifiedToken
  readonly instance: DatabaseInstance
  readonly roleName: string
}) => Promise<Refusal | undefined>

/** The last instant that Date knows. */
const NEVER = new Date(8_640_000_000_000_000)

export function createRecheckSession(ports: JudgeLoginPorts): RecheckSession {
  return async ({ token, instance, roleName }) => {
    const verdict = await judgeLogin(ports, { instance, roleName, token: { ...token, expiresAt: NEVER } })
    return verdict.outcome === 'refused' ? verdict : undefined
  }
}
