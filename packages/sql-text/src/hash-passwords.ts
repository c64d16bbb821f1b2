/** Replaces the passwords of roles in a text of SQL by the verifiers that PostgreSQL would store. */
import { hashRolePassword, isHashedPassword } from './scram-verifier.ts'
import { findSecrets } from './secrets.ts'
import type { SplitOptions } from './split.ts'

export interface HashedText {
  readonly sql: string
  /** How many passwords were replaced. */
  readonly hashed: number
  /** Passwords that exist but cannot be read, such as `U&'…'` or in dynamic SQL; they are left unchanged. */
  readonly unreadable: number
  /** The replacements, in ascending order: for converting error positions to the text as it was written. */
  readonly replacements: readonly Replacement[]
}

export interface Replacement {
  /** Offsets in the original text. */
  readonly start: number
  readonly end: number
  readonly length: number
}

/**
 * Returns the text as it may be sent. Existing hashes and empty passwords stay: PostgreSQL stores a hash as it is, and
 * treats an empty password as none.
 * @param isGivenUp called before each password, because hashing one takes milliseconds: once it returns true, the
 * result must not be sent
 */
export async function hashRolePasswords(
  sql: string,
  options: SplitOptions = {},
  isGivenUp: () => boolean = () => false,
): Promise<HashedText> {
  const replacements: Replacement[] = []
  let [hashedText, at, unreadable] = ['', 0, 0]
  for (const { kind, start, end, value } of findSecrets(sql, options)) {
    if (kind !== 'role_password') continue
    if (value === undefined) unreadable += 1
    if (value === undefined || value === '' || isHashedPassword(value)) continue
    if (isGivenUp()) break
    const literal = `'${await hashRolePassword(value)}'`
    hashedText += sql.slice(at, start) + literal
    at = end
    replacements.push({ start, end, length: literal.length })
  }
  return { sql: hashedText + sql.slice(at), hashed: replacements.length, unreadable, replacements }
}
