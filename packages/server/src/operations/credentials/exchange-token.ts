/**
 * Exchanges a token of an external identity provider, or a personal access token, for a workspace token (RFC 8693,
 * behaviour 68), so that a CI job or a Kubernetes workload can log in without a secret of Lakegate.
 */
import type { FederationPolicy } from '../../domain/federation-policy.ts'
import type { Identity, Principal } from '../../domain/identity.ts'
import type { AccountId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { API_SCOPES, LONGEST_TOKEN, TOKEN_LIFETIME_SECONDS } from '../../tokens/claims.ts'
import { mintWorkspaceToken } from '../../tokens/mint.ts'
import { hashSecret } from '../../tokens/secret.ts'
import { readIssuerWithoutVerification } from '../../tokens/unverified-issuer.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import type { FederationPolicyStore, ForeignTokenVerifier } from '../ports/federation.ts'
import type { TokenKeys } from '../ports/keys.ts'
import type { PersonalAccessTokenStore } from '../ports/personal-access-tokens.ts'
import { refused, RefusedError } from '../refused-error.ts'

const JWT_TOKEN_TYPES: readonly string[] = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
]
const PERSONAL_ACCESS_TOKEN_TYPE = 'urn:databricks:params:oauth:token-type:personal-access-token'

export interface ExchangePorts {
  readonly policies: Pick<FederationPolicyStore, 'listPolicies'>
  readonly foreignTokens: ForeignTokenVerifier
  readonly personalAccessTokens: Pick<PersonalAccessTokenStore, 'findPersonalAccessToken'>
  readonly directory: Pick<Directory, 'findAssignedByName' | 'loadPrincipal' | 'loadAssignment'>
  readonly keys: Pick<TokenKeys, 'signingKey'>
  readonly audit: AuditLog
  readonly clock: Clock
  readonly accountId: AccountId
  readonly randomUuid: () => string
}

export interface ExchangeRequest {
  readonly subjectToken: string
  readonly subjectTokenType: string
  /** The application id of a service principal; undefined: an account-wide policy, for a user. */
  readonly clientId: string | undefined
  readonly scope: string | undefined
  readonly workspaceId: WorkspaceId
  readonly issuer: string
}

export interface ExchangedToken {
  readonly token: Redacted<string>
  readonly expiresInSeconds: number
  readonly scope: string
}

/** @throws RefusedError token_exchange_refused with the reason. @throws Fault identity_provider_unreachable */
export async function exchangeToken(ports: ExchangePorts, request: ExchangeRequest): Promise<ExchangedToken> {
  try {
    return await exchange(ports, request)
  } catch (error) {
    const isRefused = error instanceof RefusedError
    ports.audit.record({
      event: 'token_exchange',
      outcome: isRefused ? 'refused' : 'failed',
      workspaceId: request.workspaceId,
      reason: isRefused ? error.refusal.name : 'fault',
      ...(isRefused ? { detail: error.refusal.parameters['reason'] ?? '' } : {}),
      ...(request.clientId === undefined ? {} : { identityName: request.clientId.slice(0, 64) }),
    })
    throw error
  }
}

async function exchange(ports: ExchangePorts, request: ExchangeRequest): Promise<ExchangedToken> {
  const scopes = readScopes(request.scope)
  const now = ports.clock()
  const subject =
    request.subjectTokenType === PERSONAL_ACCESS_TOKEN_TYPE
      ? await byPersonalAccessToken(ports, request, now)
      : await byForeignToken(ports, request, now)
  const lifetime = Math.min(TOKEN_LIFETIME_SECONDS, subject.remainingSeconds)
  if (lifetime < 1) throw notExchanged('the subject token is about to expire')
  const granted = scopes.filter(
    (scope) => subject.scopes.includes(scope) || subject.scopes.includes('all-apis'),
  )
  // Refused now, because a token without any scope would be noticed only later.
  if (granted.length === 0)
    throw notExchanged(`the subject token has only the scopes ${subject.scopes.join(' ')}`)
  const tokenId = ports.randomUuid()
  const minted = await mintWorkspaceToken(
    {
      issuer: request.issuer,
      identityId: subject.principal.id,
      workspaceId: request.workspaceId,
      scopes: granted,
      clientId: request.clientId ?? 'token-exchange',
      tokenId,
      lifetimeSeconds: lifetime,
      now,
    },
    await ports.keys.signingKey(),
  )
  ports.audit.record({
    event: 'token_exchange',
    outcome: 'admitted',
    identityId: subject.principal.id,
    identityName: subject.principal.name,
    workspaceId: request.workspaceId,
    tokenId,
  })
  return { token: minted, expiresInSeconds: lifetime, scope: granted.join(' ') }
}

