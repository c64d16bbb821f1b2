/** Access tokens of the workspace, for whichever way the caller proves who it is. */
import { LakegateApiError, LakegateConfigurationError, LakegateSignInError } from '../errors.ts'
import {
  createTokenSource,
  type TokenRequest,
  type TokenSourceOptions,
} from '../tokens/create-token-source.ts'
import type { Token, TokenSource } from '../tokens/token-source.ts'
import {
  discoverAuthorizationServer,
  noHost,
  requestToken,
  type AuthorizationServer,
  type Network,
} from './authorization-server.ts'
import { createCliTokenReader } from './cli-tokens.ts'
import type { AuthType, ResolvedConfiguration } from './configuration.ts'
import { ofEnvironment, ofFile, ofGitHub, type IdentityTokenReader } from './identity-tokens.ts'

/** How access tokens are fetched and renewed. */
export interface AccessTokenOptions extends TokenSourceOptions {
  readonly fetch?: typeof fetch
}

/**
 * Bearer tokens of the REST API, for the caller that is configured.
 * @throws LakegateConfigurationError when nothing is configured, or not enough for the way that was chosen
 */
export function createAccessTokenSource(
  configuration: ResolvedConfiguration,
  options: AccessTokenOptions = {},
): TokenSource {
  const network: Network = {
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  }
  return createTokenSource(fetcherOf(configuration, network), options)
}

function fetcherOf(
  configuration: ResolvedConfiguration,
  network: Network,
): (request: TokenRequest) => Promise<Token> {
  if (configuration.host === undefined && configuration.discoveryUrl === undefined) throw noHost()
  const { authType, host = '<host>' } = configuration
  if (authType === undefined)
    throw new LakegateConfigurationError(
      `Nothing says who you are at ${host}.`,
      `Sign in: lakegate auth login --host ${host}; for a program set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.`,
    )
  switch (authType) {
    case 'oauth-m2m':
      return clientCredentials(configuration, network)
    case 'databricks-cli':
      return createCliTokenReader(configuration, network)
    case 'github-oidc':
      return federation(configuration, ofGitHub(configuration, network), network)
    case 'env-oidc':
      return federation(configuration, ofEnvironment(configuration), network)
    case 'file-oidc':
      return federation(configuration, ofFile(configuration), network)
    case 'pat': {
      const fixed = { value: demand(configuration, 'token', 'pat'), expiresAt: undefined }
      return () => Promise.resolve(fixed)
    }
  }
}

const SETTING_NAMES = {
  token: 'DATABRICKS_TOKEN',
  clientId: 'DATABRICKS_CLIENT_ID',
  clientSecret: 'DATABRICKS_CLIENT_SECRET',
} as const

function demand(
  configuration: ResolvedConfiguration,
  name: keyof typeof SETTING_NAMES,
  authType: AuthType,
): string {
  const value = configuration[name]
  if (value !== undefined) return value
  throw new LakegateConfigurationError(
    `The auth type ${authType} needs ${name}, which is not set.`,
    `Set ${SETTING_NAMES[name]}, or take another auth type.`,
  )
}

/** RFC 6749 §4.4: a service principal with its secret. */
function clientCredentials(
  configuration: ResolvedConfiguration,
  given: Network,
): (request: TokenRequest) => Promise<Token> {
  const basic = {
    id: demand(configuration, 'clientId', 'oauth-m2m'),
    secret: demand(configuration, 'clientSecret', 'oauth-m2m'),
  }
  const server = remembered((network) => discoverAuthorizationServer(configuration, network))
  return async ({ signal }) => {
    const network = { ...given, signal }
    return requestToken(
      (await server(network)).tokenEndpoint,
      { grant_type: 'client_credentials', scope: configuration.scopes.join(' ') },
      { basic, network },
    )
  }
}

/** RFC 8693: the token of the platform's provider for one of the workspace. */
function federation(
  configuration: ResolvedConfiguration,
  readIdentityToken: IdentityTokenReader,
  given: Network,
): (request: TokenRequest) => Promise<Token> {
  const { clientId, tokenAudience, scopes } = configuration
  const server = remembered((network) => discoverAuthorizationServer(configuration, network))
  return async ({ signal }) => {
    const network = { ...given, signal }
    const { tokenEndpoint, defaultAudience } = await server(network)
    const subjectToken = await readIdentityToken(tokenAudience ?? defaultAudience, signal)
    try {
      return await requestToken(
        tokenEndpoint,
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: subjectToken,
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          scope: scopes.join(' '),
          // Without it the policies of the account decide who this is.
          ...(clientId === undefined ? {} : { client_id: clientId }),
        },
        { network },
      )
    } catch (error) {
      if (!(error instanceof LakegateApiError) || error.errorCode !== 'invalid_grant') throw error
      throw new LakegateSignInError(
        `The workspace did not accept the token of the identity provider: ${error.message}`,
        clientId === undefined
          ? 'Set DATABRICKS_CLIENT_ID to the service principal that has a federation policy, or add a policy to the account.'
          : `Compare issuer, audience and subject of the token with the federation policies of ${clientId}.`,
        error,
      )
    }
  }
}

type Discovery = (network: Network) => Promise<AuthorizationServer>

/** What was found is kept; what failed is tried again. */
function remembered(discover: Discovery): Discovery {
  let found: AuthorizationServer | undefined
  return async (network) => (found ??= await discover(network))
}
