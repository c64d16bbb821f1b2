/** What the OAuth server stores. */
import type { AccountId, IdentityId, WorkspaceId } from '../../domain/ids.ts'

/** What the OAuth library stores as one record; `payload` never contains the id itself. */
export interface OAuthRecord {
  readonly idHash: Uint8Array
  readonly payload: Readonly<Record<string, unknown>>
  readonly identityId: IdentityId | undefined
  readonly consumedAt: Date | undefined
  readonly expiresAt: Date | undefined
}

/** The client that started a record which belongs to no identity yet, and how many unfinished ones are kept. */
export interface RecordOrigin {
  readonly key: string
  readonly most: number
  /** Limit for all origins together; undefined: no such limit. */
  readonly mostOfAll: number | undefined
}

/** Sessions, grants, codes and refresh tokens of the OAuth server, by workspace and kind. */
export interface OAuthRecordStore {
  /** @returns undefined when the record is stored; otherwise the seconds after which this origin may try again */
  save(record: {
    readonly workspaceId: WorkspaceId
    readonly kind: string
    /** SHA-256 of the id; whoever knows the id itself can use the record. */
    readonly idHash: Uint8Array
    readonly payload: Readonly<Record<string, unknown>>
    readonly identityId: IdentityId | undefined
    readonly grantId: string | undefined
    readonly uid: string | undefined
    readonly userCode: string | undefined
    readonly now: Date
    readonly expiresAt: Date | undefined
    /** Only for a record that belongs to no identity; updates of an existing record are always stored. */
    readonly origin: RecordOrigin | undefined
  }): Promise<number | undefined>
  find(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array): Promise<OAuthRecord | undefined>
  findByUid(workspaceId: WorkspaceId, kind: string, uid: string): Promise<OAuthRecord | undefined>
  findByUserCode(workspaceId: WorkspaceId, kind: string, userCode: string): Promise<OAuthRecord | undefined>
  /** True for the caller that consumed the record. */
  consume(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array, now: Date): Promise<boolean>
  remove(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array): Promise<void>
  /** Removes the grant and everything that was issued under it. */
  removeGrant(workspaceId: WorkspaceId, grantId: string): Promise<void>
  /** Removes some of the expired records. @returns how many were removed */
  removeExpired(now: Date, atMost: number): Promise<number>
  /** Sign-in sessions and granted applications of an identity. */
  listSessions(identityId: IdentityId, now: Date): Promise<readonly SignInSession[]>
  /** Also removes everything issued under the grant. True when it existed. */
  endSession(identityId: IdentityId, id: string): Promise<boolean>
  /** Ends all sessions and grants of the identity except one sign-in session. */
  endOthersOf(identityId: IdentityId, sessionUid: string): Promise<void>
}

export interface SignInSession {
  readonly id: string
  readonly kind: 'session' | 'grant'
  /** Identifies the browser's own session in the list; cannot be used to sign in. */
  readonly uid: string | undefined
  readonly clientId: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

/** Applications registered by an administrator. */
export interface OAuthClientStore {
  insertOAuthClient(client: OAuthClient): Promise<void>
  findOAuthClient(clientId: string): Promise<OAuthClient | undefined>
  listOAuthClients(accountId: AccountId): Promise<readonly OAuthClient[]>
  /**
   * Runs in one transaction, on the locked application; false when it does not exist.
   * @throws what `decide` throws; then nothing is changed
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
  /** Each refresh token is replaced when it is used. */
  readonly hasSingleUseRefreshTokens: boolean
  /** Counted from the sign-in, however often tokens are renewed; undefined: no limit of its own. */
  readonly sessionLifetimeMinutes: number | undefined
  readonly createdBy: IdentityId
  readonly createdAt: Date
}
