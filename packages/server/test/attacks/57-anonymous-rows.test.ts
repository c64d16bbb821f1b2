/**
 * Attack 57: what strangers can make the system database keep. Whoever begins a sign-in leaves a row; from one address, and
 * in all, there are so many and no more, they do not last, and nobody is locked out by what somebody else began.
 */
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openInsider, type Insider } from '../stage/insider.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { createPerson, setPassword, signInAndAllow, Visitor } from '../stage/person.ts'
import { waitFor } from '../stage/wait-for.ts'

/** As docs/operating.md has it. */
const MOST_OF_AN_ADDRESS = 100
/** Those that are written at the same moment do not see one another: one for each connection to the system database. */
const AT_ONE_MOMENT = 10
/** A proxy of HTTP, whose word about its clients counts. */
const PROXY = '127.0.8.1'

let lakegate: RunningLakegate
let insider: Insider
let dataDirectory: string
const start = async () => {
  lakegate = await startLakegate({
    dataDirectory,
    environment: { LAKEGATE_FIRST_INSTANCE: '', LAKEGATE_FORWARDED_FOR_FROM: `${PROXY}/32, 10.9.0.0/16` },
  })
  insider = await openInsider(lakegate)
}
beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  await start()
})
afterAll(async () => {
  await insider.close()
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
})
beforeEach(async () => {
  await insider.database.deleteFrom('oauth_record').execute()
})

const agent = new Agent({ keepAlive: false })
async function ask(
  localAddress: string,
  path: string,
  options: { readonly form?: Record<string, string>; readonly headers?: Record<string, string> } = {},
) {
  const outgoing = request(`${lakegate.ready.http_url}${path}`, {
    agent,
    localAddress,
    method: options.form === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'text/html',
      ...(options.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...options.headers,
    },
  })
  outgoing.end(options.form === undefined ? undefined : new URLSearchParams(options.form).toString())
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) }
}

const authorize = `/oidc/v1/authorize?${new URLSearchParams({
  client_id: 'databricks-cli',
  response_type: 'code',
  redirect_uri: 'http://localhost:8020',
  scope: 'all-apis',
  code_challenge: createHash('sha256').update('x'.repeat(43)).digest('base64url'),
  code_challenge_method: 'S256',
}).toString()}`
const device = { form: { client_id: 'databricks-cli', scope: 'all-apis' } }
const WAYS = [
  ['a device', '/oidc/v1/device_authorization', device],
  ['an application', authorize, {}],
  ['the page for codes of devices', '/oidc/device', {}],
  ['the account page', '/oidc/account', {}],
] as const
/** The account page begins a sign-in one redirect further. */
async function begin(localAddress: string, path: string, options: Parameters<typeof ask>[2]) {
  const answer = await ask(localAddress, path, options)
  const { location } = answer.headers
  return path === '/oidc/account' && location !== undefined ? ask(localAddress, location) : answer
}
const rows = async () => (await insider.database.selectFrom('oauth_record').selectAll().execute()).length

describe.each(WAYS)('%s, 300 times from one address', (_name, path, options) => {
  it('leaves so many rows and no more, and says when to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => begin('127.0.9.1', path, options)))
    expect(await rows()).toBeGreaterThanOrEqual(MOST_OF_AN_ADDRESS)
    expect(await rows()).toBeLessThanOrEqual(MOST_OF_AN_ADDRESS + AT_ONE_MOMENT)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(300 - MOST_OF_AN_ADDRESS - AT_ONE_MOMENT)
    for (const { headers } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(15 * 60)
      expect(headers['set-cookie']).toBeUndefined()
      expect(headers.location).toBeUndefined()
    }
    // One after the other nothing slips through, and nobody elsewhere notices.
    expect((await begin('127.0.9.1', path, options)).status).toBe(429)
    expect((await begin('127.0.9.2', path, options)).status).toBeLessThan(400)
  })

  it('is forgotten within fifteen minutes', async () => {
    await begin('127.0.9.3', path, options)
    const kept = await insider.database.selectFrom('oauth_record').selectAll().execute()
    expect(kept).toHaveLength(1)
    for (const { expires_at } of kept)
      expect(expires_at?.getTime() ?? Infinity).toBeLessThanOrEqual(Date.now() + 15 * 60_000)
  })
})

