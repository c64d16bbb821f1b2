/** Whether a text may be stored in this browser: secrets are never written to its storage. */
import { findSecrets, isHashedPassword } from '@lakegate/sql-text'

/** Hashed and empty passwords do not count as secrets. */
export const holdsSecret = (sql: string): boolean =>
  findSecrets(sql).some(({ value }) => value === undefined || (value !== '' && !isHashedPassword(value)))

/** Long enough that a dictionary attack does not help; PostgreSQL itself has no minimum. */
const STRONG_LENGTH = 12

export type Strength = 'short' | 'simple' | 'strong'

/** @returns the strength of the weakest password in the text; undefined when there is none to judge */
export function weakestPassword(sql: string): Strength | undefined {
  const passwords = findSecrets(sql)
    .filter(({ kind, value }) => kind === 'role_password' && value !== undefined && value !== '')
    .map(({ value }) => value ?? '')
    .filter((value) => !isHashedPassword(value))
  const found = passwords.map(strengthOf)
  return (['short', 'simple', 'strong'] as const).find((strength) => found.includes(strength))
}

function strengthOf(password: string): Strength {
  if (password.length < STRONG_LENGTH) return 'short'
  return new Set(password).size < STRONG_LENGTH / 2 ? 'simple' : 'strong'
}
