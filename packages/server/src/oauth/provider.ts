/**
 * The OAuth server: oidc-provider, configured and nothing more. Issues workspace tokens as JSON Web Tokens
 * (RFC 9068) to service principals by client credentials (RFC 6749 §4.4). Signing keys are ours; after a rotation
 * the provider is built anew, because it takes its keys once.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import {
  Provider,
  type Configuration,
  type JWKS,
  type KoaContextWithOIDC,
  type ResourceServer,
} from 'oidc-provider'
import type { Principal } from '../domain/identity.ts'
import type { WorkspaceId } from '../domain/ids.ts'
import type { Workspace } from '../domain/workspace.ts'
import {
  API_SCOPES,
  SIGNATURE_ALGORITHM,
  TOKEN_LIFETIME_SECONDS,
  workspaceAudience,
} from '../tokens/claims.ts'
import { workspaceTokenClaims } from '../tokens/mint.ts'
import { createAdapter } from './adapter.ts'
import { registerClientCredentials } from './client-credentials.ts'

export interface OAuthDependencies {
  /** Current key first. */
  readonly privateJwks: () => Promise<{ readonly keys: readonly unknown[] }>
  readonly verifyClientSecret: (applicationId: string, secret: string) => Promise<Principal | undefined>
  readonly findServicePrincipal: (applicationId: string) => Promise<Principal | undefined>
  /** Whether the service principal is assigned to the workspace, directly or through a group. */
  readonly isInWorkspace: (applicationId: string, workspaceId: WorkspaceId) => Promise<boolean>
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
  /** Secret that signs the cookies of the provider. */
  readonly cookieKey: string
}

export interface OAuthSettings {
  /** By the Host header: every workspace has an OAuth server of its own. */
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly publicUrlOf: (workspace: Workspace) => string
}

export const OAUTH_PREFIX = '/oidc'

/** @returns a handler for everything below `/oidc` */
export function createOAuthHandler(
  dependencies: OAuthDependencies,
  settings: OAuthSettings,
): RequestListener {
  const built = new Map<WorkspaceId, { readonly keys: string; readonly handle: RequestListener }>()

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const workspace = await settings.workspaceAt(request.headers.host)
    const publicUrl = settings.publicUrlOf(workspace)
    const jwks = await dependencies.privateJwks()
    const keys = JSON.stringify(jwks.keys)
    let current = built.get(workspace.id)
    if (current?.keys !== keys) {
      const handle = buildProvider(
        dependencies,
        { workspaceId: workspace.id, publicUrl },
        jwks as JWKS,
      ).callback()
      // Koa answers every request itself, errors included; what is left for the caller is nothing.
      current = { keys, handle: (koaRequest, koaResponse) => void handle(koaRequest, koaResponse) }
      built.set(workspace.id, current)
    }
    placeBelowPrefix(request, publicUrl)
    current.handle(request, response)
  }

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      dependencies.log.error({ err: error }, 'the OAuth server cannot answer')
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '2' })
      response.end(
        JSON.stringify({ error: 'temporarily_unavailable', error_description: 'Retry in a few seconds.' }),
      )
    })
  }
}

/**
 * The provider is mounted below a prefix and builds its URLs from the request; the configured public URL stands
 * in for the Host header, which anybody can set (attack 33).
 */
function placeBelowPrefix(request: IncomingMessage & { originalUrl?: string }, publicUrl: string): void {
  const { host, protocol } = new URL(publicUrl)
  const url = request.url ?? OAUTH_PREFIX
  request.originalUrl = url
  request.url = url.slice(OAUTH_PREFIX.length).replace(/^(?!\/)/, '/')
  request.headers.host = host
  request.headers['x-forwarded-host'] = host
  request.headers['x-forwarded-proto'] = protocol.slice(0, -1)
}

function buildProvider(
  dependencies: OAuthDependencies,
  settings: { readonly workspaceId: WorkspaceId; readonly publicUrl: string },
  jwks: JWKS,
): Provider {
  const { workspaceId, publicUrl } = settings
  const workspaceApi: ResourceServer = {
    scope: API_SCOPES.join(' '),
    audience: workspaceAudience(workspaceId),
    accessTokenTTL: TOKEN_LIFETIME_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: SIGNATURE_ALGORITHM } },
  }
  const configuration: Configuration = {
    adapter: createAdapter,
    jwks,
    cookies: { keys: [dependencies.cookieKey] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    scopes: [...API_SCOPES],
    // People sign in with the next version; until then nothing is answered at the authorization endpoint.
    responseTypes: ['code'],
    routes: { authorization: '/v1/authorize', token: '/v1/token', jwks: '/v1/keys' },
    enabledJWA: { idTokenSigningAlgValues: [SIGNATURE_ALGORITHM] },
    clientDefaults: { id_token_signed_response_alg: SIGNATURE_ALGORITHM },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // Every workspace token is for the APIs of the workspace; clients need not and do not say so.
        defaultResource: () => workspaceAudience(workspaceId),
        getResourceServerInfo: () => workspaceApi,
      },
    },
    formats: {
      customizers: {
        jwt: async (_context, token, parts) => {
          const principal = await dependencies.findServicePrincipal(token.clientId ?? '')
          if (principal === undefined)
            throw new Error('a token is issued to a service principal that is not there')
          Object.assign(parts.payload, workspaceTokenClaims({ identityId: principal.id, workspaceId }))
        },
      },
    },
    renderError: (context: KoaContextWithOIDC, out) => {
      context.type = 'json'
      context.body = out
    },
  }
  const provider = new Provider(`${publicUrl}${OAUTH_PREFIX}`, configuration)
  provider.proxy = true
  registerClientCredentials(
    provider,
    { identifier: workspaceAudience(workspaceId), server: workspaceApi },
    (applicationId) => dependencies.isInWorkspace(applicationId, workspaceId),
  )
  // The library compares with one stored secret; ours are hashes, and up to five of them (behaviour 67).
  provider.Client.prototype.compareClientSecret = async function (
    this: { clientId: string },
    secret: string,
  ) {
    return (await dependencies.verifyClientSecret(this.clientId, secret)) !== undefined
  }
  provider.on('server_error', (_context, error) => {
    dependencies.log.error({ err: error }, 'the OAuth server failed')
  })
  return provider
}
