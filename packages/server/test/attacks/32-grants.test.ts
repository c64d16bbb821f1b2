/** Attack 32: what is handed out at the end of a sign-in is redeemed by whom it is for, once, and by nobody else. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openInsider, type Insider } from '../stage/insider.ts'
import { createPerson, formAction, signInAndAllow, Visitor, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const OAUTH = `${ready.http_url}/oidc`
const REDIRECT = 'http://localhost:8020'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const EVIL = 'https://evil.example.com'

let ada: Person
let insider: Insider
beforeAll(async () => {
  ada = await createPerson(lakegate)
  insider = await openInsider(lakegate)
})
afterAll(async () => insider.close())

interface TokenAnswer {
  readonly status: number
  readonly access_token?: string
  readonly refresh_token?: string
  readonly error?: string
}
async function token(fields: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${OAUTH}/v1/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  })
  return { status: response.status, ...((await response.json()) as object) } as TokenAnswer
}
const cli = (fields: Record<string, string>) => token({ client_id: 'databricks-cli', ...fields })
const refresh = (refreshToken = '') => cli({ grant_type: 'refresh_token', refresh_token: refreshToken })

function authorize(changes: Readonly<Record<string, string | undefined>> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  const parameters: Record<string, string | undefined> = {
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'all-apis offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }
  const url = new URL(`${OAUTH}/v1/authorize`)
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(name, value)
  return { url, verifier }
}
async function obtainCode(changes: Readonly<Record<string, string | undefined>> = {}, person = ada) {
  const { url, verifier } = authorize(changes)
  const back = await signInAndAllow(new Visitor(), url, person)
  return { code: back.searchParams.get('code') ?? '', verifier, back }
}
const redeem = (code: string, verifier: string, changes: Record<string, string> = {}) =>
  cli({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT, ...changes })

interface Application {
  readonly client_id: string
  readonly client_secret?: string
}
const register = (body: object = {}) =>
  admin.request<Application>('POST', `/api/2.0/accounts/${ready.account_id}/oauth2/custom-app-integrations`, {
    name: 'another client',
    redirect_urls: [REDIRECT],
    ...body,
  })

describe('a code', () => {
  it('that is redeemed again takes back what it gave', async () => {
    const { code, verifier } = await obtainCode()
    const first = await redeem(code, verifier)
    expect(first.status).toBe(200)
    expect(await redeem(code, verifier)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('of one client is nothing in the hands of another, and is lost for both (code injection)', async () => {
    const { code, verifier } = await obtainCode()
    const other = await register()
    expect(await redeem(code, verifier, { client_id: other.client_id })).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    })
    const confidential = await register({ confidential: true })
    const basic = Buffer.from(`${confidential.client_id}:${confidential.client_secret ?? ''}`).toString(
      'base64',
    )
    const answer = await token(
      { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT },
      { authorization: `Basic ${basic}` },
    )
    expect(answer).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('of somebody else’s sign-in is nothing with the verifier of the own one (code injection)', async () => {
    const [mine, stolen] = [await obtainCode(), await obtainCode({}, await createPerson(lakegate))]
    expect(await redeem(stolen.code, mine.verifier)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it.each([
    ['without a verifier', { code_verifier: '' }],
    ['with the challenge as the verifier', { code_verifier: 'challenge' }],
    ['with a short verifier', { code_verifier: 'x' }],
  ])('%s is nothing (PKCE)', async (_how, changes) => {
    const { code, verifier } = await obtainCode()
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const wrong = changes.code_verifier === 'challenge' ? challenge : changes.code_verifier
    expect((await redeem(code, wrong)).status).toBe(400)
  })

  it.each([
    ['none', { code_challenge: undefined, code_challenge_method: undefined }],
    ['one of the method plain', { code_challenge_method: 'plain' }],
    ['one without a method, which means plain', { code_challenge_method: undefined }],
    ['one of another method', { code_challenge_method: 'S512' }],
    ['an empty one', { code_challenge: '' }],
  ])('is given for no request with %s (PKCE downgrade)', async (_what, changes) => {
    const { url } = authorize(changes)
    const page = await new Visitor().visit(url)
    expect(page.url.searchParams.get('error')).toBe('invalid_request')
    expect(page.url.searchParams.get('code')).toBeNull()
  })

  it('of a person who is deactivated meanwhile is nothing (behaviour 42)', async () => {
    const person = await createPerson(lakegate)
    const { code, verifier } = await obtainCode({}, person)
    await admin.request('PATCH', `/api/2.0/preview/scim/v2/Users/${person.id}`, {
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(await redeem(code, verifier)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it.each(['token', 'id_token', 'code token', 'code id_token', 'id_token token'])(
    'is the only thing that an address gets: response_type %s is refused',
    async (response_type) => {
      const page = await new Visitor().visit(authorize({ response_type, nonce: 'n' }).url)
      expect(page.url.href).not.toMatch(/access_token|id_token=/)
      expect(page.text).not.toContain('name="password"')
    },
  )
})

describe('an answer', () => {
  it('names its issuer, also when it is an error (mix-up, RFC 9207)', async () => {
    const { back } = await obtainCode({ state: 'the state' })
    expect(back.searchParams.get('iss')).toBe(OAUTH)
    expect(back.searchParams.get('state')).toBe('the state')
    const visitor = new Visitor()
    const page = await visitor.visit(authorize({ state: 'the state' }).url)
    const denied = await visitor.submit(formAction(page, 'sign-in').href.replace(/sign-in$/, 'cancel'), {})
    expect(denied.url.searchParams.get('error')).toBe('access_denied')
    expect(denied.url.searchParams.get('iss')).toBe(OAUTH)
    expect(denied.url.searchParams.get('state')).toBe('the state')
  })
})

describe('an address to go on to', () => {
  it.each([
    ['another host', EVIL],
    ['a host behind the right one', `${REDIRECT}.evil.example.com`],
    ['a host behind user information', 'http://localhost:8020@evil.example.com'],
    ['a backslash', 'http://localhost\\@evil.example.com'],
    ['a relative address', '//evil.example.com'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['no address', ''],
    ['another loopback address', 'http://127.0.0.2:8020'],
    ['a line feed', 'http://localhost:8020\n.evil.example.com'],
    ['a path above', 'http://localhost:8020/callback/../evil'],
    ['a query', 'http://localhost:8020?next=https://evil.example.com'],
    ['a port that is none', 'http://localhost:99999'],
  ])('that is %s leads nowhere', async (_what, redirect_uri) => {
    const page = await new Visitor().visit(authorize({ redirect_uri }).url)
    expect(page.url.host).toBe(new URL(OAUTH).host)
    expect(page.status).toBe(400)
  })

  it('given twice leads nowhere', async () => {
    const { url } = authorize()
    url.searchParams.append('redirect_uri', EVIL)
    const page = await new Visitor().visit(url)
    expect([page.status, page.url.host]).toEqual([400, new URL(OAUTH).host])
  })

  it.each([
    `/v1/logout?post_logout_redirect_uri=${EVIL}`,
    `/v1/logout?id_token_hint=x&post_logout_redirect_uri=${EVIL}`,
    `/session/end?post_logout_redirect_uri=${EVIL}`,
    `/v1/authorize/none?returnTo=${EVIL}`,
    `/device?return_to=${EVIL}`,
    `/upstream/callback?state=x&returnTo=${EVIL}`,
    `/interaction/x?returnTo=${EVIL}`,
    `/password/x?next=${EVIL}`,
    '//evil.example.com',
    '//evil.example.com/%2f..',
    '/\\evil.example.com',
    '//',
    '/%2f%2fevil.example.com',
  ])('is taken from no other parameter and no path: %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const response = await fetch(`${OAUTH}${path}`, {
        method,
        redirect: 'manual',
        headers: { accept: 'text/html' },
      })
      const location = response.headers.get('location')
      if (location !== null) expect(new URL(location, OAUTH).origin).toBe(new URL(OAUTH).origin)
      // A mistake of the caller, not a failure of ours.
      expect(response.status).toBeLessThan(500)
    }
  })
})

describe('a request that asks for more', () => {
  it.each([
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }],
    ['a request object elsewhere', { request_uri: `${EVIL}/request` }],
    ['a registration', { registration: '{}' }],
  ])('by %s is refused, and nothing is fetched for it', async (_what, changes) => {
    const page = await new Visitor().visit(authorize(changes).url)
    expect(page.text).not.toContain('name="password"')
  })

  it('registers no client, and knows no way around the pages', async () => {
    const metadata = (await (await fetch(`${OAUTH}/.well-known/openid-configuration`)).json()) as Record<
      string,
      unknown
    >
    for (const feature of [
      'registration_endpoint',
      'pushed_authorization_request_endpoint',
      'backchannel_authentication_endpoint',
      'end_session_endpoint',
      'dpop_signing_alg_values_supported',
    ])
      expect(metadata, feature).not.toHaveProperty(feature)
    expect(metadata['grant_types_supported']).not.toContain('implicit')
    expect(metadata['grant_types_supported']).not.toContain('password')
    const password = await cli({ grant_type: 'password', username: ada.userName, password: ada.password })
    expect(password).toMatchObject({ status: 400, error: 'unsupported_grant_type' })
  })
})

describe('a refresh token', () => {
  it('that comes back after its grace ends the whole family', async () => {
    const { code, verifier } = await obtainCode()
    const first = (await redeem(code, verifier)).refresh_token ?? ''
    const second = (await refresh(first)).refresh_token ?? ''
    expect(second).not.toBe(first)
    // As if the ten seconds for processes that race were over.
    const hash = createHash('sha256').update(first).digest()
    await insider.database
      .updateTable('oauth_record')
      .set({ consumed_at: new Date(Date.now() - 11_000) })
      .where('id_hash', '=', hash)
      .execute()
    expect(await refresh(first)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await refresh(second)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('is for the client that got it, and for no other', async () => {
    const { code, verifier } = await obtainCode()
    const { refresh_token = '' } = await redeem(code, verifier)
    const other = await register({ scopes: ['all-apis', 'offline_access'] })
    expect(
      await token({ grant_type: 'refresh_token', client_id: other.client_id, refresh_token }),
    ).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('gets no scope that was not granted', async () => {
    const { code, verifier } = await obtainCode({ scope: 'postgres offline_access' })
    const { refresh_token = '' } = await redeem(code, verifier)
    const wider = await cli({ grant_type: 'refresh_token', refresh_token, scope: 'all-apis postgres' })
    expect(wider).toMatchObject({ status: 400 })
  })

  it('is no code, and a code is no refresh token; neither is what the database keeps of them', async () => {
    const { code, verifier } = await obtainCode()
    expect((await refresh(code)).status).toBe(400)
    const { refresh_token = '' } = await redeem(code, verifier)
    expect((await redeem(refresh_token, verifier)).status).toBe(400)
    const hash = createHash('sha256').update(refresh_token).digest('hex')
    for (const handle of [hash, `~${hash}`, `~${hash}~${'0'.repeat(64)}`, `~${hash}~${hash}`])
      expect((await refresh(handle)).status).toBe(400)
  })
})

describe('a device', () => {
  const begin = async (headers: Record<string, string> = {}, clientId = 'databricks-cli') => {
    const response = await fetch(`${OAUTH}/v1/device_authorization`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ client_id: clientId, scope: 'all-apis' }),
    })
    return (await response.json()) as {
      device_code: string
      user_code: string
      verification_uri_complete: string
    }
  }
  const poll = (deviceCode: string, clientId = 'databricks-cli') =>
    token({ grant_type: DEVICE_GRANT, client_id: clientId, device_code: deviceCode })
  const xsrfOf = (text: string) => /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? ''

  it('is not let in by a link that somebody only opens', async () => {
    const device = await begin()
    const visitor = new Visitor()
    const page = await visitor.visit(device.verification_uri_complete)
    // The code is filled in, to be compared and sent; no script sends it.
    expect(page.text).toContain(`value="${device.user_code}"`)
    expect(page.text).not.toContain('<script')
    expect(page.text).not.toContain('Is this your device?')
    expect(await poll(device.device_code)).toMatchObject({ error: 'authorization_pending' })
  })

  it('shows where its request really came from, whatever it says itself', async () => {
    const device = await begin({ 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' })
    const visitor = new Visitor()
    const entry = await visitor.visit(`${OAUTH}/device`)
    const page = await visitor.submit(entry.url, { xsrf: xsrfOf(entry.text), user_code: device.user_code })
    expect(page.text).toContain('from the address 127.0.0.1')
    expect(page.text).not.toContain('203.0.113.9')
    expect(page.text).toContain('Continue only if you started this yourself')
  })

  it('that a person disowns gets nothing, and its code is used up', async () => {
    const device = await begin()
    const visitor = new Visitor()
    const entry = await visitor.visit(`${OAUTH}/device`)
    const shown = await visitor.submit(entry.url, { xsrf: xsrfOf(entry.text), user_code: device.user_code })
    await visitor.submit(entry.url, { xsrf: xsrfOf(shown.text), user_code: device.user_code, abort: 'yes' })
    expect(await poll(device.device_code)).toMatchObject({ error: 'access_denied' })
  })

  it('takes no post without the form’s own token, nor with another browser’s (attack 33)', async () => {
    const device = await begin()
    const visitor = new Visitor()
    const entry = await visitor.visit(`${OAUTH}/device`)
    const elsewhere = await new Visitor().visit(`${OAUTH}/device`)
    for (const xsrf of ['', 'made up', xsrfOf(elsewhere.text)]) {
      const page = await visitor.submit(entry.url, { xsrf, user_code: device.user_code, confirm: 'yes' })
      expect(page.text).not.toContain('Sign in')
    }
    expect(await poll(device.device_code)).toMatchObject({ error: 'authorization_pending' })
  })

  it('whose code is too old gets nothing, nor another client with its code', async () => {
    const device = await begin()
    const other = await register()
    expect((await poll(device.device_code, other.client_id)).status).toBe(400)
    const late = await begin()
    const hash = createHash('sha256').update(late.device_code).digest()
    const row = await insider.database
      .selectFrom('oauth_record')
      .select('payload')
      .where('id_hash', '=', hash)
      .executeTakeFirstOrThrow()
    const past = Math.floor(Date.now() / 1000) - 1
    await insider.database
      .updateTable('oauth_record')
      .set({ payload: JSON.stringify({ ...row.payload, exp: past }), expires_at: new Date(past * 1000) })
      .where('id_hash', '=', hash)
      .execute()
    expect(await poll(late.device_code)).toMatchObject({ status: 400, error: 'expired_token' })
    const visitor = new Visitor()
    const entry = await visitor.visit(`${OAUTH}/device`)
    const page = await visitor.submit(entry.url, { xsrf: xsrfOf(entry.text), user_code: late.user_code })
    expect(page.text).toContain('too old')
  })
})
