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
  /** The same exchange, which nobody can win: there is no such role, and nobody may learn that from us. */
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
  if (role === undefined)                        return 'scram_of_nobody'
  // behaviour 52: a role of an identity has no other proof than a token, whatever password it was given besides.
  if (role.binding !== undefined)                return 'token_as_password'
  // No password, or an MD5 one, which is not supported: a token sent here is recognised and explained (behaviour 27).
  if (role.scramVerifier === undefined)          return 'token_as_password'
  return 'scram_of_the_role'
}
