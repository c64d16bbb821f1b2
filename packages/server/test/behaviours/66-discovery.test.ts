/** behaviour 66, wire-contract §3.2, §3.6: every way on which the CLI and the SDKs find the OAuth server. */
import { randomUUID } from 'node:crypto'
import * as client from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { createLakegateHttp, type TokenIntrospection } from '@lakegate/client'
import { prepareCliLogin } from '../stage/cli-login.ts'
import { createPerson, signInAndAllow, Visitor, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const { issuer, cli, authorizationRequest } = await prepareCliLogin(lakegate)
const CLI_REDIRECT = 'http://localhost:8020'

const GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
]

let ada: Person
beforeAll(async () => {
  ada = await createPerson(lakegate)
})

describe('discovery', () => {
  it.each([
    '/oidc/.well-known/openid-configuration',
    '/oidc/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/oidc',
    '/.well-known/oauth-authorization-server',
    `/oidc/accounts/${ready.account_id}/.well-known/oauth-authorization-server`,
    `/oidc/accounts/${ready.account_id}/.well-known/openid-configuration`,
    `/.well-known/oauth-authorization-server/oidc/accounts/${ready.account_id}`,
  ])('is at %s', async (path) => {
    const response = await fetch(`${ready.http_url}${path}`)
    expect(await response.json()).toMatchObject({
      issuer: issuer.href,
      authorization_endpoint: `${issuer.href}/v1/authorize`,
      token_endpoint: `${issuer.href}/v1/token`,
      device_authorization_endpoint: `${issuer.href}/v1/device_authorization`,
      revocation_endpoint: `${issuer.href}/v1/revoke`,
      introspection_endpoint: `${issuer.href}/v1/introspect`,
      userinfo_endpoint: `${issuer.href}/v1/userinfo`,
      code_challenge_methods_supported: ['S256'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      authorization_response_iss_parameter_supported: true,
      grant_types_supported: expect.toSatisfy(
        (grants: string[]) => [...grants].sort().join(' ') === [...GRANTS].sort().join(' '),
      ) as string[],
    })
  })
})

describe('endpoints of the account style (wire-contract §3.2)', () => {
  const account = `${ready.http_url}/oidc/accounts/${ready.account_id}`

  it('are the same server', async () => {
    const { url, verifier } = await authorizationRequest({ redirect_uri: CLI_REDIRECT })
    const asked = new URL(`${account}/v1/authorize${url.search}`)
    const back = await signInAndAllow(new Visitor(), asked, ada)
    const response = await fetch(`${account}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: 'databricks-cli',
        grant_type: 'authorization_code',
        code: back.searchParams.get('code') ?? '',
        redirect_uri: CLI_REDIRECT,
        code_verifier: verifier,
      }),
    })
    expect(await response.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
  })

  it('of another account are not here', async () => {
    const other = `${ready.http_url}/oidc/accounts/${randomUUID()}/.well-known/oauth-authorization-server`
    expect((await fetch(other)).status).toBe(404)
  })
})

describe('a login without a host (wire-contract §3.6)', () => {
  const frontDoor = (destination: string) =>
    `${ready.http_url}/?${new URLSearchParams({ destination_url: destination }).toString()}`

  it('begins at the front door and learns from the token where it is', async () => {
    const { url, verifier, state } = await authorizationRequest()
    const back = await signInAndAllow(new Visitor(), new URL(frontDoor(`${url.pathname}${url.search}`)), ada)
    // The CLI takes the token endpoint from the issuer.
    expect(`${back.searchParams.get('iss') ?? ''}/v1/token`).toBe(`${issuer.href}/v1/token`)
    const tokens = await client.authorizationCodeGrant(cli, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    })
    const rest = createLakegateHttp(ready.http_url, () => tokens.access_token)
    expect(await rest.request<TokenIntrospection>('GET', '/api/2.0/tokens/introspect')).toEqual({
      principal_context: {
        authentication_scope: { account_id: ready.account_id, workspace_id: Number(ready.workspace_id) },
      },
    })
  })

  it.each([
    'https://evil.example.com/oidc/v1/authorize?x',
    '//evil.example.com/oidc/v1/authorize?x',
    '/oidc/v1/authorize@evil.example.com',
    '/oidc/v1/authorize',
    '/oidc/v1/../../x?y',
    '',
  ])('leads nowhere else: %j (attack 32)', async (destination) => {
    const response = await fetch(frontDoor(destination), { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/console')
  })
})