describe('an address from which too much was begun', () => {
  /** As if a hundred had been begun there, by a stranger without cookies. */
  const fill = (localAddress: string, headers: Record<string, string> = {}) =>
    Promise.all(Array.from({ length: 130 }, () => ask(localAddress, authorize, { headers })))

  it('tells a device in the words of RFC 8628, and a person in a sentence', async () => {
    await fill('127.0.9.4')
    const machine = await ask('127.0.9.4', '/oidc/v1/device_authorization', device)
    expect(machine.status).toBe(429)
    expect(JSON.parse(machine.text)).toMatchObject({ error: 'slow_down' })
    const person = await ask('127.0.9.4', authorize)
    expect(person.status).toBe(429)
    expect(person.headers['content-type']).toContain('text/html')
    expect(person.headers['content-security-policy']).toContain("default-src 'none'")
    expect(person.text).toContain('Too many sign-ins')
  })

  it('is open for browsers in which somebody has signed in before', async () => {
    const person = await createPerson(lakegate)
    const own = new Visitor()
    const signIn = () => signInAndAllow(own, new URL(`${lakegate.ready.http_url}${authorize}`), person)
    await signIn()
    await insider.database.deleteFrom('oauth_record').execute()
    // Visitors come from where `fetch` lets them come from.
    await fill('127.0.0.1')
    const stranger = await new Visitor().visit(`${lakegate.ready.http_url}${authorize}`)
    expect(stranger.status).toBe(429)
    await expect(signIn()).resolves.toBeInstanceOf(URL)
  })

  it('lets go on who has begun, and begins again when sign-ins are finished', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const page = await visitor.visit(`${lakegate.ready.http_url}${authorize}`)
    await fill('127.0.0.1')
    const action = /action="([^"]*sign-in)"/.exec(page.text)?.[1] ?? ''
    const consent = await visitor.submit(new URL(action, page.url), {
      user_name: person.userName,
      password: person.password,
    })
    expect(consent.text).toContain('Allow access?')
  })

  it('sets passwords by links, which leave nothing', async () => {
    await fill('127.0.0.1')
    const { id } = await createPerson(lakegate)
    await expect(setPassword(lakegate, id, `another ${randomUUID()}`)).resolves.toBeUndefined()
  })

  it('is the one that a listed proxy names, not what the client says, nor the proxy', async () => {
    const from = (forwarded: string) => ({ 'x-forwarded-for': forwarded })
    await fill(PROXY, from('203.0.113.1'))
    const status = async (localAddress: string, forwarded: string) =>
      (await ask(localAddress, authorize, { headers: from(forwarded) })).status
    expect(await status(PROXY, '203.0.113.1')).toBe(429)
    expect(await status(PROXY, '203.0.113.2')).toBe(303)
    // In front of what the proxy says stands what the client said.
    expect(await status(PROXY, '203.0.113.9, 203.0.113.1')).toBe(429)
    expect(await status(PROXY, '203.0.113.1, 203.0.113.2')).toBe(303)
    // Through two listed proxies.
    expect(await status(PROXY, '203.0.113.1, 10.9.0.1')).toBe(429)
    // From anybody else the header is nothing.
    expect(await status('127.0.9.6', '203.0.113.1')).toBe(303)
    await fill('127.0.9.7', from('203.0.113.3'))
    expect(await status('127.0.9.7', '203.0.113.4')).toBe(429)
    expect(await status(PROXY, '203.0.113.3')).toBe(303)
  })
})

describe('guesses of 200 made-up names from one address', () => {
  it('leave rows for those that were tried, not for those that were refused', async () => {
    await insider.database.deleteFrom('sign_in_failure').execute()
    const page = await new Visitor().visit(`${lakegate.ready.http_url}${authorize}`)
    expect(page.status).toBe(200)
    const visitor = new Visitor()
    const shown = await visitor.visit(`${lakegate.ready.http_url}${authorize}`)
    const action = new URL(/action="([^"]*sign-in)"/.exec(shown.text)?.[1] ?? '', shown.url)
    for (let count = 0; count < 200; count += 1)
      await visitor.submit(action, { user_name: `${randomUUID()}@example.com`, password: 'wrong' })
    const failures = await insider.database.selectFrom('sign_in_failure').selectAll().execute()
    // Fifty attempts: the pair of name and address, the name; and once the address.
    expect(failures.length).toBeLessThanOrEqual(2 * 50 + 1)
  })
})

describe('what is over', () => {
  it('is removed by a Lakegate that runs, also what another one left', async () => {
    await ask('127.0.9.8', authorize)
    await insider.database.deleteFrom('sign_in_failure').execute()
    const past = new Date(Date.now() - 48 * 60 * 60_000)
    await insider.database.updateTable('oauth_record').set({ expires_at: past }).execute()
    await insider.database
      .insertInto('sign_in_failure')
      .values({ key_hash: Buffer.alloc(32, 1), failures: 1, since: past })
      .execute()
    await insider.close()
    await lakegate.stop()
    await start()
    await waitFor('the removal of what is over', async () => {
      const left = await insider.database.selectFrom('sign_in_failure').selectAll().execute()
      return (await rows()) === 0 && left.length === 0
    })
  })
})
