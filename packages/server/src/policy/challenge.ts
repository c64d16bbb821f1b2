/**
 * Which proof a login is asked for: facts in, question out (DESIGN §6.4). The server must choose when it knows only the
 * startup message of the client, so a client that wants OAUTHBEARER says so in that message.
 */
import { nativeLoginEnabled, type DatabaseInstance } from '../domain/database-instance.ts'
import type { RoleFacts } from '../domain/role.ts'

export type Challenge =
  /** SASL OAUTHBEARER (RFC 7628): for the same tokens, by another exchange. */
  | 'bearer_token'
  /** AuthenticationCleartextPassword, inside TLS: we do not store the token, so SCRAM cannot prove it. */
  | 'token_as_password'
  | 'scram_of_the_role'
  /**
   * The same exchange, but it always fails: the role has no password that we can check, or does not exist (attack 61).
   */
  | 'scram_of_nobody'

export interface ChallengeFacts {
  readonly instance: Pick<DatabaseInstance, 'settings'>
  readonly wantsBearer: boolean
  /** Only needed while native login is on, see `needsRole`. */
  readonly role: Pick<RoleFacts, 'binding' | 'scramVerifier'> | undefined
}

/** While native login is off, every role name is asked for the same proof, whether the role exists or not. */
export const needsRole = ({ instance, wantsBearer }: Omit<ChallengeFacts, 'role'>): boolean =>
  !wantsBearer && nativeLoginEnabled(instance.settings)

// One fact per line, the questions in one column:
// prettier-ignore
export function chooseChallenge(facts: ChallengeFacts): Challenge {
  const { instance, wantsBearer, role } = facts

  if (wantsBearer)                               return 'bearer_token'
  if (!nativeLoginEnabled(instance.settings))    return 'token_as_password'
  // behaviour 52: the only proof for a role of an identity is a token, whatever password the role also has.
  if (role?.binding !== undefined)               return 'token_as_password'
  // No such role, or a role without a password, or with an MD5 password, which is not supported: a stranger cannot tell
  // these apart.
  if (role?.scramVerifier === undefined)         return 'scram_of_nobody'
  return 'scram_of_the_role'
}
