/**
 * Attack 68: requests that another site makes with a person's browser, frames around the console, and addresses that lead
 * somewhere else. What is refused must have changed nothing.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { signInToConsole, openConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { createPerson, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const origin = ready.http_url
const CREATE = '/console/api/2.0/token/create'

let browser: ConsoleBrowser
let other: ConsoleBrowser
beforeAll(async () => {
  browser = await signInToConsole(origin, await createPerson(lakegate))
  other = await signInToConsole(origin, await createPerson(lakegate))
})

const countTokens = async (): Promise<number> => {
  const answer = await browser.ask('GET', '/console/api/2.0/token/list')
  return ((await answer.json()) as { token_infos?: unknown[] }).token_infos?.length ?? 0
}

describe('a change that did not come from the page', () => {
  it.each<[string, Readonly<Record<string, string | undefined>>, number]>([
    ['without the CSRF value', { 'x-lakegate-csrf': undefined }, 403],
    ['with an empty one', { 'x-lakegate-csrf': '' }, 403],
    ['with one that is a little longer', { 'x-lakegate-csrf': 'A'.repeat(44) }, 403],
    ['with one of the right length', { 'x-lakegate-csrf': 'A'.repeat(43) }, 403],
    ['from another origin', { origin: 'https://evil.example' }, 403],
    ['from a neighbouring port', { origin: 'http://127.0.0.1:1' }, 403],
    ['from an origin that begins like ours', { origin: `${ready.http_url}.evil.example` }, 403],
    ['from a sandboxed frame', { origin: 'null' }, 403],
    ['from no origin', { origin: undefined }, 403],
    ['from another site, as the browser says', { 'sec-fetch-site': 'cross-site' }, 403],
    ['from a neighbour below the same domain', { 'sec-fetch-site': 'same-site' }, 403],
    ['by an address that somebody typed', { 'sec-fetch-site': 'none' }, 403],
    ['as a form would send it', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
    ['as text, which needs no preflight', { 'content-type': 'text/plain' }, 400],
    ['as text that says it is JSON too', { 'content-type': 'text/plain; application/json' }, 400],
    ['without a content type', { 'content-type': undefined }, 400],
    ['without the cookie', { cookie: undefined }, 401],
  ])('%s is refused and changes nothing', async (_how, headers, status) => {
    const before = await countTokens()
    const answer = await browser.ask('POST', CREATE, { body: '{"comment":"forged"}', headers })
    expect(answer.status).toBe(status)
    expect(await answer.text()).not.toContain('token_value')
    expect(await countTokens()).toBe(before)
  })

  it('with the CSRF value of another session is refused, of the same person too', async () => {
    const before = await countTokens()
    const headers = { 'x-lakegate-csrf': other.session.csrf }
    expect((await browser.ask('POST', CREATE, { body: {}, headers })).status).toBe(403)
    const again = await signInToConsole(origin, undefined, browser.visitor)
    expect(again.session.csrf).not.toBe(browser.session.csrf)
    const old = { 'x-lakegate-csrf': browser.session.csrf }
    expect((await again.ask('POST', CREATE, { body: {}, headers: old })).status).toBe(403)
    expect((await again.ask('POST', CREATE, { body: {} })).status).toBe(200)
    browser = again
    expect(await countTokens()).toBe(before + 1)
  })

  it('is refused for each method, and for signing out', async () => {
    const headers = { 'x-lakegate-csrf': undefined }
    for (const [method, path] of [
      ['DELETE', '/console/api/2.0/preview/scim/v2/Users/1'],
      ['PATCH', '/console/api/2.0/database/instances/dev'],
      ['PUT', '/console/api/2.0/permissions/database-instances/dev'],
      ['POST', '/console/api/sign-out'],
    ] as const)
      expect((await browser.ask(method, path, { headers })).status, `${method} ${path}`).toBe(403)
    expect((await browser.ask('GET', '/console/api/session')).status).toBe(200)
  })

  it('says the same whether somebody is signed in or not, as long as it comes from elsewhere', async () => {
    const headers = { origin: 'https://evil.example' }
    const [signedIn, nobody] = await Promise.all([
      browser.ask('POST', CREATE, { body: {}, headers }),
      browser.ask('POST', CREATE, { body: {}, headers: { ...headers, cookie: undefined } }),
    ])
    const message = async (answer: Response) => ((await answer.json()) as { message: string }).message
    expect(signedIn.status).toBe(nobody.status)
    expect(await message(signedIn)).toBe(await message(nobody))
  })

  it('is let into a preflight by nothing', async () => {
    const answer = await fetch(`${origin}${CREATE}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-lakegate-csrf',
      },
    })
    for (const [name] of answer.headers) expect(name).not.toMatch(/^access-control-/)
  })

  it('changes nothing by GET', async () => {
    const before = await countTokens()
    for (const path of [CREATE, '/console/api/sign-out'])
      expect((await browser.ask('GET', path)).status).toBe(404)
    expect(await countTokens()).toBe(before)
  })
})

it('a neighbour below the same domain reads nothing, measures nothing, and fills no places of the person', async () => {
  for (const site of ['same-site', 'cross-site'])
    for (const path of ['/console/api/session', '/console/api/2.0/token/list', '/console/api/events']) {
      const headers = { cookie: browser.cookie, 'sec-fetch-site': site }
      const answer = await fetch(`${origin}${path}`, { headers })
      expect(answer.status, path).toBe(403)
      expect(await answer.text()).toContain('another site')
    }
  // Another port of the same host is of the same site, and its pages send the cookie along.
  for (const site of ['same-origin', 'none'])
    expect(
      (await browser.ask('GET', '/console/api/session', { headers: { 'sec-fetch-site': site } })).status,
    ).toBe(200)
})

describe('frames and sniffing', () => {
  it.each([
    '/console',
    '/console/compute/instances',
    '/console/signed-out',
    '/console/callback?code=x&state=y',
    '/console/assets/none.js',
    '/console/api/session',
    '/oidc/account',
  ])('%s is shown in no frame, and taken for nothing else', async (path) => {
    const { headers } = await fetch(`${origin}${path}`)
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|data:|http/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('what the API of the console says is kept by no cache', async () => {
    const answer = await browser.ask('GET', '/console/api/session')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('addresses that lead somewhere else', () => {
  it.each([
    '//evil.example',
    'https://evil.example/console',
    'https:evil.example',
    String.raw`/\evil.example`,
    String.raw`\\evil.example/console`,
    String.raw`/console/..\..\\evil.example`,
    '/console/../../evil',
    '/console/../oidc/v1/logout',
    'javascript:alert(1)',
    '/console\r\nset-cookie: planted=1',
    '/console/sign-in?destination=/console/sign-in',
    '/consoles.evil.example',
  ])('sign-in leads to the first page instead of %j', async (destination) => {
    const page = await openConsole(origin, undefined, browser.visitor, destination)
    expect(page.url.href).toBe(`${origin}/console`)
  })

  it.each(['//evil.example', 'https://evil.example', String.raw`/\evil.example`])(
    'nor does the page of a server that starts lead to %j',
    async (destination) => {
      const query = new URLSearchParams({ destination }).toString()
      const answer = await fetch(`${origin}/console/starting?${query}`, { redirect: 'manual' })
      expect(answer.headers.get('location')).toBe('/console')
    },
  )

  it('a Host header that somebody made up leads nobody there', async () => {
    const visitor = new Visitor((url, options) =>
      fetch(url, {
        ...options,
        redirect: 'manual',
        headers: { ...options?.headers, 'x-forwarded-host': 'evil.example' },
      }),
    )
    const page = await visitor.step(`${origin}/console/sign-in`)
    expect(page.headers.get('location')).toMatch(/^\/oidc\/v1\/authorize\?/)
    expect(page.headers.get('location')).not.toContain('evil.example')
  })
})
