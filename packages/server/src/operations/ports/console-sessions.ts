/** What is kept of browsers that are signed in to the web console. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'

export interface StoredConsoleSession {
  readonly cookieHash: Uint8Array
  readonly workspaceId: WorkspaceId
  readonly identityId: IdentityId
  /** Of the session of the sign-in pages in the same browser. */
  readonly browserSessionUid: string
  readonly signedInOutside: boolean
  readonly sealedAccessToken: Uint8Array
  readonly accessTokenExpiresAt: Date
  readonly sealedRefreshToken: Uint8Array
  readonly createdAt: Date
  readonly usedAt: Date
}

/** With what ends it besides its own age. */
export interface FoundConsoleSession extends StoredConsoleSession {
  /** Of the session of the sign-in pages; undefined: it never expires. */
  readonly browserSessionExpiresAt: Date | undefined
}

export interface ConsoleSessionStore {
  /** Of one identity the newest `atMost` are kept. */
  insertConsoleSession(session: StoredConsoleSession, atMost: number): Promise<void>
  /** Undefined when the browser is signed out, or the identity is deactivated or deleted. */
  findConsoleSession(cookieHash: Uint8Array): Promise<FoundConsoleSession | undefined>
  /** The same for many, without what is sealed. @returns those that are not over, by what `findConsoleSession` asks */
  listLive(
    cookieHashes: readonly Uint8Array[],
  ): Promise<
    readonly Pick<FoundConsoleSession, 'cookieHash' | 'createdAt' | 'usedAt' | 'browserSessionExpiresAt'>[]
  >
  touchConsoleSession(cookieHash: Uint8Array, usedAt: Date): Promise<void>
  replaceAccessToken(cookieHash: Uint8Array, sealed: Uint8Array, expiresAt: Date): Promise<void>
  removeConsoleSession(cookieHash: Uint8Array): Promise<void>
  /** The session of the sign-in pages too, and whatever else was opened by it. */
  endBrowserSession(session: {
    readonly workspaceId: WorkspaceId
    readonly identityId: IdentityId
    readonly browserSessionUid: string
  }): Promise<void>
  /** Those that are over by age, or whose browser is signed out. @returns how many it were */
  removeConsoleSessionsThatAreOver(
    limits: { readonly createdBefore: Date; readonly usedBefore: Date; readonly now: Date },
    atMost: number,
  ): Promise<number>
}

export interface ConsoleTokens {
  readonly accessToken: Redacted<string>
  readonly accessTokenExpiresAt: Date
}

/** What a sign-in brought. */
export interface ConsoleSignIn extends ConsoleTokens {
  readonly refreshToken: Redacted<string>
  readonly identityId: IdentityId
  readonly browserSessionUid: string
  readonly signedInOutside: boolean
}
