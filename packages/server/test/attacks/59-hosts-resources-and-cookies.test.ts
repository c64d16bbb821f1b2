/**
 * Attack 59: what a request says of where it goes. Two Host headers (RFC 9112 §3.2), a resource that is not ours
 * (RFC 8707 §2), cookies that a neighbour sets (`__Host-`, RFC 6265bis §4.1.3), and the answer of an outside provider
 * in a browser that did not ask (RFC 9700 §4.7). A Lakegate served behind TLS at a public name, as one is in production.
 */
import { createHash } from 'node:crypto'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimUser, SignInLinkAnswer } from '@lakegate/client'
import { freePort } from '../stage/free-port.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'

const PUBLIC = 'https://lakegate.example.com'
const HOST = new URL(PUBLIC).host
const CLIENT = { client_id: 'lakegate', client_secret: 'a secret of the outside provider' }
const PASSWORD = 'a password of this test'

let lakegate: RunningLakegate
let outside: Server
let outsideUrl: string
let port: number

beforeAll(async () => {
  outside = createServer().listen(0, '127.0.0.1')
  await once(outside, 'listening')
  outsideUrl = `http://127.0.0.1:${String((outside.address() as AddressInfo).port)}`
  const dataDirectory = await makeDataDirectory()
  const secretFile = path.join(dataDirectory, 'upstream-secret')
  await writeFile(secretFile, CLIENT.client_secret, { mode: 0o600 })
  port = await freePort()
  lakegate = await startLakegate({
    dataDirectory,
    environment: {
      LAKEGATE_FIRST_INSTANCE: '',
      LAKEGATE_HTTP_PORT: String(port),
      LAKEGATE_PUBLIC_URL: PUBLIC,
      LAKEGATE_SIGN_IN_PROVIDER_NAME: 'Acme',
      LAKEGATE_SIGN_IN_PROVIDER_ISSUER: outsideUrl,
      LAKEGATE_SIGN_IN_PROVIDER_CLIENT_ID: CLIENT.client_id,
      LAKEGATE_SIGN_IN_PROVIDER_CLIENT_SECRET_FILE: secretFile,
      LAKEGATE_PRIVATE_IDENTITY_PROVIDERS: 'allow',
    },
  })
  await serveOutside()
})
afterAll(async () => {
  await lakegate.stop()
  outside.close()
  await removeDataDirectory(lakegate.dataDirectory)
})

/** An OpenID provider whose only user is signed in already. */
async function serveOutside(): Promise<void> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(outsideUrl, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k' }] },
    clients: [{ ...CLIENT, redirect_uris: [`${PUBLIC}/oidc/upstream/callback`] }],
    claims: { email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['of the test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: 'attacker@example.com', email_verified: true }),
    }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({ accountId: 'outside', clientId: CLIENT.client_id })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const handle = provider.callback()
  outside.on('request', (incoming, response) => {
    if (incoming.url?.startsWith('/interaction/') === true)
      void provider.interactionFinished(incoming, response, { login: { accountId: 'outside' } })
    else void handle(incoming, response)
  })
}

interface Answer {
  readonly status: number
  readonly url: string
  readonly cookies: readonly string[]
  readonly location: string | undefined
  readonly text: string
}

/** A browser: keeps cookies as one does, with those rules of RFC 6265bis that this is about. */
class Browser {
  readonly jar = new Map<string, { readonly name: string; readonly value: string; readonly path: string }>()
  readonly lines: string[] = []

  async go(method: string, target: string, fields?: Readonly<Record<string, string>>): Promise<Answer> {
    const url = new URL(target, PUBLIC)
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        host: HOST,
        accept: 'text/html',
        cookie: this.cookiesFor(url.pathname),
        ...(method === 'POST' ? { origin: PUBLIC, 'sec-fetch-site': 'same-origin' } : {}),
        ...(fields === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    })
    outgoing.end(fields === undefined ? undefined : new URLSearchParams(fields).toString())
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    const cookies: readonly string[] = response.headers['set-cookie'] ?? []
    for (const line of cookies) this.#keep(line)
    const { statusCode: status = 0, headers } = response
    return { status, url: url.href, cookies, location: headers.location, text: await text(response) }
  }

  /** Follows redirects as long as they stay here. */
  async visit(target: string, first?: Answer): Promise<Answer> {
    let answer = first ?? (await this.go('GET', target))
    while (answer.location !== undefined) {
      const next = new URL(answer.location, answer.url)
      if (next.origin !== PUBLIC) return { ...answer, url: next.href }
      answer = await this.go('GET', next.href)
    }
    return answer
  }

  async submit(page: Answer, ending: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const action = new RegExp(`action="([^"]*${ending})"`).exec(page.text)?.[1]
    if (action === undefined) throw new Error(`no form ${ending}: ${String(page.status)} ${page.text}`)
    return this.visit('', await this.go('POST', action.replaceAll('&amp;', '&'), fields))
  }

  cookiesFor(pathname: string): string {
    return [...this.jar.values()]
      .filter(({ path: scope }) => pathname.startsWith(scope))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  #keep(line: string): void {
    this.lines.push(line)
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    const scope = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/'
    const key = `${scope} ${name}`
    if (value === '') this.jar.delete(key)
    else this.jar.set(key, { name, value, path: scope })
  }
}

