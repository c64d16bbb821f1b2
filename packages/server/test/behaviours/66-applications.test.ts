/** wire-contract §4.5: OAuth applications that an administrator registers, public and confidential. */
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import type { CustomAppIntegration } from '@lakegate/client'
import { createPerson, signInAndAllow, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createServicePrincipal } from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'

const { admin, ready, ...rest } = sharedLakegate()
const lakegate = { admin, ready, ...rest }
const APPS = `/api/2.0/accounts/${ready.account_id}/oauth2/custom-app-integrations`
const REDIRECT = 'https://app.example.com/callback'

interface Created {
  integration_id: string
  client_id: string
  client_secret?: string
}
const create = (body: object) =>
  admin.request<Created>('POST', APPS, { name: 'an app', redirect_urls: [REDIRECT], ...body })
const discover = ({ client_id, client_secret }: Created) =>
  client.discovery(
    new URL(`${ready.http_url}/oidc`),
    client_id,
    undefined,
    client_secret === undefined ? client.None() : client.ClientSecretBasic(client_secret),
    // Deprecated to make it stand out; these tests talk to a loopback address.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    { execute: [client.allowInsecureRequests] },
  )

async function login(configuration: client.Configuration, scope: string, redirect_uri = REDIRECT) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri,
    scope,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const back = await signInAndAllow(new Visitor(), url, await createPerson(lakegate))
  return client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier, expectedState })
}

describe('a registered application', () => {
  it('that is confidential proves itself by its secret, and its tokens live as long as it says', async () => {
    const app = await create({
      confidential: true,
      scopes: ['all-apis', 'offline_access', 'openid'],
      token_access_policy: { access_token_ttl_in_minutes: 15, refresh_token_ttl_in_minutes: 60 },
    })
    expect(app.client_secret).toMatch(/^dose/)
    const configuration = await discover(app)
    const tokens = await login(configuration, 'all-apis offline_access openid')
    expect(tokens.expires_in).toBe(900)
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    const wrong = await discover({ ...app, client_secret: 'dose-wrong' })
    await expect(client.refreshTokenGrant(wrong, refreshed.refresh_token ?? '')).rejects.toMatchObject({
      status: 401,
    })
  })

  it('keeps its refresh token where it says so, and signs in for as long as it says', async () => {
    const app = await create({
      confidential: true,
      token_access_policy: {
        refresh_token_ttl_in_minutes: 60,
        enable_single_use_refresh_tokens: false,
        absolute_session_lifetime_in_minutes: 30,
      },
    })
    const configuration = await discover(app)
    const token = (await login(configuration, 'all-apis offline_access')).refresh_token ?? ''
    const remaining = async () => {
      const { exp = 0, iat = 0 } = await client.tokenIntrospection(configuration, token)
      return exp - iat
    }
    expect(await remaining()).toBe(30 * 60)
    await client.refreshTokenGrant(configuration, token)
    const again = await client.refreshTokenGrant(configuration, token)
    expect(again.refresh_token ?? token).toBe(token)
    const path = `${APPS}/${app.integration_id}`
    expect(await admin.request('GET', path)).toMatchObject({
      token_access_policy: {
        enable_single_use_refresh_tokens: false,
        absolute_session_lifetime_in_minutes: 30,
      },
    })
    await admin.request('PATCH', path, { token_access_policy: { enable_single_use_refresh_tokens: true } })
    const rotated = await client.refreshTokenGrant(configuration, token)
    expect(rotated.refresh_token).not.toBe(token)
    const shown = await client.tokenIntrospection(configuration, rotated.refresh_token ?? '')
    // However often it is renewed.
    expect((shown.exp ?? 0) - (shown.iat ?? 0)).toBeLessThanOrEqual(30 * 60)
  })

  it('that is public cannot keep its refresh tokens (RFC 9700 §2.2.2)', async () => {
    const asked = create({ token_access_policy: { enable_single_use_refresh_tokens: false } })
    expect(await refusal(asked)).toMatchObject({ status: 400 })
    const app = await create({})
    const changed = admin.request('PATCH', `${APPS}/${app.integration_id}`, {
      token_access_policy: { enable_single_use_refresh_tokens: false },
    })
    expect(await refusal(changed)).toMatchObject({ status: 400 })
  })

  it('that is public has no secret, and PKCE', async () => {
    const app = await create({ redirect_urls: ['http://localhost:9999/callback'], scopes: ['postgres'] })
    expect(app.client_secret).toBeUndefined()
    const tokens = await login(await discover(app), 'postgres', 'http://localhost:9999/callback')
    expect(tokens.scope).toBe('postgres')
  })

  it('gets no scope and no address beyond what was registered (attack 32)', async () => {
    const app = await create({ scopes: ['postgres'] })
    const visit = async (changes: Record<string, string>) => {
      const url = client.buildAuthorizationUrl(await discover(app), {
        redirect_uri: REDIRECT,
        scope: 'postgres',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
        ...changes,
      })
      return new Visitor().visit(url)
    }
    expect((await visit({ scope: 'all-apis' })).url.searchParams.get('error')).toBe('invalid_scope')
    for (const redirect_uri of [
      `${REDIRECT}/more`,
      `${REDIRECT}?x=1`,
      'https://app.example.com.evil.example',
      'https://evil.example',
    ])
      expect((await visit({ redirect_uri })).status).toBe(400)
  })

  it('is shown without its secret, changed, and gone at once when it is deleted', async () => {
    const app = await create({ confidential: true })
    const path = `${APPS}/${app.integration_id}`
    const shown = await admin.request<CustomAppIntegration>('GET', path)
    expect(shown).toMatchObject({ client_id: app.client_id, name: 'an app', confidential: true })
    expect(JSON.stringify(shown)).not.toContain(app.client_secret)
    await admin.request('PATCH', path, { redirect_urls: ['https://other.example.com/'] })
    expect(await admin.request('GET', path)).toMatchObject({ redirect_urls: ['https://other.example.com/'] })
    const { apps } = await admin.request<{ apps: CustomAppIntegration[] }>('GET', APPS)
    expect(apps.map((one) => one.integration_id)).toContain(app.integration_id)
    await admin.request('DELETE', path)
    expect(await refusal(admin.request('GET', path))).toMatchObject({ status: 404 })
    const response = await fetch(
      `${ready.http_url}/oidc/v1/authorize?client_id=${app.client_id}&response_type=code`,
    )
    expect(response.status).toBe(400)
  })

  it.each([
    ['plain HTTP to another machine', ['http://app.example.com/']],
    ['a wildcard', ['https://*.example.com/']],
    ['a fragment', ['https://app.example.com/#x']],
    ['a script', ['javascript:alert(1)']],
    ['nothing', []],
  ])('is not registered with a redirect address of %s', async (_what, redirect_urls) => {
    expect(await refusal(create({ redirect_urls }))).toMatchObject({ status: 400 })
  })

  it('is registered by administrators of the account only', async () => {
    const principal = await createServicePrincipal(lakegate, 'registrar')
    const act = principal.http.request('POST', APPS, { name: 'x', redirect_urls: [REDIRECT] })
    expect(await refusal(act)).toMatchObject({ status: 403 })
  })
})
