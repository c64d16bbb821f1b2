/** behaviour 65, wire-contract §3 and §5: what SDKs read before they log in, and the shape of every error. */
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createServicePrincipal } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const base = lakegate.ready.http_url
const MINT = '/api/2.0/database/credentials'

const call = async (
  method: string,
  path: string,
  body?: string | Uint8Array,
  headers: Record<string, string> = {},
) =>
  fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${lakegate.ready.admin_token}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })

describe('a zero character, which PostgreSQL keeps in no text', () => {
  it.each([
    ['GET', `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles/x%00y`, undefined],
    ['GET', '/api/2.0/database/instances/x%00y', undefined],
    ['GET', '/api/2.0/preview/scim/v2/Users?filter=userName%20eq%20%22%00%22', undefined],
    ['POST', '/api/2.0/token/create', '{"comment":"a\\u0000b"}'],
    ['POST', `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles`, '{"name":"a\\u0000b"}'],
  ])('is a mistake of the caller in %s %s', async (method, path, body) => {
    expect((await call(method, path, body)).status).toBe(400)
  })
})

describe('discovery', () => {
  it('gives the host metadata with the workspace id as a string and the issuer of this workspace', async () => {
    const response = await fetch(`${base}/.well-known/databricks-config`)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toEqual({
      oidc_endpoint: `${base}/oidc`,
      account_id: lakegate.ready.account_id,
      workspace_id: lakegate.ready.workspace_id,
      cloud: 'AWS',
      host_type: 'WORKSPACE_HOST',
      token_federation_default_oidc_audiences: [`${base}/oidc/v1/token`],
    })
  })

  it.each(['/oidc/.well-known/oauth-authorization-server', '/oidc/.well-known/openid-configuration'])(
    'names issuer and endpoints at %s',
    async (path) => {
      const metadata = (await (await fetch(`${base}${path}`)).json()) as Record<string, unknown>
      expect(metadata).toMatchObject({
        issuer: `${base}/oidc`,
        authorization_endpoint: `${base}/oidc/v1/authorize`,
        token_endpoint: `${base}/oidc/v1/token`,
        jwks_uri: `${base}/oidc/v1/keys`,
      })
    },
  )

  it('publishes public keys only', async () => {
    const { keys } = (await (await fetch(`${base}/oidc/v1/keys`)).json()) as {
      keys: Record<string, unknown>[]
    }
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
      expect(key).not.toHaveProperty('d')
    }
  })

  it('builds no address from the Host header of the caller (attack 33)', async () => {
    const response = await fetch(`${base}/oidc/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    })
    expect(await response.text()).not.toContain('evil.example')
  })
})

describe('a token request', () => {
  const request = async (
    parameters: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown>; type: string | null }> => {
    const response = await fetch(`${base}/oidc/v1/token`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(parameters),
    })
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      type: response.headers.get('content-type'),
    }
  }
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })

  it('with an unknown client is refused as invalid_client with 401 (behaviour 67)', async () => {
    const answer = await request(
      { grant_type: 'client_credentials', scope: 'all-apis' },
      basic(crypto.randomUUID(), 'dose00000000000000000000000000000000'),
    )
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(answer.type).toContain('application/json')
  })

  it('with a scope that there is not is refused as invalid_scope', async () => {
    const principal = await createServicePrincipal(lakegate, 'odd scope')
    const answer = await request(
      { grant_type: 'client_credentials', scope: 'everything' },
      basic(principal.applicationId, principal.secret),
    )
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
  })

  it('without a scope is for all-apis, as SDKs mean it', async () => {
    const principal = await createServicePrincipal(lakegate, 'no scope')
    const answer = await request(
      { grant_type: 'client_credentials' },
      basic(principal.applicationId, principal.secret),
    )
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 3600, scope: 'all-apis' },
    })
  })

  it('for offline access gets no refresh token, because a machine keeps its secret (RFC 6749 §4.4.3)', async () => {
    const principal = await createServicePrincipal(lakegate, 'offline')
    const answer = await request(
      { grant_type: 'client_credentials', scope: 'all-apis offline_access' },
      basic(principal.applicationId, principal.secret),
    )
    expect(answer).toMatchObject({ status: 200, body: { scope: 'all-apis' } })
    expect(answer.body).not.toHaveProperty('refresh_token')
  })

  it('with the client in the body is as good as one in the header', async () => {
    const principal = await createServicePrincipal(lakegate, 'secret in the body')
    const answer = await request({
      grant_type: 'client_credentials',
      scope: 'all-apis',
      client_id: principal.applicationId,
      client_secret: principal.secret,
    })
    expect(answer.status).toBe(200)
  })

  it('of an unknown grant is refused as unsupported_grant_type', async () => {
    const answer = await request({ grant_type: 'password', username: 'a', password: 'b' })
    expect(answer.status).toBe(400)
    expect(['unsupported_grant_type', 'invalid_request']).toContain(answer.body['error'])
  })
})

describe('an error', () => {
  it.each([
    ['POST', '/api/2.0/preview/scim/v2/Users'],
    ['PUT', '/api/2.0/preview/scim/v2/Groups/1'],
    ['PATCH', '/api/2.0/preview/scim/v2/Users/1'],
    ['PATCH', `/api/2.0/accounts/${lakegate.ready.account_id}/scim/v2/Groups/1`],
    ['PATCH', `/api/2.0/permissions/database-instances/${lakegate.ready.instance.name}`],
    ['PATCH', `/api/2.0/database/instances/${lakegate.ready.instance.name}`],
    ['POST', '/api/2.0/database/instances'],
    ['POST', '/api/2.0/database/catalogs'],
    ['POST', `/api/2.0/accounts/${lakegate.ready.account_id}/workspaces`],
  ])('of %s %s without a body says so in plain words', async (method, path) => {
    const response = await call(method, path)
    expect(response.status).toBe(400)
    const { error_code, message: text } = await message(response)
    expect(error_code).toBe('INVALID_PARAMETER_VALUE')
    expect(text).toMatch(/^body: /)
    expect(text).not.toMatch(/undefined|Invalid input/)
  })

  const message = async (response: Response) => {
    const text = await response.text()
    expect(text).not.toMatch(/\bat .*\.(ts|js):\d+/)
    return JSON.parse(text) as { error_code: string; message: string; details: unknown[] }
  }

  it('of a path that there is not is a 404 in the Databricks shape', async () => {
    const response = await call('GET', '/api/2.0/nothing/here')
    expect(response.status).toBe(404)
    expect(await message(response)).toMatchObject({
      error_code: 'ENDPOINT_NOT_FOUND',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', domain: 'lakegate', metadata: {} },
        // Without it the JavaScript SDK reads none of the error.
        { '@type': 'type.googleapis.com/google.rpc.RequestInfo', metadata: {} },
      ],
    })
  })

  it.each([
    ['text that is not JSON', '{"instance_names": [', 'body'],
    ['an array for a body', '[]', 'body'],
    ['no body', '', 'body: it is missing; send a JSON object.'],
    ['a missing field', '{"claims":[{"permission_set":"READ_ONLY"}]}', 'claims.0.resources: it is missing'],
    ['an unknown field', '{"instance_names":["dev"],"instances":[]}', 'instances'],
    ['a field of a wrong type', '{"instance_names":"dev"}', 'instance_names'],
    ['a wrong type inside a list', '{"instance_names":[{}]}', 'instance_names.0'],
    ['a number for a string', '{"request_id":7,"instance_names":["dev"]}', 'request_id'],
    [
      'a name that is far too long',
      JSON.stringify({ instance_names: ['x'.repeat(300)] }),
      'instance_names.0',
    ],
    ['a poisoned prototype', '{"__proto__":{"admin":true},"instance_names":["dev"]}', '__proto__'],
  ])('of %s is a 400 that names the field', async (_case, body, field) => {
    const response = await call('POST', MINT, body)
    expect(response.status).toBe(400)
    expect((await message(response)).message).toContain(field)
  })

  it('of a body that is not UTF-8 is a 400', async () => {
    const response = await call('POST', MINT, Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d))
    expect(response.status).toBe(400)
    expect((await message(response)).message).toContain('UTF-8')
  })

  it('of a body above one mebibyte is a 400 that says so', async () => {
    const response = await call('POST', MINT, JSON.stringify({ request_id: 'x'.repeat(1_100_000) }))
    expect(response.status).toBe(400)
    expect((await message(response)).message).toContain('1 MiB')
  })

  it('of another content type is a 400 that says which one to send', async () => {
    const response = await call('POST', MINT, '<xml/>', { 'content-type': 'application/xml' })
    expect(response.status).toBe(400)
    expect((await message(response)).message).toContain('application/json')
  })

  // Found by schemathesis: it was a 500. QUERY carries a body by definition, and so needs the type of it.
  it('of a method with a body that says no content type is a 400', async () => {
    const response = await fetch(`${base}/healthz`, { method: 'QUERY' })
    expect(response.status).toBe(400)
  })

  it('of a path that cannot be decoded is a 400', async () => {
    const response = await call('GET', '/api/2.0/database/instances/%E0%A4%A')
    expect(response.status).toBe(400)
    expect((await message(response)).message).toContain('percent-encoded')
  })

  it('of bytes that are no HTTP is answered and leaves the server serving', async () => {
    const { hostname, port } = new URL(base)
    const socket = connect(Number(port), hostname)
    socket.write('\u0000\u0001 nonsense\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
    expect((await fetch(`${base}/healthz`)).status).toBe(200)
  })
})

describe('operations', () => {
  it.each(['/healthz', '/readyz'])('answer %s to anybody', async (path) => {
    const response = await fetch(`${base}${path}`)
    expect(response.status).toBe(200)
  })

  it('name the workspace in a header of Me, which SDKs read', async () => {
    const response = await call('GET', '/api/2.0/preview/scim/v2/Me')
    expect(response.headers.get('x-databricks-org-id')).toBe(lakegate.ready.workspace_id)
    expect(await response.json()).toMatchObject({
      userName: lakegate.ready.admin_user,
      active: true,
      emails: [{ value: lakegate.ready.admin_user }],
    })
  })
})

describe('a form for a token that is far too large', () => {
  it.each([
    ['says its length', { 'content-length': '2000000' }],
    ['does not say its length', {}],
  ])('and %s is answered before the connection closes', async (_how, headers) => {
    const { hostname, port } = new URL(lakegate.ready.http_url)
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = request({
      ...{ host: hostname, port, path: '/oidc/v1/token', method: 'POST' },
      headers: { ...type, ...headers },
    })
    sent.write(`grant_type=x&rest=${'x'.repeat(100_000)}`)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(413)
    sent.destroy()
  })
})
