/**
 * Attack 63: who is on the way reads what is sent in clear. From anywhere but this machine and the listed proxies no
 * password, token or cookie is taken or given by plain HTTP, whatever a request says of itself.
 */
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { Agent, request as askInClear, type IncomingMessage } from 'node:http'
import { request as askOverTls } from 'node:https'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignInLinkAnswer } from '@lakegate/client'
import { freePort } from '../stage/free-port.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'

/** Whoever connects to such an address has it, too: a peer that is not loopback. */
const elsewhere = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address
if (elsewhere === undefined) console.warn('this machine has no address but loopback: attack 63 is skipped')

const PUBLIC_NAME = 'lakegate.example.com'
let lakegate: OwnLakegate
let port: number
let ca: string

beforeAll(async () => {
  port = await freePort()
  lakegate = await startOwnLakegate({
    LAKEGATE_FIRST_INSTANCE: '',
    LAKEGATE_HTTP_HOST: '0.0.0.0',
    LAKEGATE_HTTP_PORT: String(port),
    LAKEGATE_PUBLIC_URL: `https://${PUBLIC_NAME}`,
    LAKEGATE_METRICS: 'bearer',
    LAKEGATE_METRICS_TOKEN_FILE: import.meta.filename,
  })
  ca = await readFile(lakegate.ready.ca_file, 'utf8')
})
afterAll(() => lakegate.remove())

interface Question {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly host?: string | undefined
}
interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

async function ask(
  over: 'clear' | 'tls',
  { method, path, headers, body, host = elsewhere }: Question,
): Promise<Answer> {
  const where = {
    host,
    port,
    method: method ?? 'GET',
    path,
    headers: { host: PUBLIC_NAME, ...headers },
    agent: false,
  }
  const asked = over === 'clear' ? askInClear(where) : askOverTls({ ...where, ca, servername: PUBLIC_NAME })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) }
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const bearer = () => ({ authorization: `Bearer ${lakegate.ready.admin_token}` })

const refused = (answer: Answer) => {
  expect(answer.status).toBe(403)
  expect(answer.headers['set-cookie']).toBeUndefined()
  expect(answer.headers.location).toBeUndefined()
  expect(JSON.parse(answer.text)).toMatchObject({
    error_code: 'PERMISSION_DENIED',
    message: expect.stringContaining(`https://${PUBLIC_NAME}`) as string,
    details: expect.arrayContaining([expect.objectContaining({ reason: 'PLAIN_HTTP_REFUSED' })]) as unknown,
  })
}

describe.skipIf(elsewhere === undefined)('by plain HTTP from elsewhere', () => {
  it('no token is taken', async () => {
    const me = { path: '/api/2.0/preview/scim/v2/Me', headers: bearer() }
    refused(await ask('clear', me))
    expect((await ask('tls', me)).status).toBe(200)
    expect((await ask('clear', { ...me, host: '127.0.0.1' })).status).toBe(200)
  })

  it('no secret is taken for a token, and no device is begun', async () => {
    const body = 'grant_type=client_credentials&client_id=x&client_secret=y'
    refused(await ask('clear', { method: 'POST', path: '/oidc/v1/token', headers: form, body }))
    refused(
      await ask('clear', { method: 'POST', path: '/oidc/v1/device_authorization', headers: form, body }),
    )
  })

  it.each([
    '/',
    '/oidc/account',
    '/oidc/device',
    '/oidc/v1/keys',
    '/oidc/.well-known/oauth-authorization-server',
    '/.well-known/databricks-config',
    '/.well-known/oauth-authorization-server/oidc',
    '/metrics',
    '/healthz/',
    '//healthz',
    '/healthz/../oidc/account',
    '/no/such/path',
  ])('%s answers nothing else, and sets no cookie', async (path) => {
    refused(await ask('clear', { path, headers: { accept: 'text/html' } }))
  })

  it('no password is set, and the link is not used up', async () => {
    const { admin_token: token } = lakegate.ready
    const made = await ask('tls', {
      path: '/api/2.0/preview/scim/v2/Users',
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userName: 'ada@example.com' }),
    })
    const { id } = JSON.parse(made.text) as { id: string }
    const link = await ask('tls', {
      path: `/api/2.0/lakegate/users/${id}/sign-in-link`,
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body: '{}',
    })
    const { url } = JSON.parse(link.text) as SignInLinkAnswer
    const password = 'a password of this test'
    const set = {
      method: 'POST',
      path: new URL(url).pathname,
      headers: { ...form, origin: `https://${PUBLIC_NAME}`, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ password, repetition: password }).toString(),
    }
    refused(await ask('clear', set))
    expect((await ask('tls', set)).status).toBe(303)
  })

  it.each([
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=127.0.0.1;proto=https' },
    { 'x-forwarded-ssl': 'on' },
    { host: '127.0.0.1' },
    { host: 'localhost' },
    { upgrade: 'TLS/1.2', connection: 'upgrade' },
  ])('nothing that a request says of itself helps: %j', async (headers) => {
    const answer = await ask('clear', {
      path: '/api/2.0/preview/scim/v2/Me',
      headers: { ...bearer(), ...headers },
    })
    refused(answer)
  })

  it('the probes of a supervisor are answered', async () => {
    for (const path of ['/healthz', '/readyz', '/healthz?from=kubelet'])
      expect(await ask('clear', { path })).toMatchObject({ status: 200 })
    refused(await ask('clear', { path: '/healthz', method: 'POST' }))
  })

  it('every request of a connection is judged', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const statuses: (number | undefined)[] = []
    for (const path of ['/healthz', '/oidc/device', '/healthz', '/oidc/account']) {
      const asked = askInClear({ host: elsewhere, port, path, agent }).end()
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      statuses.push(answer.statusCode)
      await text(answer)
    }
    expect(statuses).toEqual([200, 403, 200, 403])
    agent.destroy()
  })
})

describe.skipIf(elsewhere === undefined)('from elsewhere over TLS', () => {
  it('cookies are of TLS only', async () => {
    const { status, headers } = await ask('tls', { path: '/oidc/device', headers: { accept: 'text/html' } })
    expect(status).toBe(200)
    for (const cookie of headers['set-cookie'] ?? []) expect(cookie).toMatch(/; secure/i)
  })

  it('the certificate is for the public name and the address that was reached, and for no other', async () => {
    const asked = askOverTls({ host: elsewhere, port, path: '/healthz', ca, agent: false }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(200)
    answer.resume()
    await expect(
      once(
        askOverTls({ host: elsewhere, port, ca, servername: 'evil.example.com', agent: false }).end(),
        'response',
      ),
    ).rejects.toThrow(/altname/)
  })
})
