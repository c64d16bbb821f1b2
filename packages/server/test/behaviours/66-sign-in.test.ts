/** behaviour 66, wire-contract §3.6: people sign in; openid-client is the strict relying party of these tests. */
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import * as client from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  type LakegateApiError,
  type ScimMe,
  type SignInSessionAnswer,
  type TokenIntrospection,
} from '@lakegate/client'
import {
  createPerson,
  formAction,
  requestSignInLink,
  setPassword,
  signInAndAllow,
  Visitor,
  type Person,
} from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { asOwner, createServicePrincipal, inSession, refusedLogin } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const issuer = new URL(`${ready.http_url}/oidc`)
/** openid-client writes an address without a path with a slash at its end; the CLI does not. */
const REDIRECT = 'http://localhost:8020/'
const CLI_REDIRECT = 'http://localhost:8020'
const CLI_SCOPE = 'offline_access all-apis'

let ada: Person
let cli: client.Configuration
beforeAll(async () => {
  ada = await createPerson(lakegate)
  cli = await discover('databricks-cli')
})

const discover = (clientId: string, secret?: string) =>
  client.discovery(
    issuer,
    clientId,
    secret,
    secret === undefined ? client.None() : client.ClientSecretBasic(secret),
    {
      // Deprecated to make it stand out; these tests talk to a loopback address.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      execute: [client.allowInsecureRequests],
      algorithm: 'oidc',
    },
  )

