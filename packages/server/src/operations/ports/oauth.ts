/** What the OAuth server keeps. */
import type { AccountId, IdentityId, WorkspaceId } from '../../domain/ids.ts'

/** What the OAuth library keeps of one thing; `payload` never holds the id itself. */
export interface OAuthRecord {
  readonly idHash: Uint8Array
  readonly payload: Readonly<Record<string, unknown>>
  readonly identityId: IdentityId | undefined
  readonly consumedAt: Date | undefined
  readonly expiresAt: Date | undefined
}

/** Who began something that belongs to no identity yet, and how much of it may be kept unfinished. */
export interface RecordOrigin {
  readonly key: string
  readonly most: number
  /** Together with everybody else's; undefined: whatever the others do. */
  readonly mostOfAll: number | undefined
}

/** Sessions, grants, codes and refresh tokens of the OAuth server, by workspace and kind. */
export interface OAuthRecordStore {
  /** @returns undefined when it is kept; else the seconds after which there is room for what this origin begins */
  save(record: {
    readonly workspaceId: WorkspaceId
    readonly kind: string
    /** SHA-256 of the id, which opens something. */
    readonly idHash: Uint8Array
    readonly payload: Readonly<Record<string, unknown>>
    readonly identityId: IdentityId | undefined
    readonly grantId: string | undefined
    readonly uid: string | undefined
    readonly userCode: string | undefined
    readonly now: Date
    readonly expiresAt: Date | undefined
    /** Only of what belongs to no identity; what is there already is kept in any case. */
    readonly origin: RecordOrigin | undefined
  }): Promise<number | undefined>
  find(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array): Promise<OAuthRecord | undefined>
  findByUid(workspaceId: WorkspaceId, kind: string, uid: string): Promise<OAuthRecord | undefined>
  findByUserCode(workspaceId: WorkspaceId, kind: string, userCode: string): Promise<OAuthRecord | undefined>
  /** True for the one that consumed it. */
  consume(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array, now: Date): Promise<boolean>
  remove(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array): Promise<void>
  /** The grant and everything that was issued by it. */
  removeGrant(workspaceId: WorkspaceId, grantId: string): Promise<void>
  /** Some of those that have expired. @returns how many it were */
  removeExpired(now: Date, atMost: number): Promise<number>
  /** Sign-in sessions and granted applications of one identity. */
  listSessions(identityId: IdentityId, now: Date): Promise<readonly SignInSession[]>
  /** With everything that the grant issued. True when it was there. */
  endSession(identityId: IdentityId, id: string): Promise<boolean>
  /** All of the identity but one sign-in session. */
  endOthersOf(identityId: IdentityId, sessionUid: string): Promise<void>
}

export interface SignInSession {
  readonly id: string
  readonly kind: 'session' | 'grant'
  /** Tells a browser's own session from the others; opens nothing. */
  readonly uid: string | undefined
  readonly clientId: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

/** Applications that an administrator registered. */
export interface OAuthClientStore {
  insertOAuthClient(client: OAuthClient): Promise<void>
  findOAuthClient(clientId: string): Promise<OAuthClient | undefined>
  listOAuthClients(accountId: AccountId): Promise<readonly OAuthClient[]>
  /**
   * In one transaction, on the locked application; false when it is not there.
   * @throws what `decide` throws, and nothing is changed
   */
  changeOAuthClient(
    accountId: AccountId,
    integrationId: string,
    decide: (current: OAuthClient) => OAuthClient,
  ): Promise<boolean>
  deleteOAuthClient(accountId: AccountId, integrationId: string): Promise<boolean>
}

export interface OAuthClient {
  readonly clientId: string
  readonly integrationId: string
  readonly accountId: AccountId
  readonly name: string
  /** Undefined: a public client. */
  readonly secretHash: Uint8Array | undefined
  readonly redirectUrls: readonly string[]
  readonly scopes: readonly string[]
  readonly accessTokenTtlMinutes: number
  readonly refreshTokenTtlMinutes: number
  /** Each is replaced when it is used. */
  readonly hasSingleUseRefreshTokens: boolean
  /** From signing in, however often it is renewed; undefined: as long as any. */
  readonly sessionLifetimeMinutes: number | undefined
  readonly createdBy: IdentityId
  readonly createdAt: Date
}
