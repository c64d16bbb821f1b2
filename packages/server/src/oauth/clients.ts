/**
 * The clients of the OAuth server: the vendor's public client, the client of PostgreSQL 18, applications that an
 * administrator registered, and every service principal by its application id.
 */
import type { AdapterPayload } from 'oidc-provider'
import { isUuid } from '../domain/ids.ts'
import type { OAuthClient } from '../operations/ports/oauth.ts'
import { API_SCOPES } from '../tokens/claims.ts'

export const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'offline_access'] as const
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** The library requires a secret for confidential clients; this one is never compared (see `compareClientSecret`). */
const KEPT_ELSEWHERE = 'kept as hashes elsewhere'

/**
 * The client of the CLI and the SDKs (wire-contract §3.6): a native application on any loopback port (RFC 8252 §7.3),
 * with PKCE instead of a secret. The second address is that of the Java SDK.
 */
const DATABRICKS_CLI = 'databricks-cli'
const databricksCli: AdapterPayload = {
  client_id: DATABRICKS_CLI,
  client_name: 'Databricks CLI',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
  response_types: ['code'],
  redirect_uris: [
    'http://localhost',
    'http://localhost/',
    'http://127.0.0.1',
    'http://127.0.0.1/',
    'http://localhost/callback',
    'http://127.0.0.1/callback',
  ],
  scope: [...IDENTITY_SCOPES, ...API_SCOPES].join(' '),
}

/**
 * A PostgreSQL client that signs in by itself (OAUTHBEARER, libpq 18: `oauth_client_id=psql`). It has no browser and no
 * redirect address, so it may use only the device grant, and it gets no refresh token that could be left behind.
 */
const POSTGRESQL_CLIENT = 'psql'
const postgresqlClient: AdapterPayload = {
  client_id: POSTGRESQL_CLIENT,
  client_name: 'a PostgreSQL client',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: [DEVICE_GRANT],
  response_types: [],
  redirect_uris: [],
  scope: ['openid', ...API_SCOPES].join(' '),
}

/** Our own account page: it gets neither a code nor a token, only a browser that is signed in. */
export const ACCOUNT_PAGE_CLIENT = 'lakegate-account'
const accountPage = (url: string): AdapterPayload => ({
  client_id: ACCOUNT_PAGE_CLIENT,
  client_name: 'your account',
  token_endpoint_auth_method: 'none',
  grant_types: [],
  response_types: ['none'],
  redirect_uris: [url],
  scope: 'openid',
})

/**
 * The web console, in this process. Its refresh token stays on the server, encrypted, and is not rotated: if a renewal
 * failed between the answer and storing it, rotation would treat the next use as theft and end the session.
 */
export const CONSOLE_CLIENT = 'lakegate-console'
export const CONSOLE_SCOPES = ['openid', 'all-apis'] as const
const CONSOLE_REFRESH_MINUTES = 24 * 60
const webConsole = (callbackUrl: string): AdapterPayload => ({
  client_id: CONSOLE_CLIENT,
  client_name: 'the Lakegate console',
  client_secret: KEPT_ELSEWHERE,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: [callbackUrl],
  scope: CONSOLE_SCOPES.join(' '),
  refresh_token_ttl_minutes: CONSOLE_REFRESH_MINUTES,
  single_use_refresh_tokens: false,
})

export interface ClientPorts {
  /** Finds an application of the account by its exact client id. */
  readonly findRegistered: (clientId: string) => Promise<OAuthClient | undefined>
  readonly accountPageUrl: string
  readonly consoleCallbackUrl: string
}

export async function findClient(
  clientId: string,
  { findRegistered, accountPageUrl, consoleCallbackUrl }: ClientPorts,
): Promise<AdapterPayload | undefined> {
  if (clientId === DATABRICKS_CLI) return databricksCli
  if (clientId === POSTGRESQL_CLIENT) return postgresqlClient
  if (clientId === ACCOUNT_PAGE_CLIENT) return accountPage(accountPageUrl)
  if (clientId === CONSOLE_CLIENT) return webConsole(consoleCallbackUrl)
  const normalised = clientId.toLowerCase()
  if (!isUuid(normalised)) return undefined
  const registered = await findRegistered(normalised)
  return registered === undefined ? servicePrincipal(normalised) : registeredApplication(registered)
}

/**
 * The library takes any application id for a client; whether it exists is checked together with its secret, in one step
 * that takes the same time in both cases (attack 34).
 */
const servicePrincipal = (applicationId: string): AdapterPayload => ({
  client_id: applicationId,
  client_secret: KEPT_ELSEWHERE,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: API_SCOPES.join(' '),
})

function registeredApplication(client: OAuthClient): AdapterPayload {
  const isPublic = client.secretHash === undefined
  const isNative = client.redirectUrls.every((url) => isLoopback(url))
  return {
    client_id: client.clientId,
    client_name: client.name,
    application_type: isNative ? 'native' : 'web',
    ...(isPublic ? {} : { client_secret: KEPT_ELSEWHERE }),
    token_endpoint_auth_method: isPublic ? 'none' : 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token', ...(isPublic ? [DEVICE_GRANT] : [])],
    response_types: ['code'],
    redirect_uris: [...client.redirectUrls],
    scope: [...client.scopes].join(' '),
    access_token_ttl_minutes: client.accessTokenTtlMinutes,
    refresh_token_ttl_minutes: client.refreshTokenTtlMinutes,
    single_use_refresh_tokens: client.hasSingleUseRefreshTokens,
    session_lifetime_minutes: client.sessionLifetimeMinutes,
  }
}

const isLoopback = (url: string): boolean =>
  URL.canParse(url) &&
  new URL(url).protocol === 'http:' &&
  ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
