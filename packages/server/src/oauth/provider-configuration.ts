/** The configuration of oidc-provider for one workspace; everything else has the library's default. */
import {
  errors,
  type Account,
  type Client,
  type Configuration,
  type Grant,
  type JWKS,
  type KoaContextWithOIDC,
  type ResourceServer,
} from 'oidc-provider'
import type { Principal } from '../domain/identity.ts'
import type { WorkspaceId } from '../domain/ids.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { OAuthClient, OAuthRecordStore } from '../operations/ports/oauth.ts'
import {
  API_SCOPES,
  SIGNATURE_ALGORITHM,
  TOKEN_LIFETIME_SECONDS,
  workspaceAudience,
} from '../tokens/claims.ts'
import { workspaceTokenClaims } from '../tokens/mint.ts'
import { createAdapterFactory } from './adapter.ts'
import { SESSION_SECONDS } from './browser-session.ts'
import {
  ACCOUNT_PAGE_CLIENT,
  CONSOLE_CLIENT,
  CONSOLE_SCOPES,
  findClient,
  IDENTITY_SCOPES,
} from './clients.ts'
import { CONSOLE_CALLBACK_PATH } from './console-client.ts'
import { cookieNameOf } from './cookies.ts'
import { ACCOUNT_PATH } from './pages/account-page.ts'
import { DEVICE_PATH, devicePages } from './pages/device.ts'
import { messagePage } from './pages/page.ts'

export interface ProviderDependencies {
  readonly verifyClientSecret: (clientId: string, secret: string) => Promise<boolean>
  /** Finds an active user or service principal that is in the workspace now, by id. */
  readonly findInWorkspace: (id: string, workspaceId: WorkspaceId) => Promise<Principal | undefined>
  /** The same by application id of a service principal. */
  readonly findServicePrincipal: (
    applicationId: string,
    workspaceId: WorkspaceId,
  ) => Promise<Principal | undefined>
  readonly findRegisteredClient: (clientId: string) => Promise<OAuthClient | undefined>
  readonly records: OAuthRecordStore
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
  /** Secret that signs the cookies and the handles of the provider. */
  readonly cookieKey: string
  /** Called for an unknown device code, with the client's address. */
  readonly countWrongDeviceCode: (address: string) => Promise<void>
}

export interface ProviderSettings {
  readonly workspaceId: WorkspaceId
  readonly issuer: string
}

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post'] as const
const MINUTE = 60
const DAY = 24 * 60 * MINUTE
const REFRESH_TOKEN_SECONDS = 30 * DAY
/** The lifetime of a family of refresh tokens, however often they are renewed. */
const REFRESH_FAMILY_SECONDS = 90 * DAY
/**
 * Lifetime of records that belong to no user yet; long enough to find a password, or the second factor of an outside
 * provider.
 */
const UNFINISHED_SECONDS = 15 * MINUTE

/** The APIs of the workspace, which are the audience of every workspace token. */
export const workspaceApiOf = (workspaceId: WorkspaceId) =>
  ({
    scope: API_SCOPES.join(' '),
    audience: workspaceAudience(workspaceId),
    accessTokenTTL: TOKEN_LIFETIME_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: SIGNATURE_ALGORITHM } },
  }) satisfies ResourceServer

