/** Which passwords may be set. NIST SP 800-63B: length matters; no rules about kinds of characters. */
import type { Redacted } from '../../domain/redacted.ts'
import { refused } from '../refused-error.ts'
import { LONGEST_PASSWORD } from './sign-in.ts'

const SHORTEST_PASSWORD = 12

/** @throws RefusedError password_unsuitable */
export function requireSuitablePassword(secret: Redacted<string>, userName: string): void {
  const password = secret.reveal()
  const problem =
    password.length < SHORTEST_PASSWORD
      ? `Choose at least ${String(SHORTEST_PASSWORD)} characters.`
      : password.length > LONGEST_PASSWORD
        ? `Choose at most ${String(LONGEST_PASSWORD)} characters.`
        : password.toLowerCase().includes(userName.toLowerCase().split('@')[0] ?? userName) &&
            password.length < SHORTEST_PASSWORD + userName.length
          ? 'Do not build the password from the user name.'
          : undefined
  if (problem !== undefined) throw refused('password_unsuitable', { problem })
}
