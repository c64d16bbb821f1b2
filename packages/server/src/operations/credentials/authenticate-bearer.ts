/**
 * Authenticates callers of the REST API by a workspace token or a personal access token, checked at every request, so
 * that a deactivated or unassigned identity loses access at once. A database credential is never accepted (attack 19).
 */
import type { WorkspaceId } from '../../domain/ids.ts'
import type { Principal } from '../../domain/identity.ts'
import type { BearerKind, Caller } from '../../policy/permissions.ts'
import { refuse, type Refusal } from '../../policy/refusals.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import { hashSecret, looksLikePersonalAccessToken } from '../../tokens/secret.ts'
import type { TokenRejection } from '../../tokens/verify.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import type { PersonalAccessTokenStore } from '../ports/personal-access-tokens.ts'
import { refused, RefusedError } from '../refused-error.ts'

/** Longer than any bearer token that Lakegate issues; a longer one is refused before it is hashed. */
const LONGEST_BEARER = 4096

export interface AuthenticateBearerPorts {
  readonly personalAccessTokens: Pick<PersonalAccessTokenStore, 'findPersonalAccessToken'>
  readonly directory: Pick<Directory, 'loadCaller'>
  readonly verifyWorkspaceToken: (
    token: string,
    workspaceId: WorkspaceId,
    now: Date,
  ) => Promise<VerifiedToken | TokenRejection>
  readonly clock: Clock
}

/** @throws RefusedError unauthenticated, token_expired, permission_denied */
export type AuthenticateBearer = (bearer: string | undefined, workspaceId: WorkspaceId) => Promise<Caller>

export function createAuthenticateBearer(ports: AuthenticateBearerPorts): AuthenticateBearer {
  return async (bearer, workspaceId) => {
    if (bearer === undefined) throw unauthenticated('Send a header "Authorization: Bearer <token>".')
    if (bearer.length > LONGEST_BEARER) throw unauthenticated('The token is too long.')
    const proof = looksLikePersonalAccessToken(bearer)
      ? await proveByPersonalAccessToken(ports, bearer, workspaceId)
      : await proveByWorkspaceToken(ports, bearer, workspaceId)
    const known = await ports.directory.loadCaller(proof.identityId, workspaceId)
    if (!known?.principal.active)
      throw unauthenticated('The identity of the token is deactivated or deleted.')
    const { isAccountAdmin, ...principal } = known.principal
    if (known.permission === undefined) throw new RefusedError(notInWorkspace(principal))
    return {
      identity: principal,
      workspaceId,
      isAccountAdmin,
      isWorkspaceAdmin: known.permission === 'ADMIN',
      scopes: proof.scopes,
      bearer: proof.bearer,
      groupIds: known.groupIds,
    }
  }
}

interface Proof {
  readonly identityId: Principal['id']
  readonly scopes: readonly string[]
  readonly bearer: BearerKind
}

async function proveByPersonalAccessToken(
  { personalAccessTokens, clock }: AuthenticateBearerPorts,
  bearer: string,
  workspaceId: WorkspaceId,
): Promise<Proof> {
  const found = await personalAccessTokens.findPersonalAccessToken(hashSecret(bearer), clock())
  if (found?.workspaceId !== workspaceId)
    throw unauthenticated('The personal access token is unknown, expired or revoked.')
  return { identityId: found.identityId, scopes: found.scopes, bearer: 'personal_access_token' }
}

async function proveByWorkspaceToken(
  { verifyWorkspaceToken, clock }: AuthenticateBearerPorts,
  bearer: string,
  workspaceId: WorkspaceId,
): Promise<Proof> {
  const verified = await verifyWorkspaceToken(bearer, workspaceId, clock())
  if (!('rejected' in verified)) {
    return { identityId: verified.identityId, scopes: verified.scopes, bearer: 'workspace_token' }
  }
  if (verified.rejected === 'expired' && verified.expiresAt !== undefined) {
    throw refused('token_expired', { role: '', expiredAt: verified.expiresAt.toISOString() })
  }
  throw unauthenticated('The token is not a valid access token of this workspace.')
}

const unauthenticated = (reason: string): RefusedError => refused('unauthenticated', { reason })

const notInWorkspace = (identity: Principal): Refusal =>
  refuse('permission_denied', { reason: `${identity.name} is not assigned to this workspace.` })