/** An authorization request of the CLI, and what the CLI must remember of it. */
async function authorizationRequest(changes: Readonly<Record<string, string | undefined>> = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const parameters: Record<string, string | undefined> = {
    redirect_uri: REDIRECT,
    scope: CLI_SCOPE,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...changes,
  }
  const url = client.buildAuthorizationUrl(
    cli,
    Object.fromEntries(
      Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  )
  return { url, verifier, state }
}

/** One exchange from an address of the tester's choice, which `fetch` does not offer. */
async function exchangeFrom(
  localAddress: string,
  path: string,
  post?: { readonly cookie: string; readonly form: Record<string, string> },
) {
  const asked = request(`${ready.http_url}${path}`, {
    localAddress,
    method: post === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'text/html',
      ...(post === undefined
        ? {}
        : { cookie: post.cookie, 'content-type': 'application/x-www-form-urlencoded' }),
    },
  })
  asked.end(post === undefined ? undefined : new URLSearchParams(post.form).toString())
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return {
    status: answer.statusCode,
    text: await text(answer),
    cookies: (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; '),
  }
}

/** The whole way of `databricks auth login`. */
async function login(person = ada, scope = CLI_SCOPE, visitor = new Visitor()) {
  const { url, verifier, state } = await authorizationRequest({ scope })
  const back = await signInAndAllow(visitor, url, person)
  return client.authorizationCodeGrant(cli, back, { pkceCodeVerifier: verifier, expectedState: state })
}

/** What the token endpoint says to a request that must fail. */
async function tokenError(parameters: Record<string, string>) {
  const response = await fetch(`${issuer.href}/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'databricks-cli', ...parameters }),
  })
  return {
    status: response.status,
    ...((await response.json()) as { error?: string; error_description?: string }),
  }
}

describe('signing in with the authorization code', () => {
  it('ends in a token that opens REST as the person', async () => {
    const tokens = await login()
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
    expect(tokens.refresh_token).toBeDefined()
    const me = await createLakegateHttp(ready.http_url, () => tokens.access_token).request<ScimMe>(
      'GET',
      '/api/2.0/preview/scim/v2/Me',
    )
    expect(me).toMatchObject({ id: ada.id, userName: ada.userName })
  })

  it('ends in a token that opens PostgreSQL as the person (behaviour 24)', async () => {
    await asOwner(lakegate, (session) =>
      session.query('SELECT databricks_create_role($1, $2)', [ada.userName, 'USER']),
    )
    const { access_token: password } = await login()
    const { rows } = await inSession(lakegate, { user: ada.userName, password }, (session) =>
      session.query<{ who: string }>('SELECT session_user AS who'),
    )
    expect(rows).toEqual([{ who: ada.userName }])
  })

  it('gives an ID token that says who it was, and is no password (attack 19)', async () => {
    const { url, verifier, state } = await authorizationRequest({ scope: 'openid email profile postgres' })
    const back = await signInAndAllow(new Visitor(), url, ada)
    const tokens = await client.authorizationCodeGrant(cli, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      idTokenExpected: true,
    })
    expect(tokens.claims()).toMatchObject({ sub: ada.id, email: ada.userName, name: 'Ada' })
    const error = await refusedLogin(lakegate, { user: ada.userName, password: tokens.id_token ?? '' })
    expect(error.code).toBe('28P01')
    const userinfo = await client.fetchUserInfo(cli, tokens.access_token, ada.id)
    expect(userinfo).toEqual({
      sub: ada.id,
      name: 'Ada',
      preferred_username: ada.userName,
      email: ada.userName,
    })
  })

  it('takes any loopback port, as a native application has it (RFC 8252 §7.3)', async () => {
    // The CLI's 8020 to 8040, Java's 8080/callback, and any other (wire-contract §3.6).
    const ofCli = Array.from({ length: 21 }, (_, index) => `http://localhost:${String(8020 + index)}`)
    for (const redirect_uri of [
      ...ofCli,
      'http://127.0.0.1:8020',
      'http://127.0.0.1:61234/',
      'http://localhost:65535/',
      'http://localhost:8080/callback',
      'http://127.0.0.1:8080/callback',
    ]) {
      const { url } = await authorizationRequest({ redirect_uri })
      const page = await new Visitor().visit(url)
      expect(page.text).toContain('name="password"')
    }
  })

  it.each([
    ['another host', 'http://evil.example.com'],
    ['a host that begins alike', 'http://localhost.evil.example.com'],
    ['user information that looks like the host', 'http://localhost@evil.example.com'],
    ['another path', 'http://localhost:8020/other'],
    ['another scheme', 'https://localhost:8020'],
    ['a fragment', 'http://localhost:8020#x'],
  ])('sends nobody to %s (attack 32)', async (_what, redirect_uri) => {
    const { url } = await authorizationRequest({ redirect_uri })
    const page = await new Visitor().visit(url)
    expect(page.status).toBe(400)
    expect(page.url.host).toBe(issuer.host)
  })

  it.each([
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['plain PKCE', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }],
  ])('demands S256: %s is refused (behaviour 66, attack 32)', async (_what, changes) => {
    const { url } = await authorizationRequest(changes)
    const back = await new Visitor().visit(url)
    expect(back.url.searchParams.get('error')).toBe('invalid_request')
  })

  it('names the issuer in the answer, against mix-up (RFC 9207)', async () => {
    const { url } = await authorizationRequest()
    const back = await signInAndAllow(new Visitor(), url, ada)
    expect(back.searchParams.get('iss')).toBe(issuer.href)
  })

  it('redeems a code once, for its verifier, client and address only (attack 32)', async () => {
    const { url, verifier } = await authorizationRequest({ redirect_uri: CLI_REDIRECT })
    const code = (await signInAndAllow(new Visitor(), url, ada)).searchParams.get('code') ?? ''
    const redeem = (changes: Record<string, string> = {}) =>
      tokenError({
        grant_type: 'authorization_code',
        code,
        redirect_uri: CLI_REDIRECT,
        code_verifier: verifier,
        ...changes,
      })
    expect(await redeem({ code_verifier: 'y'.repeat(43) })).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    })
    expect(await redeem({ redirect_uri: 'http://localhost:8021' })).toMatchObject({ error: 'invalid_grant' })
    const results = await Promise.all([redeem(), redeem(), redeem()])
    expect(results.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    expect(await redeem()).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('asks for consent every time, and denies when the person does', async () => {
    const visitor = new Visitor()
    await login(ada, CLI_SCOPE, visitor)
    const { url } = await authorizationRequest()
    const page = await visitor.visit(url)
    expect(page.text).not.toContain('name="password"')
    expect(page.text).toContain(ada.userName)
    const back = await visitor.submit(formAction(page, 'cancel'), {})
    expect(back.url.searchParams.get('error')).toBe('access_denied')
  })

  it('gives no scope that was not asked for', async () => {
    const tokens = await login(ada, 'postgres')
    expect(tokens.scope).toBe('postgres')
    expect(tokens.refresh_token).toBeUndefined()
    const error = await createLakegateHttp(ready.http_url, () => tokens.access_token)
      .request('GET', '/api/2.0/preview/scim/v2/Users')
      .catch((refused: unknown) => refused as LakegateApiError)
    expect(error).toMatchObject({ status: 403 })
  })
})