interface Subject {
  readonly principal: Principal
  readonly remainingSeconds: number
  readonly scopes: readonly string[]
}

async function byPersonalAccessToken(
  ports: ExchangePorts,
  request: ExchangeRequest,
  now: Date,
): Promise<Subject> {
  const found = await ports.personalAccessTokens.findPersonalAccessToken(
    hashSecret(request.subjectToken),
    now,
  )
  if (found?.workspaceId !== request.workspaceId)
    throw notExchanged('the personal access token is not valid here')
  return {
    principal: await requireActive(ports, found, request.workspaceId),
    remainingSeconds:
      found.expiresAt === undefined
        ? TOKEN_LIFETIME_SECONDS
        : Math.floor((found.expiresAt.getTime() - now.getTime()) / 1000),
    scopes: found.scopes,
  }
}

async function byForeignToken(ports: ExchangePorts, request: ExchangeRequest, now: Date): Promise<Subject> {
  if (!JWT_TOKEN_TYPES.includes(request.subjectTokenType))
    throw notExchanged('subject_token_type is not supported')
  if (request.subjectToken.length > LONGEST_TOKEN * 4) throw notExchanged('the subject token is too long')
  const issuer = readIssuerWithoutVerification(request.subjectToken)
  const principal =
    request.clientId === undefined
      ? undefined
      : await ports.directory.findAssignedByName(
          request.workspaceId,
          'SERVICE_PRINCIPAL',
          request.clientId.toLowerCase(),
        )
  if (request.clientId !== undefined && principal === undefined)
    throw notExchanged('no policy accepts the subject token')
  const policies = await ports.policies.listPolicies(ports.accountId, principal?.id)
  // The unverified issuer only selects the configured keys to try; it proves nothing until one of them has verified the
  // token.
  for (const policy of policies.filter((candidate) => candidate.issuer === issuer)) {
    const claims = await ports.foreignTokens.verify(request.subjectToken, policy)
    if (claims === undefined || !accepts(policy, claims, now)) continue
    const holder: Identity | undefined =
      principal ??
      (await ports.directory.findAssignedByName(
        request.workspaceId,
        'USER',
        String(claims[policy.subjectClaim]),
      ))
    if (holder === undefined) continue
    return {
      principal: await requireActive(ports, { identityId: holder.id }, request.workspaceId),
      remainingSeconds: Math.floor(Number(claims['exp']) - now.getTime() / 1000),
      scopes: ['all-apis'],
    }
  }
  throw notExchanged('no policy accepts the subject token')
}

/** Tolerance for the clocks of external providers. */
const SKEW_SECONDS = 30

function accepts(policy: FederationPolicy, claims: Readonly<Record<string, unknown>>, now: Date): boolean {
  const { exp, nbf, iat, aud, iss } = claims
  const nowSeconds = now.getTime() / 1000
  if (iss !== policy.issuer) return false
  // At least one second must be left: the new token does not outlive this one.
  if (typeof exp !== 'number' || !(exp >= nowSeconds + 1)) return false
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= nowSeconds + SKEW_SECONDS)) return false
  if (iat !== undefined && !(typeof iat === 'number' && iat <= nowSeconds + SKEW_SECONDS)) return false
  const wanted = policy.audiences.length === 0 ? [policy.accountId as string] : policy.audiences
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!named.some((audience) => typeof audience === 'string' && wanted.includes(audience))) return false
  const subject = claims[policy.subjectClaim]
  if (typeof subject !== 'string' || subject === '') return false
  return policy.subject === undefined || subject === policy.subject
}

async function requireActive(
  { directory }: ExchangePorts,
  { identityId }: { readonly identityId: Principal['id'] },
  workspaceId: WorkspaceId,
): Promise<Principal> {
  const principal = await directory.loadPrincipal(identityId)
  const membership = await directory.loadAssignment(identityId, workspaceId)
  if (!principal?.active || membership.permission === undefined)
    throw notExchanged('the identity is deactivated, or not in this workspace')
  return principal
}

function readScopes(scope: string | undefined): readonly string[] {
  const wanted = (scope ?? '').split(' ').filter((word) => word !== '' && word !== 'offline_access')
  const unknown = wanted.find((word) => !API_SCOPES.includes(word))
  if (unknown !== undefined) throw notExchanged(`there is no scope ${JSON.stringify(unknown.slice(0, 64))}`)
  return wanted.length === 0 ? ['all-apis'] : [...new Set(wanted)]
}

const notExchanged = (reason: string): RefusedError => refused('token_exchange_refused', { reason })
