/**
 * Attack 67: the cookie of the web console. Taken elsewhere, set beforehand (session fixation), tampered with, used after its end,
 * or in the place of a bearer; the code of the sign-in redeemed in a browser that did not ask; and tokens given to another row.
 */
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WorkspaceAnswer } from '@lakegate/client'
import { cookieOf, openConsole, SESSION_COOKIE, signInToConsole } from '../stage/console-session.ts'
import { freePort } from '../stage/free-port.ts'
import { openInsider, type Insider } from '../stage/insider.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { createPerson, formAction, Visitor, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { fetchTrusting, type Fetch } from '../stage/trusting-fetch.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const origin = ready.http_url
const SESSION = '/console/api/session'

let person: Person
let insider: Insider
beforeAll(async () => {
  person = await createPerson(lakegate)
  insider = await openInsider(lakegate)
})
afterAll(() => insider.close())

const askSession = async (headers: Record<string, string>, at = origin) =>
  (await fetch(`${at}${SESSION}`, { headers })).status
const hashOf = async (cookie: string) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(cookie.split('=')[1])))

describe('the cookie of the console', () => {
  it('opens nothing at another workspace, nor where that sign-in was', async () => {
    const other = await admin.request<WorkspaceAnswer>(
      'POST',
      `/api/2.0/accounts/${ready.account_id}/workspaces`,
      { workspace_name: 'another one for the cookie' },
    )
    await admin.request(
      'PUT',
      `/api/2.0/accounts/${ready.account_id}/workspaces/${String(other.workspace_id)}/permissionassignments/principals/${person.id}`,
      { permissions: ['USER'] },
    )
    const here = await signInToConsole(origin, person)
    expect(await askSession({ cookie: here.cookie }, other.workspace_url)).toBe(401)
    const there = await signInToConsole(other.workspace_url, person)
    expect(there.session.workspace.id).toBe(String(other.workspace_id))
    expect(there.session.workspaces.map(({ url }) => url).sort()).toEqual(
      [origin, other.workspace_url].sort(),
    )
    expect(await askSession({ cookie: there.cookie })).toBe(401)
    // A name in the Host header that means no workspace means the first one, where the cookie of the other is nothing either.
    const asked = request(`${origin}${SESSION}`, {
      headers: { host: 'elsewhere.example', cookie: there.cookie },
      agent: false,
    }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(401)
  })

  it('is a new one after each sign-in, whatever was there before (fixation)', async () => {
    const attacker = await signInToConsole(origin, await createPerson(lakegate))
    const chosen = 'A'.repeat(43)
    for (const planted of [chosen, attacker.cookie.split('=')[1] ?? '']) {
      const visitor = new Visitor()
      // Where ours will be, so that it is replaced and not doubled.
      visitor.keep(origin, 'lakegate-console', planted, '/console')
      const { cookie, session } = await signInToConsole(origin, person, visitor)
      expect(cookie).not.toContain(planted)
      expect(session.person.id).toBe(person.id)
      expect(await askSession({ cookie: `lakegate-console=${chosen}` })).toBe(401)
    }
    // The planted one was that of a session; the browser that gave it up has ended it.
    expect((await attacker.ask('GET', SESSION)).status).toBe(401)
  })

  it('is refused when there are two of them, because one is not ours', async () => {
    const { cookie } = await signInToConsole(origin, person)
    expect(await askSession({ cookie: `lakegate-console=${'A'.repeat(43)}; ${cookie}` })).toBe(401)
    expect(await askSession({ cookie: `${cookie}; ${cookie}` })).toBe(401)
  })

  it('opens nothing when a character of it is another one, or its hash is sent', async () => {
    const { cookie } = await signInToConsole(origin, person)
    const [name = '', value = ''] = cookie.split('=')
    const hash = await hashOf(cookie)
    const tampered = [
      value.slice(0, -1) + (value.endsWith('A') ? 'E' : 'A'),
      value.slice(1),
      `${value}A`,
      value.toUpperCase(),
      '',
      hash.toString('base64url'),
      hash.toString('hex'),
      'x'.repeat(8_000),
    ]
    for (const one of tampered) expect(await askSession({ cookie: `${name}=${one}` })).toBe(401)
    // The name of the other scheme is not taken on this one.
    expect(await askSession({ cookie: `__Host-${cookie}` })).toBe(401)
    expect(await askSession({ cookie })).toBe(200)
  })

  it('opens nothing after signing out, where all of the browser ends', async () => {
    const first = await signInToConsole(origin, person)
    const second = await signInToConsole(origin, undefined, first.visitor)
    expect(second.cookie).not.toBe(first.cookie)
    await second.ask('POST', '/console/api/sign-out')
    for (const cookie of [first.cookie, second.cookie]) expect(await askSession({ cookie })).toBe(401)
  })

  it('opens nothing at the API, and a bearer nothing at the console', async () => {
    const { cookie } = await signInToConsole(origin, person)
    const path = '2.0/database/instances'
    const status = async (at: string, headers: Record<string, string>) =>
      (await fetch(`${origin}${at}`, { headers })).status
    expect(await status(`/api/${path}`, { cookie })).toBe(401)
    expect(await status(`/console/api/${path}`, { cookie })).toBe(200)
    const authorization = `Bearer ${ready.admin_token}`
    expect(await status(`/api/${path}`, { authorization })).toBe(200)
    expect(await status(`/console/api/${path}`, { authorization })).toBe(401)
    const value = cookie.split('=')[1] ?? ''
    for (const scheme of ['Bearer', 'Basic'])
      expect(await status(`/api/${path}`, { authorization: `${scheme} ${value}` })).toBe(401)
    const posted = await fetch(`${origin}/console/api/2.0/token/create`, {
      method: 'POST',
      headers: { authorization, origin, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(posted.status).toBe(401)
  })

  it('opens what the person may do at this moment, and no more', async () => {
    const demoted = await createPerson(lakegate)
    const { ask } = await signInToConsole(origin, demoted)
    const assignment = `/api/2.0/accounts/${ready.account_id}/workspaces/${ready.workspace_id}/permissionassignments/principals/${demoted.id}`
    const isAdmin = async () =>
      ((await (await ask('GET', SESSION)).json()) as { is_workspace_admin: boolean }).is_workspace_admin
    await admin.request('PUT', assignment, { permissions: ['ADMIN'] })
    expect(await isAdmin()).toBe(true)
    await admin.request('PUT', assignment, { permissions: ['USER'] })
    expect(await isAdmin()).toBe(false)
    await admin.request('DELETE', assignment)
    expect((await ask('GET', SESSION)).status).toBe(403)
  })

  it('is renewed by the server, and is over when the OAuth server does not renew it', async () => {
    const { ask, cookie, session } = await signInToConsole(origin, person)
    const hash = await hashOf(cookie)
    const row = () =>
      insider.database
        .selectFrom('console_session')
        .selectAll()
        .where('cookie_hash', '=', hash)
        .executeTakeFirst()
    const expire = () =>
      insider.database
        .updateTable('console_session')
        .set({ access_token_expires_at: new Date() })
        .where('cookie_hash', '=', hash)
        .execute()
    const before = await row()
    await expire()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('GET', SESSION)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const after = await row()
    expect(after?.access_token_encrypted).not.toEqual(before?.access_token_encrypted)
    expect(after?.access_token_expires_at.getTime()).toBeGreaterThan(Date.now() + 50 * 60 * 1000)
    expect(((await (await ask('GET', SESSION)).json()) as typeof session).csrf).toBe(session.csrf)

    await insider.database
      .deleteFrom('oauth_record')
      .where('identity_id', '=', person.id)
      .where('kind', '=', 'RefreshToken')
      .execute()
    await expire()
    const over = await ask('GET', SESSION)
    expect(over.status).toBe(401)
    expect(await over.json()).toMatchObject({ error_code: 'SESSION_OVER' })
    expect(await row()).toBeUndefined()
  })

  it('does not open the tokens of another row, for whoever could write into the table', async () => {
    const mine = await signInToConsole(origin, await createPerson(lakegate))
    const theirs = await signInToConsole(origin, person)
    const row = await insider.database
      .selectFrom('console_session')
      .selectAll()
      .where('cookie_hash', '=', await hashOf(theirs.cookie))
      .executeTakeFirstOrThrow()
    const { cookie_hash: _own, ...stolen } = row
    await insider.database
      .updateTable('console_session')
      .set(stolen)
      .where('cookie_hash', '=', await hashOf(mine.cookie))
      .execute()
    expect((await mine.ask('GET', SESSION)).status).toBe(401)
  })
})

describe('the callback of the sign-in', () => {
  /** As far as the answer of the OAuth server, which this browser does not take to the console. */
  async function begin(visitor = new Visitor()): Promise<{ visitor: Visitor; callback: URL }> {
    await signInToConsole(origin, person, visitor)
    const begun = await visitor.step(`${origin}/console/sign-in`)
    const answered = await visitor.step(new URL(begun.headers.get('location') ?? '', origin))
    return { visitor, callback: new URL(answered.headers.get('location') ?? '', origin) }
  }
  const redeem = async (visitor: Visitor, url: URL) => visitor.step(url)

  it('takes a code in the browser that asked for it, once', async () => {
    const { visitor, callback } = await begin()
    expect(callback.pathname).toBe('/console/callback')
    const first = await redeem(visitor, callback)
    expect(first.status).toBe(303)
    expect(first.headers.get('location')).toBe('/console')
    expect((await redeem(visitor, callback)).status).toBe(400)
  })

  it('takes no code from another browser, nor one under another state', async () => {
    const { visitor, callback } = await begin()
    const victim = await begin()
    expect((await redeem(new Visitor(), callback)).status).toBe(400)
    // The code of one with the state of the other: the verifier of PKCE does not fit.
    const mixed = new URL(victim.callback)
    mixed.searchParams.set('code', callback.searchParams.get('code') ?? '')
    const before = cookieOf(victim.visitor)
    expect((await redeem(victim.visitor, mixed)).status).toBe(400)
    expect(cookieOf(victim.visitor)).toBe(before)
    const unknown = new URL(callback)
    unknown.searchParams.set('state', 'x'.repeat(43))
    expect((await redeem(visitor, unknown)).status).toBe(400)
    const noState = new URL(callback)
    noState.searchParams.delete('state')
    expect((await redeem(visitor, noState)).status).toBe(400)
  })

  it('takes no answer of another issuer, and no cookie of the flow that is not sealed by us', async () => {
    const { visitor, callback } = await begin()
    const foreign = new URL(callback)
    foreign.searchParams.set('iss', 'https://evil.example/oidc')
    expect((await redeem(visitor, foreign)).status).toBe(400)
    const again = await begin()
    const [flow] = again.visitor.cookies(/^lakegate-console-flow-/)
    const forged = Buffer.from(
      JSON.stringify({ verifier: 'v'.repeat(43), nonce: 'n', state: 's', destination: '/console' }),
    ).toString('base64url')
    again.visitor.keep(origin, flow?.[0] ?? '', forged, '/console')
    expect((await redeem(again.visitor, again.callback)).status).toBe(400)
  })

  it('is reached by no other client of the OAuth server, and the client of the console by no one without its secret', async () => {
    const { callback } = await begin()
    const code = callback.searchParams.get('code') ?? ''
    for (const credentials of [
      { client_id: 'lakegate-console' },
      { client_id: 'lakegate-console', client_secret: 'kept as hashes elsewhere' },
      { client_id: 'databricks-cli' },
    ]) {
      const answer = await fetch(`${origin}/oidc/v1/token`, {
        method: 'POST',
        body: new URLSearchParams({
          ...credentials,
          grant_type: 'authorization_code',
          code,
          redirect_uri: `${origin}/console/callback`,
          code_verifier: 'v'.repeat(43),
        }),
      })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(await answer.text()).not.toContain('access_token')
    }
    const elsewhere = new URL(`${origin}/oidc/v1/authorize`)
    elsewhere.search = new URLSearchParams({
      client_id: 'lakegate-console',
      response_type: 'code',
      redirect_uri: 'https://evil.example/console/callback',
      scope: 'openid all-apis',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString()
    const refused = await fetch(elsewhere, { redirect: 'manual' })
    expect(refused.status).toBe(400)
  })

  it('gives room to sign-ins in several tabs, and not to any number of them', async () => {
    const visitor = new Visitor()
    const begun: URL[] = []
    await openConsole(origin, person, visitor)
    for (let tab = 0; tab < 9; tab += 1) {
      const one = await visitor.step(`${origin}/console/sign-in?destination=/console/audit`)
      begun.push(new URL(one.headers.get('location') ?? '', origin))
    }
    expect(visitor.cookies(/^lakegate-console-flow-/).length).toBeLessThanOrEqual(6)
    const last = await visitor.visit(begun.at(-1) ?? origin)
    expect(last.url.pathname).toBe('/console/audit')
  })
})

describe('the cookie under https', () => {
  let own: OwnLakegate
  let publicUrl: string
  let send: Fetch
  beforeAll(async () => {
    const port = String(await freePort())
    publicUrl = `https://localhost:${port}`
    own = await startOwnLakegate({
      LAKEGATE_FIRST_INSTANCE: '',
      LAKEGATE_HTTP_PORT: port,
      LAKEGATE_PUBLIC_URL: publicUrl,
    })
    send = fetchTrusting(await readFile(own.ready.ca_file, 'utf8'))
  })
  afterAll(() => own.remove())
  const restOfOwn = {
    request: async (method: string, path: string, body?: unknown) => {
      const answer = await send(new URL(path, publicUrl), {
        method,
        headers: { authorization: `Bearer ${own.ready.admin_token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return answer.json()
    },
  } as typeof admin

  it('is for this very host, for no script, and not for requests from elsewhere; no log has it, nor a token or a code', async () => {
    const lines: string[] = []
    const codes: string[] = []
    const listening: Fetch = async (url, options) => {
      if (url.pathname === '/console/callback') codes.push(url.searchParams.get('code') ?? 'none')
      const answer = await send(url, options)
      lines.push(...answer.headers.getSetCookie())
      return answer
    }
    const visitor = new Visitor(listening)
    const ada = await createPerson({ admin: restOfOwn }, 'Ada', new Visitor(send))
    const browser = await signInToConsole(publicUrl, ada, visitor, listening)
    expect(browser.cookie).toMatch(/^__Host-lakegate-console=/)
    const attributes = (name: RegExp) =>
      lines
        .filter((line) => name.test(line) && !line.includes('=;'))
        .map((line) => line.replace(/^[^;]*; /, ''))
    expect(attributes(/^__Host-lakegate-console=/)).toEqual(['Path=/; Secure; HttpOnly; SameSite=Strict'])
    expect(attributes(/^__Host-lakegate-console-flow-/)).toEqual([
      'Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900',
    ])
    await browser.ask('POST', '/console/api/sign-out')
    const [, value = ''] = browser.cookie.split('=')
    // It does log: the requests are there.
    await expect.poll(() => own.output()).toContain('/console/api/sign-out')
    const said = own.output()
    expect(codes).not.toContain('none')
    expect(codes).toHaveLength(1)
    for (const secret of [value, browser.session.csrf, ...codes]) expect(said).not.toContain(secret)
    expect(said).not.toContain('eyJ')
    expect(visitor.cookies(SESSION_COOKIE).length).toBe(1)
  })

  it('is not taken under the name that plain HTTP gives it', async () => {
    const ada = await createPerson({ admin: restOfOwn }, 'Ada', new Visitor(send))
    const { cookie } = await signInToConsole(publicUrl, ada, new Visitor(send), send)
    const ask = async (sent: string) =>
      (await send(new URL(SESSION, publicUrl), { headers: { cookie: sent } })).status
    expect(await ask(cookie)).toBe(200)
    expect(await ask(cookie.replace('__Host-', ''))).toBe(401)
  })

  it('comes by a form that the sign-in pages send, and by nothing else', async () => {
    const page = await new Visitor(send).visit(`${publicUrl}/console/sign-in`)
    expect(page.status).toBe(200)
    expect(formAction(page, 'sign-in').pathname).toMatch(/^\/oidc\/interaction\//)
  })
})
