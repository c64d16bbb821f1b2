/** OAuth applications that an administrator registers: public or confidential, each with its own redirect URLs. */
import type { AccountId } from '../../domain/ids.ts'
import { isUuid } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { decideManageAccount, type Caller } from '../../policy/permissions.ts'
import { API_SCOPES } from '../../tokens/claims.ts'
import { requireDisplayName } from '../directory/identity-names.ts'
import type { NewSecret } from './issue-personal-access-token.ts'
import type { Clock } from '../ports/clock.ts'
import type { OAuthClient, OAuthClientStore } from '../ports/oauth.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

export interface OAuthClientPorts {
  readonly clients: OAuthClientStore
  readonly clock: Clock
  readonly accountId: AccountId
  readonly randomUuid: () => string
  readonly generate: () => NewSecret
}

export type OAuthClientContent = Pick<
  OAuthClient,
  | 'name'
  | 'redirectUrls'
  | 'scopes'
  | 'accessTokenTtlMinutes'
  | 'refreshTokenTtlMinutes'
  | 'hasSingleUseRefreshTokens'
  | 'sessionLifetimeMinutes'
>

const KNOWN_SCOPES: readonly string[] = [...API_SCOPES, 'openid', 'profile', 'email', 'offline_access']

/**
 * @returns the secret of a confidential application, shown once
 * @throws RefusedError permission_denied, invalid_parameter
 */
export async function createOAuthClient(
  ports: OAuthClientPorts,
  caller: Caller,
  request: { readonly content: OAuthClientContent; readonly isConfidential: boolean },
): Promise<{ readonly client: OAuthClient; readonly secret: Redacted<string> | undefined }> {
  requirePermitted(decideManageAccount(caller))
  requireSound({ ...request.content, isConfidential: request.isConfidential })
  const secret = request.isConfidential ? ports.generate() : undefined
  const client: OAuthClient = {
    ...request.content,
    // Users read this name when they are asked whether they trust the application.
    name: requireDisplayName(request.content.name, 'name'),
    clientId: ports.randomUuid(),
    integrationId: ports.randomUuid(),
    accountId: ports.accountId,
    secretHash: secret?.hash,
    createdBy: caller.identity.id,
    createdAt: ports.clock(),
  }
  await ports.clients.insertOAuthClient(client)
  return { client, secret: secret?.secret }
}

export async function listOAuthClients(
  ports: Pick<OAuthClientPorts, 'clients' | 'accountId'>,
  caller: Caller,
): Promise<readonly OAuthClient[]> {
  requirePermitted(decideManageAccount(caller))
  return ports.clients.listOAuthClients(ports.accountId)
}

/** @throws RefusedError oauth_client_not_found, permission_denied */
export async function getOAuthClient(
  ports: Pick<OAuthClientPorts, 'clients' | 'accountId'>,
  caller: Caller,
  integrationId: string,
): Promise<OAuthClient> {
  const found = (await listOAuthClients(ports, caller)).find(
    (client) => client.integrationId === integrationId,
  )
  if (found === undefined) throw notFound(integrationId)
  return found
}

export async function updateOAuthClient(
  ports: OAuthClientPorts,
  caller: Caller,
  request: { readonly integrationId: string; readonly change: Partial<OAuthClientContent> },
): Promise<void> {
  requirePermitted(decideManageAccount(caller))
  const { integrationId, change } = request
  // Concurrent changes do not undo each other.
  const isChanged =
    isUuid(integrationId) &&
    (await ports.clients.changeOAuthClient(ports.accountId, integrationId, (current) => {
      const changed = { ...current, ...change }
      requireSound({ ...changed, isConfidential: changed.secretHash !== undefined })
      return changed
    }))
  if (!isChanged) throw notFound(integrationId)
}

export async function deleteOAuthClient(
  ports: Pick<OAuthClientPorts, 'clients' | 'accountId'>,
  caller: Caller,
  integrationId: string,
): Promise<void> {
  requirePermitted(decideManageAccount(caller))
  const isDeleted =
    isUuid(integrationId) && (await ports.clients.deleteOAuthClient(ports.accountId, integrationId))
  if (!isDeleted) throw notFound(integrationId)
}

/** RFC 9700 §4.1: exact URLs; plain HTTP only on the user's own machine. */
function requireSound(content: OAuthClientContent & { readonly isConfidential: boolean }): void {
  const { redirectUrls, scopes } = content
  if (redirectUrls.length === 0) throw invalid('redirect_urls', 'name at least one.')
  for (const text of redirectUrls) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isLoopback = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
    const isPlain = url?.hash === '' && url.username === '' && url.password === '' && !text.includes('*')
    if (url === undefined || !isPlain || !(url.protocol === 'https:' || isLoopback)) {
      throw invalid(
        'redirect_urls',
        `${JSON.stringify(text.slice(0, 200))} must be an https URL, or http on localhost, without fragment and wildcard.`,
      )
    }
  }
  const unknown = scopes.find((scope) => !KNOWN_SCOPES.includes(scope))
  if (unknown !== undefined || scopes.length === 0)
    throw invalid('scopes', `choose among ${KNOWN_SCOPES.join(', ')}.`)
  // RFC 9700 §2.2.2: nothing else would reveal that a refresh token was stolen.
  if (!content.isConfidential && !content.hasSingleUseRefreshTokens)
    throw invalid(
      'token_access_policy.enable_single_use_refresh_tokens',
      'a public application has no secret, so its refresh tokens are for single use.',
    )
}

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
const notFound = (id: string): RefusedError => refused('oauth_client_not_found', { id: id.slice(0, 64) })
