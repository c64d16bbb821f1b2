/** Who may speak HTTP in clear (issue 10, C20; attack 63). */
import { describe, expect, it } from 'vitest'
import { refusePlainHttp, type PlainHttpRule } from '../../src/policy/plain-http.ts'

const LOOPBACK_ONLY: PlainHttpRule = {
  access: 'loopback',
  isProxy: (address) => address === '192.0.2.80',
}
const ask = (peer: string | undefined, path = '/oidc/account', method = 'GET') => ({
  peer,
  path,
  method,
  secureUrl: 'https://lakegate.example.com',
})

describe('plain HTTP', () => {
  it.each(['127.0.0.1', '127.0.0.10', '::1', '::ffff:127.0.0.1'])('of this machine, %s, is taken', (peer) => {
    expect(refusePlainHttp(ask(peer), LOOPBACK_ONLY)).toBeUndefined()
  })

  it('of a listed proxy is taken', () => {
    expect(refusePlainHttp(ask('192.0.2.80'), LOOPBACK_ONLY)).toBeUndefined()
  })

  it.each(['192.0.2.1', '10.0.0.1', '172.17.0.1', '2001:db8::1', '::', '127.0.0.1.example.com', undefined])(
    'of anybody else, %s, is refused, with the address that speaks TLS',
    (peer) => {
      expect(refusePlainHttp(ask(peer), LOOPBACK_ONLY)).toMatchObject({
        name: 'plain_http_refused',
        parameters: { url: 'https://lakegate.example.com' },
      })
    },
  )

  it.each(['/healthz', '/readyz'])('%s is answered to everybody who reads it', (path) => {
    expect(refusePlainHttp(ask('192.0.2.1', path), LOOPBACK_ONLY)).toBeUndefined()
    expect(refusePlainHttp(ask('192.0.2.1', path, 'POST'), LOOPBACK_ONLY)).toBeDefined()
    expect(refusePlainHttp(ask('192.0.2.1', `${path}/`), LOOPBACK_ONLY)).toBeDefined()
  })

  it('of everybody is taken where the operator says so', () => {
    expect(refusePlainHttp(ask('192.0.2.1'), { access: 'everywhere', isProxy: () => false })).toBeUndefined()
  })
})