describe('a refresh token', () => {
  it('is replaced at every use, and its reuse ends the whole family', async () => {
    const first = (await login()).refresh_token ?? ''
    const second = await client.refreshTokenGrant(cli, first)
    expect(second.refresh_token).not.toBe(first)
    // Racing processes of one user are served within a short grace (wire-contract §3.6) …
    const racing = await client.refreshTokenGrant(cli, first)
    expect(racing.access_token).toBeDefined()
    // … and all of them belong to one family, which ends with its revocation.
    await client.tokenRevocation(cli, racing.refresh_token ?? '')
    await expect(client.refreshTokenGrant(cli, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('that was replaced long ago ends the whole family, the thief’s and the owner’s (RFC 9700 §4.14.2)', async () => {
    const first = (await login()).refresh_token ?? ''
    const second = (await client.refreshTokenGrant(cli, first)).refresh_token ?? ''
    const { openInsider } = await import('../stage/insider.ts')
    const insider = await openInsider(lakegate)
    try {
      // The grace of ten seconds is over.
      await insider.database
        .updateTable('oauth_record')
        .set({ consumed_at: new Date(Date.now() - 11_000) })
        .where('id_hash', '=', createHash('sha256').update(first).digest())
        .execute()
    } finally {
      await insider.close()
    }
    for (const token of [first, second])
      expect(await tokenError({ grant_type: 'refresh_token', refresh_token: token })).toEqual({
        status: 400,
        error: 'invalid_grant',
        error_description: 'Refresh token is invalid',
      })
  })

  it('is ended by nobody but the application it belongs to (RFC 7009 §2.1)', async () => {
    const tokens = await login()
    const principal = await createServicePrincipal(lakegate, 'revoker')
    const stranger = await discover(principal.applicationId, principal.secret)
    await client.tokenRevocation(stranger, tokens.refresh_token ?? '').catch((error: unknown) => {
      expect(error).toMatchObject({ status: 400 })
    })
    const renewed = await client.refreshTokenGrant(cli, tokens.refresh_token ?? '')
    await client.tokenRevocation(cli, renewed.refresh_token ?? '')
    await expect(client.refreshTokenGrant(cli, renewed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('that is not valid is refused in the words that the CLI knows', async () => {
    expect(await tokenError({ grant_type: 'refresh_token', refresh_token: 'nonsense' })).toEqual({
      status: 400,
      error: 'invalid_grant',
      error_description: 'Refresh token is invalid',
    })
  })

  it('ends with the deactivation of the person, at once (behaviour 42)', async () => {
    const person = await createPerson(lakegate)
    const tokens = await login(person)
    const path = `/api/2.0/preview/scim/v2/Users/${person.id}`
    const setActive = (value: boolean) =>
      admin.request('PATCH', path, { Operations: [{ op: 'replace', path: 'active', value }] })
    await setActive(false)
    const refreshed = client.refreshTokenGrant(cli, tokens.refresh_token ?? '')
    await expect(refreshed).rejects.toMatchObject({ error: 'invalid_grant' })
    const rest = createLakegateHttp(ready.http_url, () => tokens.access_token)
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).rejects.toMatchObject({ status: 401 })
  })

  it('is no password and no bearer (attack 19)', async () => {
    const token = (await login()).refresh_token ?? ''
    expect((await refusedLogin(lakegate, { user: ada.userName, password: token })).code).toBe('28P01')
    const rest = createLakegateHttp(ready.http_url, () => token)
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).rejects.toMatchObject({ status: 401 })
  })
})

describe('the device grant', () => {
  it('signs a device in without a browser of its own', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: CLI_SCOPE })
    expect(device.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    const visitor = new Visitor()
    const entry = await visitor.visit(device.verification_uri)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(entry.text)?.[1] ?? ''
    const confirmation = await visitor.submit(entry.url, { xsrf, user_code: device.user_code })
    expect(confirmation.text).toContain(device.user_code)
    expect(confirmation.text).toContain('Databricks CLI')
    let page = await visitor.submit(entry.url, { xsrf, user_code: device.user_code, confirm: 'yes' })
    page = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: ada.userName,
      password: ada.password,
    })
    page = await visitor.submit(formAction(page, 'consent'), {})
    expect(page.text).toContain('Device connected')
    const tokens = await client.pollDeviceAuthorizationGrant(cli, device)
    const rest = createLakegateHttp(ready.http_url, () => tokens.access_token)
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).resolves.toMatchObject({ id: ada.id })
    const again = tokenError({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code,
    })
    expect(await again).toMatchObject({ error: 'invalid_grant' })
  })

  it('lets nobody try code after code: the twenty-first from one address waits (attack 32)', async () => {
    // An address of its own, or the other tests would wait too.
    const localAddress = '127.0.3.66'
    let page = await exchangeFrom(localAddress, '/oidc/device')
    const cookie = page.cookies
    const attempt = async (user_code: string) => {
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      page = await exchangeFrom(localAddress, '/oidc/device', { cookie, form: { xsrf, user_code } })
      return page
    }
    for (let count = 0; count < 20; count += 1)
      expect((await attempt('BBBB-BBBB')).text).toContain('not known')
    const device = await client.initiateDeviceAuthorization(cli, { scope: CLI_SCOPE })
    expect((await attempt(device.user_code)).status).toBe(429)
    expect(device.expires_in).toBeLessThanOrEqual(600)
  })

  it('gives nothing before a person allowed it', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: CLI_SCOPE })
    const early = tokenError({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code,
    })
    expect(await early).toMatchObject({ status: 400, error: 'authorization_pending' })
  })
})

