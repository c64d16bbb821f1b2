/**
 * Issues a personal access token: valid for the REST API and for minting, never as a PostgreSQL password (behaviour
 * 25).
 */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { PersonalAccessTokenStore } from '../ports/personal-access-tokens.ts'

export interface NewSecret {
  readonly secret: Redacted<string>
  readonly hash: Uint8Array
}

/**
 * @param generate makes the secret and its SHA-256 hash; only the hash is stored
 * @param lifetimeSeconds undefined: it does not expire
 * @returns the token, which cannot be read again later
 */
export async function issuePersonalAccessToken(
  ports: {
    readonly store: Pick<PersonalAccessTokenStore, 'insertPersonalAccessToken'>
    readonly generate: () => NewSecret
  },
  request: {
    readonly identityId: IdentityId
    readonly workspaceId: WorkspaceId
    readonly comment: string
    readonly lifetimeSeconds: number | undefined
    readonly now: Date
  },
): Promise<{ readonly id: string; readonly token: Redacted<string>; readonly expiresAt: Date | undefined }> {
  const { secret, hash } = ports.generate()
  const expiresAt =
    request.lifetimeSeconds === undefined
      ? undefined
      : new Date(request.now.getTime() + request.lifetimeSeconds * 1000)
  const stored = await ports.store.insertPersonalAccessToken({
    identityId: request.identityId,
    workspaceId: request.workspaceId,
    hash,
    comment: request.comment,
    scopes: ['all-apis'],
    createdAt: request.now,
    createdBy: request.identityId,
    expiresAt,
    // The first start must not fail because its administrator has many tokens.
    atMost: Number.MAX_SAFE_INTEGER,
  })
  if (stored === undefined) throw new Error('a token without a limit was not stored')
  return { id: stored.id, token: secret, expiresAt }
}
