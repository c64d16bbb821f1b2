/**
 * The OAuth server of one workspace: oidc-provider with its configuration and nothing more. It issues workspace tokens
 * as JSON Web Tokens (RFC 9068): to people with the authorization code or device grant, to service principals with
 * client credentials.
 */
import { errors, Provider, type JWKS } from 'oidc-provider'
import { registerClientCredentials } from './client-credentials.ts'
import { finishResponses } from './finish-responses.ts'
import {
  configurationOf,
  workspaceApiOf,
  type ProviderDependencies,
  type ProviderSettings,
} from './provider-configuration.ts'
import { TOKEN_EXCHANGE_GRANT } from './token-exchange.ts'

export function buildProvider(
  dependencies: ProviderDependencies,
  settings: ProviderSettings,
  jwks: JWKS,
): Provider {
  const { workspaceId, issuer } = settings
  const workspaceApi = workspaceApiOf(workspaceId)
  const provider = new Provider(issuer, configurationOf(dependencies, settings, jwks))
  provider.proxy = true
  // token-exchange.ts answers this grant before the library is called; it is registered so that discovery lists it.
  provider.registerGrantType(TOKEN_EXCHANGE_GRANT, () => {
    throw new errors.UnsupportedGrantType()
  })
  registerClientCredentials(
    provider,
    { identifier: workspaceApi.audience, server: workspaceApi },
    async (applicationId) =>
      (await dependencies.findServicePrincipal(applicationId, workspaceId)) !== undefined,
  )
  // The library compares with one stored secret; ours are stored as hashes, up to five per client (behaviour 67).
  provider.Client.prototype.compareClientSecret = async function (
    this: { clientId: string },
    secret: string,
  ) {
    return dependencies.verifyClientSecret(this.clientId, secret)
  }
  provider.use(finishResponses)
  // The log says why a grant was refused; the client is not told.
  provider.on('grant.error', (context, error) => {
    dependencies.log.warn(
      { client: context.oidc.client?.clientId, reason: error.error_detail ?? error.message },
      'a grant was refused',
    )
  })
  provider.on('server_error', (_context, error) => {
    dependencies.log.error({ err: error }, 'the OAuth server failed')
  })
  return provider
}
