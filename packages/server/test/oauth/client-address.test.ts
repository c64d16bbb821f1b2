/** Whom the limits of signing in count (attack 57): a client cannot choose, unless it is a listed proxy. */
import { expect, it } from 'vitest'
import { clientAddressOf } from '../../src/oauth/client-address.ts'

const isProxy = (address: string) => ['10.0.0.1', '10.0.0.2', 'fd00::1'].includes(address)
const from = (remoteAddress: string | undefined, forwardedFor?: string) =>
  clientAddressOf(
    {
      socket: { remoteAddress },
      headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
    },
    isProxy,
  )

it.each([
  ['the peer, when nobody says anything', from('192.0.2.1'), '192.0.2.1'],
  ['the peer, when it is no proxy, whatever it says', from('192.0.2.1', '203.0.113.1'), '192.0.2.1'],
  ['whom the proxy was asked by', from('10.0.0.1', '203.0.113.1'), '203.0.113.1'],
  [
    'not whom the client says that it was asked by',
    from('10.0.0.1', '198.51.100.1, 203.0.113.1'),
    '203.0.113.1',
  ],
  ['whom the first of two proxies was asked by', from('10.0.0.1', '203.0.113.1, 10.0.0.2'), '203.0.113.1'],
  [
    'not whom a client says that a proxy was asked by',
    from('10.0.0.1', '10.0.0.2, 203.0.113.1'),
    '203.0.113.1',
  ],
  ['the proxy itself, when it names nobody', from('10.0.0.1'), '10.0.0.1'],
  ['the proxy itself, when it names nonsense', from('10.0.0.1', '203.0.113.1, unknown'), '10.0.0.1'],
  ['the furthest proxy, when all are proxies', from('10.0.0.1', '10.0.0.2'), '10.0.0.2'],
  ['an address with a port', from('10.0.0.1', '203.0.113.1:4711'), '203.0.113.1'],
  ['an IPv6 address with a port', from('fd00::1', '[2001:db8::1]:4711'), '2001:db8::1'],
  ['an IPv4 peer on an IPv6 listener', from('::ffff:10.0.0.1', '::ffff:203.0.113.1'), '203.0.113.1'],
  ['nobody, when the peer is gone', from(undefined, '203.0.113.1'), 'unknown'],
])('is %s', (_what, found, expected) => {
  expect(found).toBe(expected)
})
