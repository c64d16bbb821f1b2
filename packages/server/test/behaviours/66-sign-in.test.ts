/** behaviour 66, wire-contract §3.6: people sign in; openid-client is the strict relying party of these tests. */
import { createHash, randomUUID } from 'node:crypto'
import * as client from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  type LakegateApiError,
  type ScimMe,
  type SignInSessionAnswer,
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
import { CLI_SCOPE, prepareCliLogin } from '../stage/cli-login.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { asOwner, inSession, refusedLogin } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const { issuer, cli, authorizationRequest, login, tokenError, exchangeFrom } = await prepareCliLogin(lakegate)
/** openid-client writes an address without a path with a slash at its end; the CLI does not. */
const CLI_REDIRECT = 'http://localhost:8020'

let ada: Person
beforeAll(async () => {
  ada = await createPerson(lakegate)
})

describe('signing in with the authorization code', () => {
  it('ends in a token that opens REST as the person', async () => {
    const tokens = await login(ada)
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
    const { access_token: password } = await login(ada)
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
    const submitOnce = (url: string, filled: Record<string, string>) =>
      new Visitor().submit(url, filled, {}, { follows: false })
    const fields = { password: 'another long password', repetition: 'another long password' }
    expect((await submitOnce(first.url, fields)).status).toBe(404)
    expect((await submitOnce(second.url, fields)).status).toBe(303)
    expect((await submitOnce(second.url, fields)).status).toBe(404)
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
    await expect(login(ada)).resolves.toBeDefined()
  })

  it('cannot be guessed for one account after the other: the fifty-first failure from one address waits', async () => {
    const localAddress = '127.0.3.67'
    const { url } = await authorizationRequest()
    const begun = await exchangeFrom(localAddress, `${url.pathname}${url.search}`)
    const attempt = (user_name: string, password: string, from = localAddress) =>
      exchangeFrom(from, `${begun.location ?? ''}/sign-in`, {
        cookie: begun.cookies,
        form: { user_name, password },
      })
    for (let count = 0; count < 50; count += 1)
      expect((await attempt(`${randomUUID()}@example.com`, 'wrong password')).status).toBe(401)
    expect((await attempt(ada.userName, ada.password)).status).toBe(403)
    // Nobody elsewhere is locked out.
    expect((await attempt(ada.userName, ada.password, '127.0.3.68')).status).toBe(303)
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

  it('of everybody are listed and ended by an administrator, and by nobody else (attack 35)', async () => {
    const [person, other] = [await createPerson(lakegate), await createPerson(lakegate)]
    const tokens = await login(person)
    const path = `/api/2.0/lakegate/users/${person.id}/sessions`
    const { access_token } = await login(other)
    const stranger = createLakegateHttp(ready.http_url, () => access_token)
    await expect(stranger.request('GET', path)).rejects.toMatchObject({ status: 403 })
    const { sessions } = await admin.request<{ sessions: SignInSessionAnswer[] }>('GET', path)
    expect(sessions).toHaveLength(2)
    for (const { session_id } of sessions) {
      await expect(stranger.request('DELETE', `${path}/${session_id}`)).rejects.toMatchObject({ status: 403 })
      const own = `/api/2.0/lakegate/users/me/sessions/${session_id}`
      await expect(stranger.request('DELETE', own)).rejects.toMatchObject({ status: 404 })
      await admin.request('DELETE', `${path}/${session_id}`)
    }
    await expect(client.refreshTokenGrant(cli, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
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
