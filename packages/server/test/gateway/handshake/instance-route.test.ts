/** Attack 6: a TLS server name opens the instance that it names exactly, and nothing that only looks like it. */
import { describe, expect, it } from 'vitest'
import type { InstanceUid } from '../../../src/domain/ids.ts'
import { findInstanceRoute, hostOfInstance } from '../../../src/gateway/handshake/instance-route.ts'

const DOMAIN = 'db.example.com'
const UID = '0f8fad5b-d9cb-469f-a165-70867728950e' as InstanceUid

describe('the host name of an instance', () => {
  it('leads back to the instance, in any letter case', () => {
    const host = hostOfInstance(UID, DOMAIN)
    expect(host).toBe(`instance-${UID}.db.example.com`)
    expect(findInstanceRoute(host, DOMAIN)).toEqual({ instanceUid: UID, endpoint: 'direct' })
    expect(findInstanceRoute(host.toUpperCase(), DOMAIN)).toEqual({ instanceUid: UID, endpoint: 'direct' })
  })

  it('names the endpoint by its prefix', () => {
    expect(findInstanceRoute(`instance-ro-${UID}.${DOMAIN}`, DOMAIN)?.endpoint).toBe('read-only')
    expect(findInstanceRoute(`instance-pooled-${UID}.${DOMAIN}`, DOMAIN)?.endpoint).toBe('pooled')
  })

  it.each([
    DOMAIN,
    `instance-${UID}`,
    `instance-${UID}.example.com`,
    `instance-${UID}.${DOMAIN}.`,
    `instance-${UID}.${DOMAIN}.evil.example`,
    `instance-${UID}.evil-${DOMAIN}`,
    `x.instance-${UID}.${DOMAIN}`,
    `xinstance-${UID}.${DOMAIN}`,
    `instance-${UID}x.${DOMAIN}`,
    `instance-${UID.slice(1)}.${DOMAIN}`,
    `instance-${UID}\0.${DOMAIN}`,
    `instance-*.${DOMAIN}`,
    '127.0.0.1',
    '',
  ])('is not %j', (name) => {
    expect(findInstanceRoute(name, DOMAIN)).toBeUndefined()
  })
})