const authorize = (changes: Readonly<Record<string, string>> = {}) =>
  `/oidc/v1/authorize?${new URLSearchParams({
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: 'http://localhost:8020',
    scope: 'all-apis',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...changes,
  }).toString()}`

/** REST as the administrator, by the address that is not public. */
async function rest<Result>(method: string, target: string, body: object): Promise<Result> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${target}`, {
    method,
    headers: {
      authorization: `Bearer ${lakegate.ready.admin_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Result
}

async function createPerson(userName: string): Promise<void> {
  const user = await rest<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', { userName })
  const link = await rest<SignInLinkAnswer>('POST', `/api/2.0/lakegate/users/${user.id}/sign-in-link`, {})
  await new Browser().go('POST', link.url, { password: PASSWORD, repetition: PASSWORD })
}

describe('a request with', () => {
  /** Says exactly these lines. @returns the status line and everything behind it */
  async function exchange(lines: readonly string[]): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    return text(socket)
  }
  const paths = [
    '/api/2.0/preview/scim/v2/Me',
    '/oidc/v1/keys',
    '/.well-known/databricks-config',
    '/metrics',
    '/healthz',
  ]

  it.each(paths)('two Host headers is refused at %s (RFC 9112 §3.2)', async (target) => {
    for (const second of ['evil.example.com', HOST]) {
      const answer = await exchange([`GET ${target} HTTP/1.1`, `Host: ${HOST}`, `hOsT: ${second}`])
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer.toLowerCase()).toContain('\r\nconnection: close')
      expect(answer).toContain('MALFORMED_REQUEST')
    }
  })

  it.each([
    'user@lakegate.example.com',
    'a b',
    'lakegate.example.com, evil.example.com',
    'x/y',
    'x:80:81',
    'x:port',
  ])('the Host header %j, which is none, is refused', async (host) => {
    const answer = await exchange(['GET /healthz HTTP/1.1', `Host: ${host}`, 'Connection: close'])
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  it.each([
    'lakegate.example.com',
    'LAKEGATE.example.com:443',
    '127.0.0.1:8470',
    '[::1]:8470',
    'elsewhere',
    '',
  ])('the Host header %j is served', async (host) => {
    const answer = await exchange(['GET /healthz HTTP/1.1', `Host: ${host}`, 'Connection: close'])
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('no Host header is refused, but by the protocol that has none', async () => {
    expect(await exchange(['GET /healthz HTTP/1.1', 'Connection: close'])).toMatch(/^HTTP\/1\.1 400 /)
    expect(await exchange(['GET /healthz HTTP/1.0'])).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('a resource that is not this workspace', () => {
  const FOREIGN = [
    'https://elsewhere.example.com/api',
    'urn:lakegate:workspace:1',
    'urn:lakegate:database:1',
    'no uri',
  ]
  async function post(
    target: string,
    fields: readonly (readonly [string, string])[],
    authorization?: string,
  ) {
    const response = await fetch(`http://127.0.0.1:${String(port)}${target}`, {
      method: 'POST',
      body: new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])),
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const refused = { status: 400, body: expect.objectContaining({ error: 'invalid_target' }) as object }
  let basic: string
  let subjectToken: string
  beforeAll(async () => {
    const principal = await rest<{ id: string; applicationId: string }>(
      'POST',
      '/api/2.0/preview/scim/v2/ServicePrincipals',
      { displayName: 'resourceful' },
    )
    const { secret } = await rest<{ secret: string }>(
      'POST',
      `/api/2.0/accounts/servicePrincipals/${principal.id}/credentials/secrets`,
      {},
    )
    basic = `Basic ${Buffer.from(`${principal.applicationId}:${secret}`).toString('base64')}`
    const made = await rest<{ token_value: string }>('POST', '/api/2.0/token/create', { comment: 'subject' })
    subjectToken = made.token_value
  })
  const own = () => `urn:lakegate:workspace:${lakegate.ready.workspace_id}`

  it.each(FOREIGN)('%j is refused to a machine, alone or beside our own', async (resource) => {
    const grant = ['grant_type', 'client_credentials'] as const
    expect(await post('/oidc/v1/token', [grant, ['resource', resource]], basic)).toEqual(refused)
    const both = [grant, ['resource', own()], ['resource', resource]] as const
    expect(await post('/oidc/v1/token', both, basic)).toEqual(refused)
  })

  it.each(FOREIGN)('%j is refused to who exchanges a token, as resource and as audience', async (target) => {
    const exchange = [
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['subject_token', subjectToken],
      ['subject_token_type', 'urn:databricks:params:oauth:token-type:personal-access-token'],
    ] as const
    for (const name of ['resource', 'audience'])
      expect(await post('/oidc/v1/token', [...exchange, [name, target]])).toEqual(refused)
  })

  it.each(FOREIGN)('%j is refused to a device', async (resource) => {
    const fields = [
      ['client_id', 'databricks-cli'],
      ['scope', 'all-apis'],
      ['resource', resource],
    ] as const
    expect(await post('/oidc/v1/device_authorization', fields)).toEqual(refused)
  })

  it.each(FOREIGN)('%j is refused to an application that a person would sign in to', async (resource) => {
    const { url } = await new Browser().visit(authorize({ resource, state: 's' }))
    const answer = new URL(url)
    expect(answer.origin).toBe('http://localhost:8020')
    expect(answer.searchParams.get('error')).toBe('invalid_target')
  })

  it('is refused to who redeems a code or a refresh token for it', async () => {
    await createPerson('redeems@example.com')
    const browser = new Browser()
    const verifier = 'x'.repeat(43)
    const code_challenge = createHash('sha256').update(verifier).digest('base64url')
    const redeem = (grant: Readonly<Record<string, string>>, resource: string) =>
      post('/oidc/v1/token', Object.entries({ client_id: 'databricks-cli', ...grant, resource }))
    const login = { user_name: 'redeems@example.com', password: PASSWORD }
    const redeemCode = async (resource: string) => {
      const page = await browser.visit(authorize({ code_challenge, scope: 'all-apis offline_access' }))
      const asked = page.text.includes('name="password"')
        ? await browser.submit(page, 'sign-in', login)
        : page
      const { url } = await browser.submit(asked, 'consent')
      const code = new URL(url).searchParams.get('code') ?? ''
      const grant = { grant_type: 'authorization_code', code, code_verifier: verifier }
      return redeem({ ...grant, redirect_uri: 'http://localhost:8020' }, resource)
    }
    expect(await redeemCode('https://elsewhere.example.com')).toEqual(refused)
    const { body } = await redeemCode(own())
    const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) }
    expect(await redeem(refresh, 'https://elsewhere.example.com')).toEqual(refused)
    expect((await redeem(refresh, own())).status).toBe(200)
  })

  it('is told from this workspace, which may be named', async () => {
    const named = [
      ['grant_type', 'client_credentials'],
      ['resource', own()],
    ] as const
    expect((await post('/oidc/v1/token', named, basic)).status).toBe(200)
    const device = [
      ['client_id', 'databricks-cli'],
      ['scope', 'all-apis'],
      ['resource', own()],
    ] as const
    expect((await post('/oidc/v1/device_authorization', device)).status).toBe(200)
  })
})

describe('a cookie of signing in', () => {
  it('is of this very host, whoever else is below its domain (`__Host-`)', async () => {
    await createPerson('cookies@example.com')
    const browser = new Browser()
    const page = await browser.visit(authorize())
    await browser.submit(page, 'upstream')
    const consent = await browser.submit(page, 'sign-in', {
      user_name: 'cookies@example.com',
      password: PASSWORD,
    })
    await browser.submit(consent, 'consent')
    await browser.visit('/oidc/device')
    await browser.visit('/oidc/account')
    expect(browser.lines.length).toBeGreaterThan(10)
    for (const line of browser.lines) {
      // What a browser demands of such a name, or it does not keep the cookie.
      expect(line).toMatch(/^__Host-[^=]+=/)
      const attributes = line
        .toLowerCase()
        .split(';')
        .map((part) => part.trim())
      for (const attribute of ['secure', 'httponly', 'samesite=lax', 'path=/'])
        expect(attributes, line).toContain(attribute)
      expect(attributes.filter((attribute) => attribute.startsWith('domain='))).toEqual([])
    }
  })

  it('of another name is not read, so that none without the prefix can be slipped in', async () => {
    const attacker = new Browser()
    const begun = await attacker.visit(authorize())
    const victim = new Browser()
    for (const { name, value } of attacker.jar.values()) {
      const bare = name.replace(/^__Host-/, '')
      for (const planted of [bare, `_${bare}`, bare.replace(/-[^.]+/, ''), `_${bare.replace(/-[^.]+/, '')}`])
        victim.jar.set(planted, { name: planted, value, path: '/' })
    }
    expect((await victim.go('GET', begun.url)).text).toContain('Sign-in expired')
  })

  it('belongs to one sign-in: two in one browser do not disturb one another', async () => {
    await createPerson('twice@example.com')
    const browser = new Browser()
    const [first, second] = [await browser.visit(authorize()), await browser.visit(authorize())]
    for (const page of [first, second]) {
      const login = { user_name: 'twice@example.com', password: PASSWORD }
      const consent = await browser.submit(page, 'sign-in', login)
      const { url } = await browser.submit(consent, 'consent')
      expect(new URL(url).searchParams.get('code')).not.toBeNull()
    }
  })

  it('goes when its sign-in is over, and those of the oldest when there are many', async () => {
    await createPerson('tidy@example.com')
    const browser = new Browser()
    const pages: Answer[] = []
    for (let count = 0; count < 40; count += 1) pages.push(await browser.visit(authorize()))
    // Node takes 16 KiB of headers in all.
    expect(browser.cookiesFor('/oidc').length).toBeLessThan(8 * 1024)
    expect((await browser.go('GET', pages[0]?.url ?? '')).text).toContain('Sign-in expired')
    const before = browser.jar.size
    const last = pages.at(-1)
    if (last === undefined) throw new Error('no page was opened')
    const consent = await browser.submit(last, 'sign-in', {
      user_name: 'tidy@example.com',
      password: PASSWORD,
    })
    await browser.submit(consent, 'consent')
    expect([...browser.jar.values()].filter(({ name }) => name.includes('interaction')).length).toBeLessThan(
      before,
    )
  })
})

describe('the answer of an outside provider', () => {
  /** From our sign-in page to the provider and back, up to the address that the provider sends the browser to. */
  async function signInOutside(browser: Browser): Promise<string> {
    const page = await browser.visit(authorize())
    const away = await browser.submit(page, 'upstream')
    expect(new URL(away.url).origin).toBe(outsideUrl)
    let next = away.url
    const jar: string[] = []
    for (let hop = 0; hop < 10 && !next.startsWith(PUBLIC); hop += 1) {
      const response = await fetch(next, { redirect: 'manual', headers: { cookie: jar.join('; ') } })
      jar.push(...response.headers.getSetCookie().map((line) => line.split(';')[0] ?? ''))
      next = new URL(response.headers.get('location') ?? '', next).href
    }
    return next
  }

  it('is taken in the browser that began the sign-in', async () => {
    await rest('POST', '/api/2.0/preview/scim/v2/Users', { userName: 'attacker@example.com' })
    const browser = new Browser()
    const back = await signInOutside(browser)
    expect((await browser.visit(back)).text).toContain('Allow access?')
  })

  it('is refused in a browser that has the cookie of the answer only, not that of the sign-in', async () => {
    const attacker = new Browser()
    const back = await signInOutside(attacker)
    const victim = new Browser()
    for (const [key, cookie] of attacker.jar)
      if (cookie.name.includes('upstream')) victim.jar.set(key, cookie)
    expect(victim.jar.size).toBeGreaterThan(0)
    const answer = await victim.go('GET', back)
    expect(answer.status).toBe(400)
    expect(answer.location).toBeUndefined()
    // Nor is the sign-in of the one who began it any further for that.
    expect((await attacker.visit(back)).text).toContain('Allow access?')
  })

  it('is refused where the cookie of another sign-in stands in for it', async () => {
    const attacker = new Browser()
    const back = await signInOutside(attacker)
    const victim = new Browser()
    await victim.visit(authorize())
    for (const [key, cookie] of attacker.jar)
      if (cookie.name.includes('upstream')) victim.jar.set(key, cookie)
    expect((await victim.go('GET', back)).status).toBe(400)
  })
})
