/** src/protocol/oauthbearer.ts against RFC 7628 and what PostgreSQL 18 takes and refuses. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBearerFailure,
  isBearerAcknowledgement,
  parseBearerResponse,
} from '../../src/protocol/oauthbearer.ts'

const parse = (text: string) => parseBearerResponse(Buffer.from(text, 'latin1'))

describe('a client response of OAUTHBEARER', () => {
  it.each([
    ['n,,\x01auth=Bearer a.b-c_d~e+f/g==\x01\x01', 'a.b-c_d~e+f/g=='],
    ['y,,\x01auth=bearer   abc\x01\x01', 'abc'],
    ['n,,\x01host=server\x01port=5432\x01auth=BEARER abc\x01\x01', 'abc'],
  ])('%j has a token', (text, token) => {
    expect(parse(text)).toEqual({ kind: 'token', token })
  })

  it('without a token asks where one is to be had (RFC 7628 §4.3)', () => {
    expect(parse('n,,\x01auth=\x01\x01')).toEqual({ kind: 'discovery' })
  })

  it.each([
    ['', 'nothing'],
    ['n,,', 'no pairs'],
    ['n,,\x01\x01', 'no auth'],
    ['n,,\x01auth=Bearer abc\x01', 'no end'],
    ['n,,\x01auth=Bearer abc\x01\x01x', 'more behind the end'],
    ['n,,\x01auth=Bearer abc\x01auth=Bearer abd\x01\x01', 'two tokens'],
    ['n,,\x01auth=Bearer a b\x01\x01', 'a token with a blank'],
    ['n,,\x01auth=Basic abc\x01\x01', 'another scheme'],
    ['n,,\x01auth=Bearer\x01\x01', 'a scheme without a token'],
    ['n,,\x01auth=Bearer a\0\x01\x01', 'a NUL'],
    ['n,a=admin,\x01auth=Bearer abc\x01\x01', 'an authorization identity'],
    ['p=tls-unique,,\x01auth=Bearer abc\x01\x01', 'channel binding'],
    ['n,,\x01a1=x\x01auth=Bearer abc\x01\x01', 'a key with a digit'],
  ])('%j is malformed: %s', (text) => {
    expect(parse(text).kind).toBe('malformed')
  })

  it('never throws on foreign bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(parseBearerResponse(Buffer.from(bytes)).kind).toBe('malformed')
      }),
    )
  })
})

describe('the failure', () => {
  it('names our own issuer, in the form that libpq takes', () => {
    const issuer = 'https://lakegate.example/oidc'
    expect(JSON.parse(formatBearerFailure({ issuer, scope: 'postgres' }).toString())).toEqual({
      status: 'invalid_token',
      'openid-configuration': `${issuer}/.well-known/openid-configuration`,
      scope: 'postgres',
    })
  })

  it('is acknowledged by one byte and nothing else', () => {
    expect(isBearerAcknowledgement(Buffer.of(1))).toBe(true)
    for (const other of ['', '\x01\x01', '\0', 'n,,\x01']) {
      expect(isBearerAcknowledgement(Buffer.from(other))).toBe(false)
    }
  })
})
