/**
 * The client credentials grant (RFC 6749 §4.4), with the rules in which the real service differs from the library. An
 * unknown scope is refused instead of left out, so that nobody gets a token without any access. No scope means
 * `all-apis`, which is what every SDK asks for.
 */
import { errors, type KoaContextWithOIDC, type Provider, type ResourceServer } from 'oidc-provider'
import { API_SCOPES } from '../tokens/claims.ts'
import { requireOwnResource } from './own-resource.ts'

const DEFAULT_SCOPE = 'all-apis'
/** RFC 6749 §4.4.3: this grant returns no refresh token; asking for one is allowed and has no effect. */
const IGNORED_SCOPES: readonly string[] = ['offline_access']

/** @param api the API for which the tokens are valid */
export function registerClientCredentials(
  provider: Provider,
  api: { readonly identifier: string; readonly server: ResourceServer },
  isInWorkspace: (clientId: string) => Promise<boolean>,
): void {
  provider.registerGrantType(
    'client_credentials',
    async (context: KoaContextWithOIDC) => {
      const { client, params } = context.oidc
      if (client === undefined) throw new errors.InvalidClient('client authentication is missing')
      if (!(await isInWorkspace(client.clientId)))
        throw new errors.UnauthorizedClient('the service principal is not assigned to this workspace')
      requireOwnResource(params?.['resource'], api.identifier)
      const scope = readScope(params?.['scope'])
      const token = new provider.ClientCredentials({ client, scope })
      token.resourceServer = new provider.ResourceServer(api.identifier, api.server)
      context.oidc.entity('ClientCredentials', token)
      context.body = {
        access_token: await token.save(),
        token_type: token.tokenType,
        expires_in: token.expiration,
        scope,
      }
    },
    ['scope', 'resource'],
    ['resource'],
  )
}

function readScope(value: unknown): string {
  const named = (typeof value === 'string' ? value : '').split(' ')
  const wanted = new Set(named.filter((scope) => scope !== '' && !IGNORED_SCOPES.includes(scope)))
  const unknown = [...wanted].find((scope) => !API_SCOPES.includes(scope))
  if (unknown !== undefined) {
    throw new errors.InvalidScope(`use ${API_SCOPES.join(' or ')}; there is no other scope`, unknown)
  }
  return wanted.size === 0 ? DEFAULT_SCOPE : [...wanted].join(' ')
}
