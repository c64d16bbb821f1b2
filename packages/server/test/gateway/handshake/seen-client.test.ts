/** What databricks_session_identity() is given of a client: as the type inet takes it, or nothing. */
import { describe, expect, it } from 'vitest'
import { seeClient } from '../../../src/gateway/handshake/seen-client.ts'

const socket = {
  getProtocol: () => 'TLSv1.3',
  getCipher: () => ({ name: 'TLS_AES_256_GCM_SHA384', standardName: '', version: 'TLSv1.3' }),
}
const GONE = { getProtocol: () => null, getCipher: () => undefined as never }

describe('a client that the gateway sees', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    // inet knows no zones (RFC 4007 §11)
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', undefined],
    ['', undefined],
  ])('at %s is at %s for PostgreSQL', (address, seen) => {
    expect(seeClient(socket, address).address).toBe(seen)
  })

  it('has the TLS version and the cipher of its connection', () => {
    expect(seeClient(socket, '203.0.113.7')).toMatchObject({
      tlsVersion: 'TLSv1.3',
      tlsCipher: 'TLS_AES_256_GCM_SHA384',
    })
  })

  it('that is gone before its backend is open has neither', () => {
    expect(seeClient(GONE, '203.0.113.7')).toEqual({
      address: '203.0.113.7',
      tlsVersion: undefined,
      tlsCipher: undefined,
    })
  })
})
