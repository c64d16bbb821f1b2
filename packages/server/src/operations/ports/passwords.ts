/** Passwords of users, and the links that set them. */
import type { IdentityId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'

/** Slow hashes of chosen passwords. */
export interface PasswordHasher {
  hash(password: Redacted<string>): Promise<string>
  verify(hash: string, password: Redacted<string>): Promise<boolean>
  /** Whether the hash was made with other parameters than the present ones. */
  isOutdated(hash: string): boolean
}

export interface PasswordStore {
  loadPasswordHash(userId: IdentityId): Promise<string | undefined>
  /** Stores a new hash of the same password: no sessions end. */
  saveHash(userId: IdentityId, hash: string, now: Date): Promise<void>
  /** Also ends all sessions and grants of the user except one browser's, in one transaction. */
  changePassword(userId: IdentityId, hash: string, now: Date, sessionUid: string): Promise<void>
  /** Ends the user's earlier links. */
  insertLink(link: NewSignInLink): Promise<void>
  /** Finds an unexpired link of an active user. */
  findLink(
    hash: Uint8Array,
    now: Date,
  ): Promise<{ readonly id: IdentityId; readonly name: string } | undefined>
  /**
   * Sets the password, consumes the link and ends all sessions and grants of the user, in one transaction; false when
   * the link does not exist any more.
   */
  usePasswordLink(linkHash: Uint8Array, passwordHash: string, now: Date): Promise<boolean>
}

export interface NewSignInLink {
  readonly userId: IdentityId
  readonly hash: Uint8Array
  readonly createdAt: Date
  readonly expiresAt: Date
}
