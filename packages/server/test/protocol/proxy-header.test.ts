/** PROXY protocol v2, with what a hostile or broken balancer may send. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeProxyHeader } from '../../src/protocol/proxy-header.ts'
import { localHeader, proxiedFrom, proxyHeader } from '../stage/proxy-header.ts'

const outcomeOf = (bytes: Buffer) => decodeProxyHeader(bytes).outcome

describe('a PROXY protocol header', () => {
  it('of TCP over IPv4 names the client, and only its own bytes are taken', () => {
    const header = proxiedFrom('203.0.113.7', 1234)
    expect(decodeProxyHeader(Buffer.concat([header, Buffer.from('next')]))).toEqual({
      outcome: 'message',
      message: { source: { address: '203.0.113.7', port: 1234 } },
      length: header.length,
    })
  })

  it('of TCP over IPv6 names the client in the one spelling of its address, extensions are skipped', () => {
    const addresses = Buffer.alloc(36)
    addresses.set([0x20, 0x01, 0x0d, 0xb8], 0)
    addresses.writeUInt8(7, 15)
    addresses.writeUInt16BE(1234, 32)
    const extension = Buffer.from([0x04, 0x00, 0x01, 0x00])
    expect(decodeProxyHeader(proxyHeader(0x21, 0x21, Buffer.concat([addresses, extension])))).toMatchObject({
      message: { source: { address: '2001:db8::7', port: 1234 } },
    })
  })

  it('of an IPv4 client within TCP over IPv6 names it as IPv4, so that it is not one with all others', () => {
    const addresses = Buffer.alloc(36)
    addresses.set([0xff, 0xff, 203, 0, 113, 7], 10)
    expect(decodeProxyHeader(proxyHeader(0x21, 0x21, addresses))).toMatchObject({
      message: { source: { address: '203.0.113.7' } },
    })
  })

  it('of the balancer itself (LOCAL) names nobody', () => {
    expect(decodeProxyHeader(localHeader())).toMatchObject({ message: { source: undefined } })
  })

  it('that is not all there yet is waited for, byte by byte', () => {
    const header = proxiedFrom('203.0.113.7')
    for (let length = 0; length < header.length; length += 1)
      expect(outcomeOf(header.subarray(0, length))).toBe('need_more')
  })

  it.each([
    ['version 1', Buffer.from('PROXY TCP4 203.0.113.7 127.0.0.1 1 2\r\n')],
    ['a startup packet', Buffer.from('00000008', 'hex')],
    ['another version', proxyHeader(0x11, 0x11, Buffer.alloc(12))],
    ['an unknown command', proxyHeader(0x22, 0x11, Buffer.alloc(12))],
    ['UDP', proxyHeader(0x21, 0x12, Buffer.alloc(12))],
    ['a Unix socket', proxyHeader(0x21, 0x31, Buffer.alloc(216))],
    ['no addresses', proxyHeader(0x21, 0x11, Buffer.alloc(11))],
    ['a length that nobody needs', proxyHeader(0x21, 0x11, Buffer.alloc(0), 65_535)],
  ])('is not %s', (_what, bytes) => {
    expect(outcomeOf(bytes)).toBe('violation')
  })

  it('of any bytes is judged, and never asks for more than it may be long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, isSigned) => {
        const input = isSigned ? Buffer.concat([localHeader().subarray(0, 12), bytes]) : Buffer.from(bytes)
        const decoded = decodeProxyHeader(input)
        if (decoded.outcome === 'need_more') expect(decoded.total).toBeLessThanOrEqual(16 + 1024)
        if (decoded.outcome === 'message') expect(decoded.length).toBeLessThanOrEqual(input.length)
      }),
    )
  })
})