export function configurationOf(
  dependencies: ProviderDependencies,
  { workspaceId, issuer }: ProviderSettings,
  jwks: JWKS,
): Configuration {
  const workspaceApi = workspaceApiOf(workspaceId)
  return {
    adapter: createAdapterFactory({
      records: dependencies.records,
      clock: dependencies.clock,
      workspaceId,
      handleKey: dependencies.cookieKey,
      findClient: (clientId) =>
        findClient(clientId, {
          findRegistered: dependencies.findRegisteredClient,
          accountPageUrl: `${issuer}${ACCOUNT_PATH}`,
          consoleCallbackUrl: new URL(CONSOLE_CALLBACK_PATH, issuer).href,
        }),
    }),
    jwks,
    cookies: { keys: [dependencies.cookieKey], names: { session: cookieNameOf(issuer, 'session') } },
    clientAuthMethods: [...SECRET_METHODS, 'none'],
    discovery: { introspection_endpoint_auth_methods_supported: SECRET_METHODS },
    extraClientMetadata: {
      properties: [
        'access_token_ttl_minutes',
        'refresh_token_ttl_minutes',
        'single_use_refresh_tokens',
        'session_lifetime_minutes',
      ],
    },
    scopes: [...IDENTITY_SCOPES, ...API_SCOPES],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
    // Public clients get all claims in the ID token: a name is no secret.
    conformIdTokenClaims: false,
    // `none` is only for our account page; every other client is registered for `code`.
    responseTypes: ['code', 'none'],
    loadExistingGrant: (context) => loadGrant(context, workspaceApi),
    // The console gets a refresh token without asking for `offline_access`, whose token would outlive the session of
    // the browser.
    issueRefreshToken: (_context, client, code) =>
      client.clientId === CONSOLE_CLIENT ||
      (client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access')),
    pkce: { required: () => true },
    rotateRefreshToken: ({ oidc }) => oidc.client?.['single_use_refresh_tokens'] !== false,
    routes: {
      authorization: '/v1/authorize',
      token: '/v1/token',
      jwks: '/v1/keys',
      userinfo: '/v1/userinfo',
      introspection: '/v1/introspect',
      revocation: '/v1/revoke',
      device_authorization: '/v1/device_authorization',
      code_verification: DEVICE_PATH,
      end_session: '/v1/logout',
    },
    enabledJWA: { idTokenSigningAlgValues: [SIGNATURE_ALGORITHM] },
    clientDefaults: { id_token_signed_response_alg: SIGNATURE_ALGORITHM },
    interactions: { url: (_context, { uid }) => `/oidc/interaction/${uid}` },
    findAccount: async (_context, sub) => {
      const principal = await dependencies.findInWorkspace(sub, workspaceId)
      return principal === undefined ? undefined : accountOf(principal)
    },
    ttl: LIFETIMES,
    features: featuresOf(dependencies, workspaceApi),
    formats: {
      customizers: {
        jwt: async (_context, token, parts) => {
          const principal = await loadHolder(dependencies, workspaceId, token)
          if (principal === undefined) throw new errors.InvalidGrant('the identity no longer exists')
          Object.assign(parts.payload, workspaceTokenClaims({ identityId: principal.id, workspaceId }))
        },
      },
    },
    renderError,
  }
}

const LIFETIMES: NonNullable<Configuration['ttl']> = {
  AccessToken: (_context, _token, client) =>
    Math.min(minutesOf(client, 'access_token_ttl_minutes') ?? TOKEN_LIFETIME_SECONDS, TOKEN_LIFETIME_SECONDS),
  AuthorizationCode: MINUTE,
  ClientCredentials: TOKEN_LIFETIME_SECONDS,
  DeviceCode: 10 * MINUTE,
  Grant: REFRESH_FAMILY_SECONDS,
  IdToken: TOKEN_LIFETIME_SECONDS,
  Interaction: UNFINISHED_SECONDS,
  RefreshToken: (_context, token, client) =>
    Math.max(
      1,
      Math.min(
        minutesOf(client, 'refresh_token_ttl_minutes') ?? REFRESH_TOKEN_SECONDS,
        (minutesOf(client, 'session_lifetime_minutes') ?? REFRESH_FAMILY_SECONDS) - token.totalLifetime(),
      ),
    ),
  Session: (_context, session) => (session.accountId === undefined ? UNFINISHED_SECONDS : SESSION_SECONDS),
}

const featuresOf = (
  dependencies: Pick<ProviderDependencies, 'countWrongDeviceCode'>,
  workspaceApi: ResourceServer,
): Configuration['features'] => ({
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  // token-questions.ts answers both; they are enabled so that discovery lists them.
  userinfo: { enabled: true },
  introspection: { enabled: true },
  revocation: { enabled: true },
  rpInitiatedLogout: { enabled: false },
  // Nobody here needs these features, and a disabled feature cannot be attacked; we would treat a key-bound token as an
  // ordinary bearer token.
  dPoP: { enabled: false },
  pushedAuthorizationRequests: { enabled: false },
  deviceFlow: {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    ...devicePages(dependencies.countWrongDeviceCode),
  },
  resourceIndicators: {
    enabled: true,
    // Every workspace token is for the APIs of the workspace; clients need not name them and do not.
    defaultResource: () => workspaceApi.audience ?? '',
    getResourceServerInfo: (_context, resource) => {
      if (resource !== workspaceApi.audience) throw new errors.InvalidTarget()
      return workspaceApi
    },
    useGrantedResource: () => true,
  },
})

function renderError(
  context: KoaContextWithOIDC,
  out: { readonly error: string; readonly error_description?: string | undefined },
): void {
  if (context.accepts('html', 'json') === 'html') {
    context.type = 'html'
    context.body = messagePage(
      'Not possible',
      `${out.error_description ?? out.error} (${out.error}). Begin again in the application.`,
    )
    return
  }
  context.type = 'json'
  context.body = out
}

/**
 * As the library does it, except that our own pages need no consent, and nothing is stored about the consent of the
 * account page.
 */
async function loadGrant(
  { oidc }: KoaContextWithOIDC,
  workspaceApi: ResourceServer,
): Promise<Grant | undefined> {
  const clientId = oidc.client?.clientId ?? ''
  if (clientId === ACCOUNT_PAGE_CLIENT) {
    const grant = new oidc.provider.Grant({ accountId: oidc.session?.accountId ?? '', clientId })
    grant.addOIDCScope('openid')
    return grant
  }
  const grantId = oidc.result?.consent?.grantId ?? oidc.session?.grantIdFor(clientId)
  const known = grantId === undefined ? undefined : await oidc.provider.Grant.find(grantId)
  if (known !== undefined || clientId !== CONSOLE_CLIENT) return known
  const grant = new oidc.provider.Grant({ accountId: oidc.session?.accountId ?? '', clientId })
  grant.addOIDCScope(CONSOLE_SCOPES.join(' '))
  grant.addResourceScope(workspaceApi.audience ?? '', workspaceApi.scope)
  await grant.save()
  return grant
}

async function loadHolder(
  dependencies: ProviderDependencies,
  workspaceId: WorkspaceId,
  token: { readonly clientId?: string | undefined; readonly accountId?: string },
): Promise<Principal | undefined> {
  return token.accountId === undefined
    ? dependencies.findServicePrincipal(token.clientId ?? '', workspaceId)
    : dependencies.findInWorkspace(token.accountId, workspaceId)
}

const accountOf = (principal: Principal): Account => ({
  accountId: principal.id,
  claims: () => ({
    sub: principal.id,
    name: principal.displayName,
    preferred_username: principal.name,
    email: principal.name,
  }),
})

/** In seconds, from the minutes that an administrator registered. */
function minutesOf(client: Client, property: string): number | undefined {
  const minutes = client[property]
  return typeof minutes === 'number' ? minutes * MINUTE : undefined
}
