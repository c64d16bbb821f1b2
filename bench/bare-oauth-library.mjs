// oidc-provider with its in-memory storage and a resource server that wants ES256 JSON Web Tokens: nothing of ours. A
// process of its own, as Lakegate is one; sends its URL to whoever started it.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'

const { privateKey } = await generateKeyPair('ES256', { extractable: true })
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}`
const api = {
  scope: 'all-apis',
  audience: 'urn:x',
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'ES256' } },
}
const provider = new Provider(url, {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'k' }] },
  clients: [
    {
      client_id: 'c',
      client_secret: 's',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: ['all-apis'],
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: { enabled: true, defaultResource: () => 'urn:x', getResourceServerInfo: () => api },
  },
})
server.on('request', provider.callback())
process.send(url)