describe('introspection', () => {
  it('tells a client that has a secret what a token is, and a stranger nothing', async () => {
    const { access_token, refresh_token = '' } = await login()
    // A public client proves nothing by its name (RFC 7662 §2.1).
    await expect(client.tokenIntrospection(cli, access_token)).rejects.toMatchObject({ status: 401 })
    const principal = await createServicePrincipal(lakegate, 'introspector')
    const machine = await discover(principal.applicationId, principal.secret)
    expect(await client.tokenIntrospection(machine, access_token)).toMatchObject({
      active: true,
      username: ada.userName,
      sub: ada.id,
      scope: 'all-apis',
    })
    expect(await client.tokenIntrospection(machine, 'nonsense')).toEqual({ active: false })
    expect(await client.tokenIntrospection(machine, refresh_token)).toEqual({ active: false })
    const wrong = await discover(principal.applicationId, 'dose-wrong')
    await expect(client.tokenIntrospection(wrong, access_token)).rejects.toMatchObject({ status: 401 })
  })
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
    expect(response.headers.get('location')).toBe('/oidc/account')
  })
})

describe('a password', () => {
  it('is kept as argon2id, with the parameters of OWASP or more', async () => {
    const { openInsider } = await import('../stage/insider.ts')
    const insider = await openInsider(lakegate)
    try {
      const { password_hash } = await insider.database
        .selectFrom('user_password')
        .select('password_hash')
        .where('user_id', '=', ada.id)
        .executeTakeFirstOrThrow()
      expect(password_hash).toMatch(/^\$argon2id\$v=19\$/)
      const [, memory] = /[$,]m=(\d+)[$,]/.exec(password_hash) ?? []
      const [, passes] = /[$,]t=(\d+)[$,]/.exec(password_hash) ?? []
      expect(Number(memory)).toBeGreaterThanOrEqual(19_456)
      expect(Number(passes)).toBeGreaterThanOrEqual(2)
    } finally {
      await insider.close()
    }
  })

  it('is set by a link that works once, and ends with the next link', async () => {
    const person = await createPerson(lakegate)
    const first = await requestSignInLink(lakegate, person.id)
    const second = await requestSignInLink(lakegate, person.id)
    const fields = { password: 'another long password', repetition: 'another long password' }
    expect((await new Visitor().submit(first.url, fields)).status).toBe(404)
    expect((await new Visitor().submit(second.url, fields)).status).toBe(200)
    expect((await new Visitor().submit(second.url, fields)).status).toBe(404)
    await expect(login({ ...person, password: fields.password })).resolves.toMatchObject({ expires_in: 3600 })
  })

  it.each([
    ['is too short', 'short', 'short', 'at least 12'],
    ['is repeated differently', 'a long enough password', 'a long enough passw0rd', 'differ'],
  ])('that %s is refused, and the link stays good', async (_what, password, repetition, problem) => {
    const { url } = await requestSignInLink(lakegate, (await createPerson(lakegate)).id)
    const page = await new Visitor().submit(url, { password, repetition })
    expect(page.status).toBe(400)
    expect(page.text).toContain(problem)
    expect((await new Visitor().visit(url)).status).toBe(200)
  })

  it('that is new ends the sessions and refresh tokens of the old one', async () => {
    const person = await createPerson(lakegate)
    const tokens = await login(person)
    await setPassword(lakegate, person.id, 'a completely new password')
    await expect(client.refreshTokenGrant(cli, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('is asked for by a page that says the same for an unknown user and a wrong password (attack 34)', async () => {
    const attempt = async (userName: string) => {
      const visitor = new Visitor()
      const page = await visitor.visit((await authorizationRequest()).url)
      const answer = await visitor.submit(formAction(page, 'sign-in'), {
        user_name: userName,
        password: 'wrong password',
      })
      return { status: answer.status, problem: /id="problem">([^<]*)</.exec(answer.text)?.[1] }
    }
    const unknown = await attempt(`${randomUUID()}@example.com`)
    expect(await attempt((await createPerson(lakegate)).userName)).toEqual(unknown)
    expect(unknown).toEqual({ status: 401, problem: expect.stringContaining('wrong') as string })
  })

  it('cannot be guessed: the sixth attempt waits, also with the right one (attack 34)', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const page = await visitor.visit((await authorizationRequest()).url)
    const attempt = (password: string) =>
      visitor.submit(formAction(page, 'sign-in'), { user_name: person.userName, password })
    for (let count = 0; count < 5; count += 1) expect((await attempt('wrong password')).status).toBe(401)
    expect((await attempt(person.password)).status).toBe(403)
    // Somebody else at the same address is not locked out.
    await expect(login()).resolves.toBeDefined()
  })
})

describe('the pages', () => {
  it('cannot be framed, run no script, and escape what they show (attack 33)', async () => {
    const person = await createPerson(lakegate, '<script>alert(1)</script>')
    const visitor = new Visitor()
    const { url } = await authorizationRequest()
    const page = await visitor.visit(url)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    const wrong = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: '"><script>alert(1)</script>@x',
      password: 'x',
    })
    expect(wrong.text).not.toContain('<script>')
    const consent = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: person.userName,
      password: person.password,
    })
    expect(consent.text).not.toContain('<script')
  })

  it('take no post from another site (attack 33)', async () => {
    const visitor = new Visitor()
    const page = await visitor.visit((await authorizationRequest()).url)
    const fields = { user_name: ada.userName, password: ada.password }
    const action = formAction(page, 'sign-in')
    const crossSite = await visitor.submit(action, fields, { 'sec-fetch-site': 'cross-site' })
    expect(crossSite.status).toBe(403)
    const foreign = await fetch(action, {
      method: 'POST',
      headers: { origin: 'https://evil.example.com', cookie: visitor.cookieHeader(action) },
      body: new URLSearchParams(fields),
    })
    expect(foreign.status).toBe(403)
  })

  it('belong to the browser that began (attack 33)', async () => {
    const page = await new Visitor().visit((await authorizationRequest()).url)
    const stranger = await new Visitor().submit(formAction(page, 'sign-in'), {
      user_name: ada.userName,
      password: ada.password,
    })
    expect(stranger.status).toBe(400)
    expect(stranger.text).toContain('expired')
  })

  it('set cookies that scripts cannot read and other sites do not send', async () => {
    const { url } = await authorizationRequest()
    const response = await fetch(url, { redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      expect(cookie.toLowerCase()).toContain('httponly')
      expect(cookie.toLowerCase()).toContain('samesite=lax')
    }
  })
})

