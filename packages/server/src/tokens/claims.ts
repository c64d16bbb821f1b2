import type { IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'

/**
 * The kinds of JSON Web Token that Lakegate signs. Type (`typ` header) and audience distinguish them, so that one can
 * never be used in place of another (RFC 8725 §3.11, §3.12; attack 19). All are ES256 with a `kid`.
 */
export const SIGNATURE_ALGORITHM = 'ES256'

/** RFC 9068 §2.1. An OAuth access token of the workspace; also valid as a password (behaviour 24). */
export const WORKSPACE_TOKEN_TYPE = 'at+jwt'
/** Minted by POST /api/2.0/database/credentials; valid as a password and for nothing else. */
export const DATABASE_CREDENTIAL_TYPE = 'database-credential+jwt'
/** Set by the gateway in the session; cannot be used to log in (DESIGN §4). */
export const SESSION_TICKET_TYPE = 'session-ticket+jwt'

export const workspaceAudience = (workspaceId: WorkspaceId): string => `urn:lakegate:workspace:${workspaceId}`
export const databaseAudience = (workspaceId: WorkspaceId): string => `urn:lakegate:database:${workspaceId}`
export const SESSION_TICKET_AUDIENCE = 'urn:lakegate:session-ticket'

/** One hour, for every token that is valid as a password (behaviour 1). */
export const TOKEN_LIFETIME_SECONDS = 3600

/**
 * `iat` and `nbf` may be this far in the future, because the clocks of nodes differ; `exp` gets no tolerance (behaviour
 * 18).
 */
export const CLOCK_TOLERANCE_SECONDS = 5

/** A token is under 1 KiB (DESIGN §5); a longer text than this is refused before it is parsed (attack 22). */
export const LONGEST_TOKEN = 4096

/** The OAuth scopes that permit an API. */
export const API_SCOPES: readonly string[] = ['all-apis', 'postgres']

/** The OAuth scope `postgres` is enough to mint and to log in; `all-apis` includes it (behaviour 4). */
export const permitsPostgres = (scopes: readonly string[]): boolean =>
  scopes.includes('all-apis') || scopes.includes('postgres')

/** What a verified token that is valid as a password proves: whose it is, in which workspace, for what, until when. */
export interface VerifiedToken {
  readonly kind: 'workspace_token' | 'database_credential'
  readonly tokenId: string
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
  readonly scopes: readonly string[]
  /**
   * Instances that a database credential was minted for; a workspace token is valid for all instances of its workspace.
   */
  readonly instances: readonly InstanceUid[] | 'all_of_workspace'
  readonly expiresAt: Date
  /** Refers to the further tables that the credential can read (behaviours 9, 10). */
  readonly claimSetId: string | undefined
}
