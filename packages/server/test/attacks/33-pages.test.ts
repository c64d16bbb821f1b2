/**
 * Attack 33: every page, every form and every cookie of signing in. A Lakegate of its own that is served behind TLS at
 * a public name, as one is in production.
 */
import { createHash, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignInLinkAnswer } from '@lakegate/client'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { freePort } from '../stage/free-port.ts'

const PUBLIC = 'https://lakegate.example.com'
const MARKUP = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

let lakegate: OwnLakegate
let origin: string
beforeAll(async () => {
  const port = String(await freePort())
  lakegate = await startOwnLakegate({
    LAKEGATE_FIRST_INSTANCE: '',
    LAKEGATE_PUBLIC_URL: PUBLIC,
    LAKEGATE_HTTP_PORT: port,
  })
  origin = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  await lakegate.remove()
})

/** What Lakegate reports is its public address, so that the other one has to be chosen here. */

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly cookies: readonly string[]
  readonly location: string | undefined
  readonly text: string
}

/** As the TLS proxy in front passes a request on; fetch would not let a test choose the Host header. */
async function send(
  method: string,
  path: string,
  options: {
    readonly headers?: Readonly<Record<string, string>>
    readonly fields?: Readonly<Record<string, string>>
    readonly json?: object
  } = {},
): Promise<Answer> {
  const body =
    options.fields !== undefined
      ? new URLSearchParams(options.fields).toString()
      : options.json === undefined
        ? undefined
        : JSON.stringify(options.json)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${origin}${path}`,
      {
        method,
        headers: {
          host: new URL(PUBLIC).host,
          accept: 'text/html',
          ...(options.fields === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string | undefined>,
            cookies: response.headers['set-cookie'] ?? [],
            location: response.headers.location,
            text: Buffer.concat(chunks).toString('utf8'),
          })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
const rest = async <Result>(method: string, path: string, json?: object): Promise<Result> => {
  const { text } = await send(method, path, {
    headers: { authorization: `Bearer ${lakegate.ready.admin_token}`, accept: 'application/json' },
    ...(json === undefined ? {} : { json }),
  })
  return JSON.parse(text) as Result
}

/** A browser: keeps its cookies by name, and tells where a post comes from. */
class Browser {
  readonly jar = new Map<string, string>()
  /** Every Set-Cookie line that it was sent. */
  readonly lines: string[] = []

  async go(
    method: string,
    url: string,
    fields?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const { pathname, search } = new URL(url, PUBLIC)
    const answer = await send(method, `${pathname}${search}`, {
      headers: {
        cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(method === 'POST' ? { origin: PUBLIC, 'sec-fetch-site': 'same-origin' } : {}),
        ...headers,
      },
      ...(fields === undefined ? {} : { fields }),
    })
    for (const line of answer.cookies) {
      this.lines.push(line)
      const [pair = ''] = line.split(';')
      this.jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return answer
  }

  /** Follows redirects as long as they stay here. */
  async visit(url: string): Promise<Answer & { readonly url: string }> {
    for (let next = url; ;) {
      const answer = await this.go('GET', next)
      if (answer.location === undefined) return { ...answer, url: next }
      next = new URL(answer.location, PUBLIC).href
      if (new URL(next).origin !== PUBLIC) return { ...answer, url: next }
    }
  }
}

const authorize = (changes: Readonly<Record<string, string>> = {}) =>
  `/oidc/v1/authorize?${new URLSearchParams({
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: 'http://localhost:8020',
    scope: 'all-apis',
    code_challenge: createHash('sha256').update('x'.repeat(43)).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }).toString()}`

const PASSWORD = 'a password of this test'
async function createPerson(displayName = 'Ada') {
  const userName = `${randomUUID()}@example.com`
  const { id } = await rest<{ id: string }>('POST', '/api/2.0/preview/scim/v2/Users', {
    userName,
    displayName,
  })
  const link = await rest<SignInLinkAnswer>('POST', `/api/2.0/lakegate/users/${id}/sign-in-link`, {})
  const browser = new Browser()
  const set = await browser.go('POST', link.url, { password: PASSWORD, repetition: PASSWORD })
  expect(set.status).toBe(303)
  return { id, userName }
}
const linkOf = async (id: string) =>
  (await rest<SignInLinkAnswer>('POST', `/api/2.0/lakegate/users/${id}/sign-in-link`, {})).url

function requireSafePage({ headers, text }: Answer): void {
  expect(headers['content-type']).toMatch(/^text\/html; charset=utf-8/)
  const policy = headers['content-security-policy'] ?? ''
  for (const directive of [
    "default-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ])
    expect(policy).toContain(directive)
  expect(policy).not.toMatch(/unsafe|script-src|\*/)
  expect(headers['x-frame-options']).toBe('DENY')
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['cache-control']).toContain('no-store')
  expect(text).not.toMatch(/<script|<img/i)
}

describe('every page', () => {
  it('cannot be framed, runs nothing, and shows what came from outside as text', async () => {
    const person = await createPerson(MARKUP)
    const app = await rest<{ client_id: string }>(
      'POST',
      `/api/2.0/accounts/${lakegate.ready.account_id}/oauth2/custom-app-integrations`,
      { name: MARKUP, redirect_urls: ['https://app.example.com/'] },
    )
    const wanted = { client_id: app.client_id, redirect_uri: 'https://app.example.com/' }
    const browser = new Browser()
    const signIn = await browser.visit(authorize(wanted))
    expect(signIn.text).toContain('&lt;script&gt;')
    const wrong = await browser.go('POST', `${signIn.url}/sign-in`, { user_name: MARKUP, password: MARKUP })
    const right = await browser.go('POST', `${signIn.url}/sign-in`, {
      user_name: person.userName,
      password: PASSWORD,
    })
    const consent = await browser.visit(right.location ?? '')
    expect(consent.text).toContain('Allow access?')
    const link = await linkOf(person.id)
    const shown = await browser.visit(link)
    const refused = await browser.go('POST', link, { password: 'short', repetition: MARKUP })
    const deviceEntry = await browser.visit('/oidc/device')
    const codeOf = encodeURIComponent(MARKUP)
    const pages: readonly Answer[] = [
      signIn,
      wrong,
      consent,
      shown,
      refused,
      deviceEntry,
      await browser.visit(`/oidc/device?user_code=${codeOf}`),
      await browser.go('POST', '/oidc/device', {
        xsrf: /name="xsrf" value="([^"]+)"/.exec(deviceEntry.text)?.[1] ?? '',
        user_code: MARKUP,
      }),
      await browser.go('POST', '/oidc/device', { user_code: MARKUP }),
      await browser.visit(authorize({ client_id: MARKUP })),
      await browser.visit(authorize({ redirect_uri: `https://evil.example.com/${MARKUP}` })),
      await browser.visit(authorize({ redirect_uri: MARKUP })),
      await browser.visit(`/oidc/${codeOf}`),
      await browser.visit(`/oidc/interaction/${codeOf}`),
      await browser.visit(`/oidc/interaction/x/${codeOf}`),
      await browser.visit(`/oidc/password/${codeOf}`),
      await browser.visit(`/oidc/upstream/callback?error=${codeOf}&error_description=${codeOf}&state=x`),
      await browser.visit(`/oidc/v1/authorize/${codeOf}`),
      await new Browser().go('POST', '/oidc/device', {}),
    ]
    for (const page of pages) requireSafePage(page)
  })

  it('of a redirect says nothing that could be run either', async () => {
    const answer = await new Browser().go('GET', authorize())
    expect(answer.status).toBe(303)
    expect(answer.headers['cache-control']).toContain('no-store')
    const error = await new Browser().go('GET', authorize({ scope: MARKUP, state: MARKUP }))
    expect(error.location).toMatch(/^http:\/\/localhost:8020\/?\?error=/)
    expect(error.text).not.toContain('<script')
  })

  it('of REST is JSON that no browser takes for a page', async () => {
    for (const path of [
      '/nothing',
      '/api/2.0/preview/scim/v2/Me',
      `/api/2.0/${encodeURIComponent(MARKUP)}`,
    ]) {
      const { headers, text } = await send('GET', path)
      expect(headers['content-type']).toMatch(/^application\/json/)
      expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(JSON.parse(text)).toHaveProperty('error_code')
    }
  })
})

