/** attack 33: behind a proxy that ends TLS, cookies are for TLS only, and the Host header decides nothing that is sent. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { freePort } from '../stage/free-port.ts'

const PUBLIC_URL = 'https://lakegate.example.com'
let lakegate: OwnLakegate
let port: number

beforeAll(async () => {
  port = await freePort()
  lakegate = await startOwnLakegate({
    LAKEGATE_FIRST_INSTANCE: '',
    LAKEGATE_HTTP_PORT: String(port),
    LAKEGATE_PUBLIC_URL: PUBLIC_URL,
  })
})
afterAll(async () => {
  await lakegate.remove()
})

/** As the proxy asks. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    headers: { host: 'lakegate.example.com', accept: 'text/html', ...headers },
  }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  return answer
}

describe('behind TLS', () => {
  it.each(['/oidc/device', '/oidc/v1/authorize?client_id=lakegate-account&response_type=none&scope=openid'])(
    '%s sets cookies that go over TLS only, to no script and to no other site',
    async (path) => {
      const redirectUri = encodeURIComponent(`${PUBLIC_URL}/oidc/account`)
      const answer = await ask(path.includes('?') ? `${path}&redirect_uri=${redirectUri}` : path)
      const cookies = answer.headers['set-cookie'] ?? []
      expect(cookies.length).toBeGreaterThan(0)
      for (const cookie of cookies) {
        expect(cookie.toLowerCase()).toContain('; secure')
        expect(cookie.toLowerCase()).toContain('; httponly')
        expect(cookie.toLowerCase()).toContain('; samesite=lax')
        expect(cookie.toLowerCase()).not.toContain('domain=')
      }
    },
  )

  it('the account page leads to the configured address, whatever the headers of the request say', async () => {
    const answer = await ask('/oidc/account', {
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example.com',
    })
    expect(answer.statusCode).toBe(303)
    const location = new URL(answer.headers.location ?? '', PUBLIC_URL)
    expect(location.origin).toBe(PUBLIC_URL)
    expect(location.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}/oidc/account`)
  })
})
