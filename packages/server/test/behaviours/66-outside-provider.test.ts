/**
 * Signing in through an outside OpenID Connect provider: a real one (oidc-provider) runs in this test, with a Lakegate
 * of its own that is configured for it.
 */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimUser } from '@lakegate/client'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { formAction, Visitor } from '../stage/person.ts'

const CLIENT = { client_id: 'lakegate', client_secret: 'a secret of the outside provider' }

let lakegate: RunningLakegate
let outside: Server
let outsideUrl: string
/** Who is signed in at the provider, as it will say. */
let claims: Record<string, unknown> = {}

beforeAll(async () => {
  outside = createServer().listen(0, '127.0.0.1')
  await once(outside, 'listening')
  outsideUrl = `http://127.0.0.1:${String((outside.address() as AddressInfo).port)}`
  const dataDirectory = await makeDataDirectory()
  const secretFile = path.join(dataDirectory, 'upstream-secret')
  await writeFile(secretFile, `${CLIENT.client_secret}\n`, { mode: 0o600 })
  lakegate = await startLakegate({
    dataDirectory,
    environment: {
      LAKEGATE_FIRST_INSTANCE: '',
      LAKEGATE_SIGN_IN_PROVIDER_NAME: 'Acme',
      LAKEGATE_SIGN_IN_PROVIDER_ISSUER: outsideUrl,
      LAKEGATE_SIGN_IN_PROVIDER_CLIENT_ID: CLIENT.client_id,
      LAKEGATE_SIGN_IN_PROVIDER_CLIENT_SECRET_FILE: secretFile,
      LAKEGATE_PRIVATE_IDENTITY_PROVIDERS: 'allow',
    },
  })
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(outsideUrl, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k' }] },
    clients: [{ ...CLIENT, redirect_uris: [`${lakegate.ready.http_url}/oidc/upstream/callback`] }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['of the test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims }) }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({ accountId: 'outside', clientId: CLIENT.client_id })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const handle = provider.callback()
  outside.on('request', (request, response) => {
    // Its sign-in page, with somebody at it who signs in at once.
    if (request.url?.startsWith('/interaction/') === true)
      void provider.interactionFinished(request, response, { login: { accountId: 'outside' } })
    else void handle(request, response)
  })
})
afterAll(async () => {
  await lakegate.stop()
  outside.close()
  await removeDataDirectory(lakegate.dataDirectory)
})

/** From Lakegate's sign-in page to the provider and back, as a browser goes. */
async function signInOutside(visitor = new Visitor()) {
  const url = new URL(`${lakegate.ready.http_url}/oidc/v1/authorize`)
  url.search = new URLSearchParams({
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: 'http://localhost:8020',
    scope: 'all-apis',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString()
  const page = await visitor.visit(url)
  expect(page.text).toContain('Sign in with Acme')
  const away = await visitor.submit(formAction(page, 'upstream'), {})
  expect(away.url.origin).toBe(outsideUrl)
  const back = await new Visitor().visit(away.url)
  expect(back.url.pathname).toBe('/oidc/upstream/callback')
  return { visitor, back: back.url }
}

const createUser = (userName: string) =>
  lakegate.admin.request<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', { userName })

describe('a user whom the outside provider vouches for', () => {
  it('is signed in as the user of that name', async () => {
    await createUser('known@example.com')
    claims = { email: 'Known@example.com', email_verified: true }
    const { visitor, back } = await signInOutside()
    const consent = await visitor.visit(back)
    expect(consent.text).toContain('known@example.com')
    const end = await visitor.submit(formAction(consent, 'consent'), {})
    expect(end.url.searchParams.get('code')).not.toBeNull()
  })

  it('comes to the account page, which asks nobody for a password that is kept elsewhere', async () => {
    await createUser('account@example.com')
    claims = { email: 'account@example.com', email_verified: true }
    const visitor = new Visitor()
    const asked = await visitor.visit(`${lakegate.ready.http_url}/oidc/account`)
    const away = await visitor.submit(formAction(asked, 'upstream'), {})
    const back = await new Visitor().visit(away.url)
    const page = await visitor.visit(back.url)
    expect(page.url.pathname).toBe('/oidc/account')
    expect(page.text).toContain('account@example.com')
    expect(page.text).not.toContain('Change your password')
  })

  it('is refused when the address is not verified', async () => {
    await createUser('unverified@example.com')
    claims = { email: 'unverified@example.com', email_verified: false }
    const { visitor, back } = await signInOutside()
    expect((await visitor.visit(back)).text).toContain('not verified')
  })

  it('is refused when there is no such user here, and none is made', async () => {
    claims = { email: 'stranger@example.com', email_verified: true }
    const { visitor, back } = await signInOutside()
    expect((await visitor.visit(back)).text).toContain('no such user')
    const found = await lakegate.admin.request<{ totalResults: number }>(
      'GET',
      `/api/2.0/preview/scim/v2/Users?filter=${encodeURIComponent('userName eq "stranger@example.com"')}`,
    )
    expect(found.totalResults).toBe(0)
  })

  it('is refused when the answer comes to another browser, is repeated or was changed (attack 32)', async () => {
    claims = { email: 'known@example.com', email_verified: true }
    const { visitor, back } = await signInOutside()
    expect((await new Visitor().visit(back)).status).toBe(400)
    const stranger = new Visitor()
    for (const [name, value] of visitor.cookies('_upstream'))
      stranger.keep(lakegate.ready.http_url, name, value)
    expect((await stranger.visit(back)).status).toBe(400)
    const changed = new URL(back)
    changed.searchParams.set('state', 'another')
    expect((await visitor.visit(changed)).status).toBe(400)
    expect((await visitor.visit(back)).text).toContain('known@example.com')
    expect((await visitor.visit(back)).text).not.toContain('Allow access?')
  })
})
