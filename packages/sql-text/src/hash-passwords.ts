/** Takes the passwords of roles out of a text of SQL: in their place stands what PostgreSQL would keep of them. */
import { hashRolePassword, isHashedPassword } from './scram-verifier.ts'
import { findSecrets } from './secrets.ts'
import type { SplitOptions } from './split.ts'

export interface HashedText {
  readonly sql: string
  /** How many passwords were replaced. */
  readonly hashed: number
  /** Passwords that are there but cannot be read, such as `U&'…'` or in dynamic SQL; they stand as they were. */
  readonly unreadable: number
  /** What was put in, ascending: for positions of errors in the text as it was written. */
  readonly replacements: readonly Replacement[]
}

export interface Replacement {
  /** In the text as it was. */
  readonly start: number
  readonly end: number
  readonly length: number
}

/**
 * The text as it may be sent. Hashes and empty passwords stay: PostgreSQL keeps the one, and takes the other for none.
 * @param isGivenUp looked at before each password, because each costs milliseconds: what comes back then must not be sent
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
