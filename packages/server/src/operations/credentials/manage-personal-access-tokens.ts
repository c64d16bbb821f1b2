/** Personal access tokens: for the REST API and for minting, never a PostgreSQL password (behaviour 25). */
import { isUuid, type IdentityId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import {
  decideManageIdentity,
  decideManageWorkspace,
  decideScope,
  type Caller,
} from '../../policy/permissions.ts'
import { API_SCOPES } from '../../tokens/claims.ts'
import type { NewSecret } from './issue-personal-access-token.ts'
import type { Clock } from '../ports/clock.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { PersonalAccessTokenStore, StoredPersonalAccessToken } from '../ports/personal-access-tokens.ts'
import { refused, requirePermitted } from '../refused-error.ts'

/** The limit for one identity in one workspace, as in the real service. */
const MOST_TOKENS = 600

export interface PersonalAccessTokenPorts {
  readonly tokens: PersonalAccessTokenStore
  readonly identities: Pick<IdentityStore, 'findRecordByName' | 'loadRecord'>
  readonly clock: Clock
  readonly generate: () => NewSecret
}

export interface TokenRequest {
  readonly comment: string
  /** Undefined: it does not expire. */
  readonly lifetimeSeconds: number | undefined
  readonly scopes: readonly string[] | undefined
}

export interface CreatedToken {
  readonly token: Redacted<string>
  readonly stored: StoredPersonalAccessToken
}

/** Creates a token for the caller itself. @throws RefusedError scope_insufficient, invalid_parameter, quota_exceeded */
export async function createPersonalAccessToken(
  ports: PersonalAccessTokenPorts,
  caller: Caller,
  request: TokenRequest,
): Promise<CreatedToken> {
  return create(ports, caller, caller.identity.id, request)
}

/**
 * An administrator creates a token for a service principal. @throws RefusedError identity_not_found, permission_denied,
 * …
 */
export async function createTokenOnBehalf(
  ports: PersonalAccessTokenPorts,
  caller: Caller,
  accountId: Parameters<IdentityStore['findRecordByName']>[0],
  request: TokenRequest & { readonly applicationId: string },
): Promise<CreatedToken> {
  const found = await ports.identities.findRecordByName(accountId, 'SERVICE_PRINCIPAL', request.applicationId)
  const principal =
    found === undefined
      ? undefined
      : await ports.identities.loadRecord({ accountId, workspaceId: caller.workspaceId }, found.id)
  if (principal === undefined) {
    throw refused('identity_not_found', {
      type: 'SERVICE_PRINCIPAL',
      name: request.applicationId.slice(0, 64),
    })
  }
  requirePermitted(decideManageIdentity(caller, principal))
  return create(ports, caller, principal.id, request)
}

async function create(
  ports: PersonalAccessTokenPorts,
  caller: Caller,
  identityId: IdentityId,
  request: TokenRequest,
): Promise<CreatedToken> {
  const scopes = request.scopes ?? caller.scopes
  const unknown = scopes.find((scope) => !API_SCOPES.includes(scope))
  if (unknown !== undefined || scopes.length === 0) {
    throw refused('invalid_parameter', { field: 'scopes', problem: `use ${API_SCOPES.join(' or ')}.` })
  }
  // A new token never has more scopes than the caller's own.
  for (const scope of scopes) requirePermitted(decideScope(caller, scope === 'all-apis' ? [] : [scope]))
  const now = ports.clock()
  const { secret, hash } = ports.generate()
  const stored = await ports.tokens.insertPersonalAccessToken({
    identityId,
    workspaceId: caller.workspaceId,
    hash,
    comment: request.comment,
    scopes,
    createdAt: now,
    createdBy: caller.identity.id,
    expiresAt:
      request.lifetimeSeconds === undefined
        ? undefined
        : new Date(now.getTime() + request.lifetimeSeconds * 1000),
    atMost: MOST_TOKENS,
  })
  if (stored === undefined) {
    throw refused('quota_exceeded', {
      problem: `An identity has at most ${String(MOST_TOKENS)} personal access tokens in a workspace. Revoke some.`,
    })
  }
  return { token: secret, stored }
}

export async function listPersonalAccessTokens(
  { tokens, clock }: Pick<PersonalAccessTokenPorts, 'tokens' | 'clock'>,
  caller: Caller,
): Promise<readonly StoredPersonalAccessToken[]> {
  return tokens.listPersonalAccessTokens(caller.workspaceId, caller.identity.id, clock())
}

/** The tokens of all identities in the workspace. @throws RefusedError permission_denied */
export async function listTokensOfWorkspace(
  { tokens, clock }: Pick<PersonalAccessTokenPorts, 'tokens' | 'clock'>,
  caller: Caller,
): Promise<readonly StoredPersonalAccessToken[]> {
  requirePermitted(decideManageWorkspace(caller, caller.workspaceId))
  return tokens.listPersonalAccessTokens(caller.workspaceId, undefined, clock())
}

/**
 * @param whose `own`, or `any` token of the workspace, for its administrators
 * @throws RefusedError token_not_found, permission_denied
 */
export async function revokePersonalAccessToken(
  { tokens }: Pick<PersonalAccessTokenPorts, 'tokens'>,
  caller: Caller,
  tokenId: string,
  whose: 'own' | 'any',
): Promise<void> {
  if (whose === 'any') requirePermitted(decideManageWorkspace(caller, caller.workspaceId))
  const isRevoked =
    isUuid(tokenId) &&
    (await tokens.deletePersonalAccessToken(
      caller.workspaceId,
      tokenId,
      whose === 'own' ? caller.identity.id : undefined,
    ))
  if (!isRevoked) throw refused('token_not_found', { id: tokenId.slice(0, 64) })
}
