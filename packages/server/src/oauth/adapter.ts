/**
 * Storage of the OAuth library. Workspace tokens are JSON Web Tokens and are not stored; clients are service
 * principals. Whatever else the library would like to keep belongs to flows that are not offered yet, and is
 * refused rather than kept somewhere that forgets it.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { isUuid } from '../domain/ids.ts'
import { API_SCOPES } from '../tokens/claims.ts'

export function createAdapter(model: string): Adapter {
  const refuseToStore = (): Promise<never> =>
    Promise.reject(new Error(`the OAuth server does not store ${model}`))
  return {
    find: (id) => Promise.resolve(model === 'Client' ? clientOf(id) : undefined),
    // A JSON Web Token is complete in itself (RFC 9068); there is nothing to look up later.
    upsert: () => (model === 'ClientCredentials' ? Promise.resolve() : refuseToStore()),
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    consume: refuseToStore,
    destroy: refuseToStore,
    revokeByGrantId: refuseToStore,
  }
}

/**
 * Any application id is a client as far as the library can see; whether it exists is found out together with its
 * secret, in one step that takes the same time for both (attack 34).
 */
function clientOf(id: string): AdapterPayload | undefined {
  if (!isUuid(id.toLowerCase())) return undefined
  return {
    client_id: id.toLowerCase(),
    // The library wants one; it is never compared (see `compareClientSecret`).
    client_secret: 'kept as hashes elsewhere',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: API_SCOPES.join(' '),
  }
}
