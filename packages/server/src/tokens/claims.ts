import type { IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'

/**
 * The kinds of JSON Web Token that Lakegate signs. Type (`typ` header) and audience keep them apart, so that
 * one can never stand in for another (RFC 8725 §3.11, §3.12; attack 19). All are ES256 with a `kid`.
 */
export const SIGNATURE_ALGORITHM = 'ES256'

/** RFC 9068 §2.1. An OAuth access token of the workspace; also good as a password (behaviour 24). */
export const WORKSPACE_TOKEN_TYPE = 'at+jwt'
/** Minted by POST /api/2.0/database/credentials; good as a password and for nothing else. */
export const DATABASE_CREDENTIAL_TYPE = 'database-credential+jwt'
/** Set by the gateway in the session; opens nothing (DESIGN §4). */
export const SESSION_TICKET_TYPE = 'session-ticket+jwt'

export const workspaceAudience = (workspaceId: WorkspaceId): string => `urn:lakegate:workspace:${workspaceId}`
export const databaseAudience = (workspaceId: WorkspaceId): string => `urn:lakegate:database:${workspaceId}`
export const SESSION_TICKET_AUDIENCE = 'urn:lakegate:session-ticket'

/** One hour, for every token that is good as a password (behaviour 1). */
export const TOKEN_LIFETIME_SECONDS = 3600

/** `iat` and `nbf` may lie this far ahead, for clocks of several nodes; `exp` gets no leeway (behaviour 18). */
export const CLOCK_TOLERANCE_SECONDS = 5

/** A token is under 1 KiB (DESIGN §5); what is longer is refused before it is parsed (attack 22). */
export const LONGEST_TOKEN = 4096

/** The OAuth scopes that open something. */
export const API_SCOPES: readonly string[] = ['all-apis', 'postgres']

/** The OAuth scope `postgres` is enough to mint and to log in; `all-apis` includes it (behaviour 4). */
export const permitsPostgres = (scopes: readonly string[]): boolean =>
  scopes.includes('all-apis') || scopes.includes('postgres')

/** What a verified password-worthy token proves: who, in which workspace, good for what, until when. */
export interface VerifiedToken {
  readonly kind: 'workspace_token' | 'database_credential'
  readonly tokenId: string
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
  readonly scopes: readonly string[]
  /** Instances that a database credential was minted for; a workspace token is good for all of its workspace. */
  readonly instances: readonly InstanceUid[] | 'all_of_workspace'
  readonly expiresAt: Date
  /** Refers to the tables that the credential reads besides (behaviours 9, 10). */
  readonly claimSetId: string | undefined
}