describe('every form that changes something', () => {
  const forms = ['sign-in', 'cancel', 'consent', 'upstream', 'password'] as const

  async function prepare(form: (typeof forms)[number]) {
    const person = await createPerson()
    const browser = new Browser()
    if (form === 'password')
      return { browser, url: await linkOf(person.id), fields: { password: PASSWORD, repetition: PASSWORD } }
    const { url } = await browser.visit(authorize())
    const fields = { user_name: person.userName, password: PASSWORD }
    if (form !== 'consent') return { browser, url: `${url}/${form}`, fields }
    const { location = '' } = await browser.go('POST', `${url}/sign-in`, fields)
    return { browser, url: `${(await browser.visit(location)).url}/consent`, fields: {} }
  }

  it.each(
    forms.flatMap((form) =>
      [
        ['of another site', { origin: 'https://evil.example.com', 'sec-fetch-site': 'cross-site' }],
        [
          'of another site, in an older browser',
          { origin: 'https://evil.example.com', 'sec-fetch-site': '' },
        ],
        ['of a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
        [
          'of a host below the same name',
          { origin: 'https://x.lakegate.example.com', 'sec-fetch-site': 'same-site' },
        ],
        [
          'of the same host without TLS',
          { origin: 'http://lakegate.example.com', 'sec-fetch-site': 'cross-site' },
        ],
        ['of a bookmark', { 'sec-fetch-site': 'none' }],
      ].map(([what, headers]) => [form, what, headers] as const),
    ),
  )('%s takes no post %s', async (form, _what, headers) => {
    const { browser, url, fields } = await prepare(form)
    const answer = await browser.go('POST', url, fields, headers as Record<string, string>)
    expect(answer.status).toBe(403)
    expect(answer.location).toBeUndefined()
  })

  it.each(forms)('%s is not sent by a link', async (form) => {
    const { browser, url, fields } = await prepare(form)
    const before = [...browser.jar.keys()]
    const answer = await browser.go('GET', `${url}?${new URLSearchParams(fields).toString()}`)
    expect(answer.location ?? '').not.toContain('/console')
    expect(answer.location ?? '').not.toContain('localhost')
    expect([...browser.jar.keys()]).toEqual(before)
  })
})

describe('a session', () => {
  it('has another id after signing in than before, whatever the browser brought (fixation)', async () => {
    const person = await createPerson()
    const attacker = new Browser()
    await attacker.visit('/oidc/device')
    const planted = attacker.jar.get('__Host-session') ?? ''
    expect(planted).not.toBe('')
    const victim = new Browser()
    for (const [name, value] of attacker.jar) victim.jar.set(name, value)
    const { url } = await victim.visit(authorize())
    const { location = '' } = await victim.go('POST', `${url}/sign-in`, {
      user_name: person.userName,
      password: PASSWORD,
    })
    await victim.visit(location)
    const own = victim.jar.get('__Host-session') ?? ''
    expect(own).not.toBe('')
    expect(own).not.toBe(planted)
    // The one who planted the first is nobody.
    expect((await attacker.visit(authorize())).text).toContain('name="password"')
  })

  it('is not made of a cookie that was not signed here', async () => {
    const browser = new Browser()
    browser.jar.set('__Host-session', 'made-up-session-id-of-a-length')
    browser.jar.set('__Host-session.sig', 'made-up')
    expect((await browser.visit(authorize())).text).toContain('name="password"')
  })

  it('is no bearer and no password of anything else', async () => {
    const person = await createPerson()
    const browser = new Browser()
    const { url } = await browser.visit(authorize())
    const { location = '' } = await browser.go('POST', `${url}/sign-in`, {
      user_name: person.userName,
      password: PASSWORD,
    })
    await browser.visit(location)
    for (const [name, value] of browser.jar) {
      const bearer = await send('GET', '/api/2.0/preview/scim/v2/Me', {
        headers: { authorization: `Bearer ${value}` },
      })
      expect(bearer.status, name).toBe(401)
      const cookie = await send('GET', '/api/2.0/preview/scim/v2/Me', {
        headers: { cookie: `${name}=${value}` },
      })
      expect(cookie.status, name).toBe(401)
    }
  })
})

describe('every cookie', () => {
  it('is for this host over TLS, not for scripts, not for other sites', async () => {
    const person = await createPerson()
    const browser = new Browser()
    const { url } = await browser.visit(authorize())
    const { location = '' } = await browser.go('POST', `${url}/sign-in`, {
      user_name: person.userName,
      password: PASSWORD,
    })
    const consent = await browser.visit(location)
    await browser.go('POST', `${consent.url}/consent`, {})
    await browser.visit('/oidc/device')
    // Of one sign-in in the name: its uid.
    const names = new Set(
      browser.lines.map((line) => line.split('=')[0]?.replace(/-(interaction|resume)-[\w-]+/, '-$1-uid')),
    )
    for (const name of ['session', 'interaction-uid', 'resume-uid', 'known_browser'])
      expect([...names]).toContain(`__Host-${name}`)
    for (const line of browser.lines) {
      const attributes = line
        .toLowerCase()
        .split(';')
        .map((part) => part.trim())
      expect(attributes, line).toContain('httponly')
      expect(attributes, line).toContain('secure')
      expect(attributes, line).toContain('samesite=lax')
      expect(attributes.some((attribute) => attribute.startsWith('domain='))).toBe(false)
    }
  })
})

describe('the Host header, and those that proxies add', () => {
  const FORGED = [
    { host: 'evil.example.com' },
    { 'x-forwarded-host': 'evil.example.com' },
    { 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'http' },
    { forwarded: 'host=evil.example.com;proto=http' },
    { 'x-original-url': '/evil', 'x-rewrite-url': '/evil', 'x-forwarded-prefix': '//evil.example.com' },
    { host: 'lakegate.example.com@evil.example.com' },
  ]

  it.each(FORGED)('build no address and lead nowhere: %j', async (headers) => {
    for (const path of [
      '/.well-known/databricks-config',
      '/oidc/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server/oidc',
      authorize(),
      '/oidc/device',
    ]) {
      const { status, location = '', text } = await send('GET', path, { headers })
      expect(status).toBeLessThan(500)
      expect(`${location} ${text}`, path).not.toContain('evil')
      if (location !== '') expect(new URL(location, PUBLIC).origin).toBe(PUBLIC)
    }
  })

  it('build no sign-in link, which goes out by mail', async () => {
    const { id } = await createPerson()
    for (const headers of FORGED) {
      const { status, text } = await send('POST', `/api/2.0/lakegate/users/${id}/sign-in-link`, {
        json: {},
        headers: { authorization: `Bearer ${lakegate.ready.admin_token}`, ...headers },
      })
      // What is no host at all gets nothing (attack 59).
      if (headers.host?.includes('@') === true) expect(status).toBe(400)
      else expect((JSON.parse(text) as SignInLinkAnswer).url).toMatch(`${PUBLIC}/oidc/password/`)
    }
  })
})
