/** Hashes passwords that people choose: argon2id, deliberately slow and memory-hungry, off the main thread. */
import argon2 from 'argon2'
import type { PasswordHasher } from '../operations/ports/passwords.ts'

/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

export function createPasswordHasher(): PasswordHasher {
  return {
    hash: (password) => argon2.hash(password.reveal(), PARAMETERS),
    verify: (hash, password) => argon2.verify(hash, password.reveal()),
    isOutdated: (hash) => argon2.needsRehash(hash, PARAMETERS),
  }
}