describe('sessions', () => {
  it('are listed for their owner and end one by one', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const tokens = await login(person, CLI_SCOPE, visitor)
    const rest = createLakegateHttp(ready.http_url, () => tokens.access_token)
    const path = '/api/2.0/lakegate/users/me/sessions'
    const { sessions } = await rest.request<{ sessions: SignInSessionAnswer[] }>('GET', path)
    expect(sessions.map(({ kind, client_id }) => [kind, client_id])).toEqual(
      expect.arrayContaining([
        ['BROWSER', undefined],
        ['APPLICATION', 'databricks-cli'],
      ]),
    )
    for (const { session_id } of sessions) await rest.request('DELETE', `${path}/${session_id}`)
    await expect(client.refreshTokenGrant(cli, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const page = await visitor.visit((await authorizationRequest()).url)
    expect(page.text).toContain('name="password"')
  })
})

it('keeps no code, token or session id in clear in the system database (attack 38)', async () => {
  const { url, verifier, state } = await authorizationRequest()
  const visitor = new Visitor()
  const back = await signInAndAllow(visitor, url, ada)
  const code = back.searchParams.get('code') ?? ''
  const tokens = await client.authorizationCodeGrant(cli, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  })
  const { openInsider } = await import('../stage/insider.ts')
  const insider = await openInsider(lakegate)
  try {
    const rows = await insider.database.selectFrom('oauth_record').selectAll().execute()
    const everything = JSON.stringify(rows)
    for (const secret of [code, tokens.refresh_token ?? '', tokens.access_token]) {
      expect(secret).not.toBe('')
      expect(everything).not.toContain(secret)
    }
    const hash = createHash('sha256')
      .update(tokens.refresh_token ?? '')
      .digest()
    expect(rows.some(({ id_hash }) => id_hash.equals(hash))).toBe(true)
  } finally {
    await insider.close()
  }
})
