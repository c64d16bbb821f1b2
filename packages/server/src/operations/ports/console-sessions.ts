/** What is stored about browsers that are signed in to the web console. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'

export interface StoredConsoleSession {
  readonly cookieHash: Uint8Array
  readonly workspaceId: WorkspaceId
  readonly identityId: IdentityId
  /** The session of the sign-in pages in the same browser. */
  readonly browserSessionUid: string
  readonly signedInOutside: boolean
  readonly sealedAccessToken: Uint8Array
  readonly accessTokenExpiresAt: Date
  readonly sealedRefreshToken: Uint8Array
  readonly createdAt: Date
  readonly usedAt: Date
}

/** A stored session with what ends it besides its own age. */
export interface FoundConsoleSession extends StoredConsoleSession {
  /** Expiry of the session of the sign-in pages; undefined: it never expires. */
  readonly browserSessionExpiresAt: Date | undefined
}

export interface ConsoleSessionStore {
  /** Keeps the newest `atMost` sessions of an identity. */
  insertConsoleSession(session: StoredConsoleSession, atMost: number): Promise<void>
  /** Undefined when the browser is signed out, or the identity is deactivated or deleted. */
  findConsoleSession(cookieHash: Uint8Array): Promise<FoundConsoleSession | undefined>
  /** The same for many sessions, without the sealed tokens. @returns those that `findConsoleSession` would find */
  listLive(
    cookieHashes: readonly Uint8Array[],
  ): Promise<
    readonly Pick<FoundConsoleSession, 'cookieHash' | 'createdAt' | 'usedAt' | 'browserSessionExpiresAt'>[]
  >
  touchConsoleSession(cookieHash: Uint8Array, usedAt: Date): Promise<void>
  replaceAccessToken(cookieHash: Uint8Array, sealed: Uint8Array, expiresAt: Date): Promise<void>
  removeConsoleSession(cookieHash: Uint8Array): Promise<void>
  /** Also ends the session of the sign-in pages, and everything else that it opened. */
  endBrowserSession(session: {
    readonly workspaceId: WorkspaceId
    readonly identityId: IdentityId
    readonly browserSessionUid: string
  }): Promise<void>
  /** Removes sessions that are too old, or whose browser is signed out. @returns how many were removed */
  removeConsoleSessionsThatAreOver(
    limits: { readonly createdBefore: Date; readonly usedBefore: Date; readonly now: Date },
    atMost: number,
  ): Promise<number>
}

export interface ConsoleTokens {
  readonly accessToken: Redacted<string>
  readonly accessTokenExpiresAt: Date
}

/** The result of a sign-in. */
export interface ConsoleSignIn extends ConsoleTokens {
  readonly refreshToken: Redacted<string>
  readonly identityId: IdentityId
  readonly browserSessionUid: string
  readonly signedInOutside: boolean
}
