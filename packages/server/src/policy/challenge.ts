/**
 * Which proof a login is asked for: facts in, question out (DESIGN §6.4). A server must choose before it knows anything
 * of the client but its startup message, so a client that wants OAUTHBEARER says so there.
 */
import { nativeLoginEnabled, type DatabaseInstance } from '../domain/database-instance.ts'
import type { RoleFacts } from '../domain/role.ts'

export type Challenge =
  /** SASL OAUTHBEARER (RFC 7628): the same tokens, asked for in another way. */
  | 'bearer_token'
  /** AuthenticationCleartextPassword, inside TLS: a token is no secret that we know, so SCRAM cannot prove it. */
  | 'token_as_password'
  | 'scram_of_the_role'
  /** The same exchange, which nobody can win: the role has no password that we can check, or is none at all (attack 61). */
  | 'scram_of_nobody'

export interface ChallengeFacts {
  readonly instance: Pick<DatabaseInstance, 'settings'>
  readonly wantsBearer: boolean
  /** Needs to be known only while native login is on, see `needsRole`. */
  readonly role: Pick<RoleFacts, 'binding' | 'scramVerifier'> | undefined
}

/** While native login is off every role, and every name that is none, is asked the same. */
export const needsRole = ({ instance, wantsBearer }: Omit<ChallengeFacts, 'role'>): boolean =>
  !wantsBearer && nativeLoginEnabled(instance.settings)

// One fact a line, the questions in one column:
// prettier-ignore
export function chooseChallenge(facts: ChallengeFacts): Challenge {
  const { instance, wantsBearer, role } = facts

  if (wantsBearer)                               return 'bearer_token'
  if (!nativeLoginEnabled(instance.settings))    return 'token_as_password'
  // behaviour 52: a role of an identity has no other proof than a token, whatever password it was given besides.
  if (role?.binding !== undefined)               return 'token_as_password'
  // No such role, or one without a password, or with an MD5 one, which is not supported: a stranger cannot tell.
  if (role?.scramVerifier === undefined)         return 'scram_of_nobody'
  return 'scram_of_the_role'
}
