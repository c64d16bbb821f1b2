/** src/protocol/startup.ts and frame.ts against bytes that were written by hand (attacks 8, 9, 12). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeErrorResponse } from '../../src/protocol/error-response.ts'
import { decodeFrame } from '../../src/protocol/frame.ts'
import { parseBackendReply } from '../../src/protocol/backend-reply.ts'
import { parseFrontendMessage } from '../../src/protocol/frontend.ts'
import { BACKEND, FRONTEND } from '../../src/protocol/message-types.ts'
import { agreeOnProtocol } from '../../src/protocol/protocol-version.ts'
import { decodeName, decodeStartupPacket, lastValue, type StartupPacket } from '../../src/protocol/startup.ts'
import {
  cancelRequest,
  cstring,
  gssEncryptionRequest,
  int32,
  PROTOCOL_3_0,
  PROTOCOL_3_2,
  sslRequest,
  startupMessage,
  typed,
  untyped,
} from '../stage/byte-builder.ts'

const decode = (bytes: Buffer): StartupPacket => {
  const decoded = decodeStartupPacket(bytes)
  if (decoded.outcome !== 'message') throw new Error(`it is no message: ${JSON.stringify(decoded)}`)
  return decoded.message
}
const startup = (...parameters: readonly (readonly [string | Buffer, string | Buffer])[]) => {
  const packet = decode(startupMessage(parameters))
  if (packet.kind !== 'startup_message') throw new Error(packet.kind)
  return packet
}

describe('a startup packet', () => {
  it.each([
    ['SSLRequest', sslRequest(), { kind: 'ssl_request' }],
    ['GSSENCRequest', gssEncryptionRequest(), { kind: 'gss_encryption_request' }],
    [
      'CancelRequest',
      cancelRequest(4711, Buffer.of(1, 2, 3, 4)),
      { kind: 'cancel_request', processId: 4711, key: Buffer.of(1, 2, 3, 4) },
    ],
    [
      'a CancelRequest of protocol 3.2 with a key of 256 bytes',
      cancelRequest(4711, Buffer.alloc(256, 7)),
      { kind: 'cancel_request', processId: 4711, key: Buffer.alloc(256, 7) },
    ],
    [
      'StartupMessage',
      startupMessage([['user', 'ada']]),
      {
        kind: 'startup_message',
        version: { major: 3, minor: 0 },
        parameters: [{ name: 'user', value: Buffer.from('ada') }],
      },
    ],
    [
      'StartupMessage of protocol 2.0',
      untyped(Buffer.concat([int32(0x0002_0000), Buffer.alloc(288)])),
      { kind: 'unsupported_version', version: { major: 2, minor: 0 } },
    ],
  ])('is read whole, and what comes behind it stays: %s', (_name, bytes, expected) => {
    const decoded = decodeStartupPacket(Buffer.concat([bytes, Buffer.from('behind')]))
    expect(decoded).toEqual({ outcome: 'message', message: expected, length: bytes.length })
  })

  it('that is cut anywhere asks for more and says how much', () => {
    const bytes = startupMessage([
      ['user', 'ada'],
      ['database', 'databricks_postgres'],
    ])
    for (let length = 0; length < bytes.length; length += 1) {
      const decoded = decodeStartupPacket(bytes.subarray(0, length))
      expect(decoded).toEqual({ outcome: 'need_more', total: length < 4 ? 4 : bytes.length })
    }
  })

  it.each([0, 3, 4, 7, 10_001, 2 ** 31 - 1, -1, -(2 ** 31)])(
    'that claims a length of %i is refused when no more than that is known (attack 8)',
    (length) => {
      expect(decodeStartupPacket(int32(length))).toMatchObject({ outcome: 'violation' })
    },
  )

  it.each([
    ['a value without its NUL', Buffer.concat([int32(PROTOCOL_3_0), cstring('user'), Buffer.from('ada')])],
    ['no terminator', Buffer.concat([int32(PROTOCOL_3_0), cstring('user'), cstring('ada')])],
    ['a name without a value', Buffer.concat([int32(PROTOCOL_3_0), cstring('user'), Buffer.of(0)])],
    ['bytes behind the terminator', Buffer.concat([int32(PROTOCOL_3_0), Buffer.of(0), Buffer.from('x')])],
    ['an SSLRequest with a body', Buffer.concat([int32(80877103), Buffer.of(0)])],
    ['a cancel key of 3 bytes', Buffer.concat([int32(80877102), int32(1), Buffer.alloc(3)])],
    ['a cancel key of 257 bytes', Buffer.concat([int32(80877102), int32(1), Buffer.alloc(257)])],
  ])('with %s is refused (attack 9)', (_what, body) => {
    expect(decodeStartupPacket(untyped(body))).toMatchObject({ outcome: 'violation' })
  })

  it('may name a parameter twice; the last one wins, as in PostgreSQL', () => {
    expect(lastValue(startup(['user', 'a'], ['user', 'b']), 'user')).toEqual(Buffer.from('b'))
  })

  it('keeps the bytes of a value that is not UTF-8, and such a name is none', () => {
    const value = lastValue(startup(['user', Buffer.of(0xff, 0xfe)]), 'user')
    expect(value).toEqual(Buffer.of(0xff, 0xfe))
    expect(decodeName(Buffer.of(0xff, 0xfe))).toBeUndefined()
  })

  it('with a longer name than PostgreSQL keeps means the first 63 bytes, never half a character', () => {
    expect(decodeName(Buffer.from('x'.repeat(80)))).toBe('x'.repeat(63))
    expect(decodeName(Buffer.from('ä'.repeat(40)))).toBe('ä'.repeat(31))
  })

  it('is answered with what we speak when it asks for more (attack 12)', () => {
    const packet = decode(startupMessage([['_pq_.unknown', '1']], 0x0003_270f))
    if (packet.kind !== 'startup_message') throw new Error(packet.kind)
    expect(agreeOnProtocol(packet)).toEqual({
      version: { major: 3, minor: 2 },
      negotiation: typed('v', Buffer.concat([int32(PROTOCOL_3_2), int32(1), cstring('_pq_.unknown')])),
    })
  })
})

describe('a message with a type', () => {
  it('that is cut anywhere asks for more', () => {
    const bytes = typed('p', cstring('a token'))
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeFrame(bytes.subarray(0, length), 1000)).toMatchObject({ outcome: 'need_more' })
    }
    expect(decodeFrame(bytes, 1000)).toMatchObject({ outcome: 'message', length: bytes.length })
  })

  it.each([0, 3, 1001, 2 ** 31 - 1, -1])('that claims a length of %i is refused (attack 8)', (length) => {
    expect(decodeFrame(typed('p', Buffer.alloc(0), length), 1000)).toMatchObject({ outcome: 'violation' })
  })

  it.each([
    ['a password without its NUL', FRONTEND.passwordMessage, Buffer.from('token')],
    ['a password with bytes behind its NUL', FRONTEND.passwordMessage, Buffer.from('token\0more')],
    ['a Terminate with a body', FRONTEND.terminate, Buffer.of(1)],
  ])('with the wrong body is none: %s', (_what, type, body) => {
    expect(parseFrontendMessage({ type, body })).toBeUndefined()
  })

  it.each([
    ['an authentication request that is cut', BACKEND.authentication, Buffer.of(0, 0)],
    ['an AuthenticationOk that goes on', BACKEND.authentication, Buffer.of(0, 0, 0, 0, 1)],
  ])('of a backend with the wrong body is none: %s (attack 15)', (_what, type, body) => {
    expect(parseBackendReply({ type, body })).toBeUndefined()
  })

  it('of a backend that reports an error without SQLSTATE is read all the same (attack 15)', () => {
    expect(decodeErrorResponse(Buffer.from('SFATAL\0Mwhy\0\0'))).toEqual({
      severity: 'FATAL',
      sqlstate: undefined,
      message: 'why',
    })
    expect(decodeErrorResponse(Buffer.from('C28000'))).toMatchObject({ sqlstate: undefined })
  })
})

describe('bytes of a stranger', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  /** Random bytes rarely get past the length; these begin plausibly. */
  const plausible = fc
    .tuple(fc.constantFrom(0x0003_0000, 0x0003_0002, 80877102, 80877103, 80877104, 0x0002_0000), bytes)
    .map(([code, body]) => untyped(Buffer.concat([int32(code), body])))

  it('are a message, too few, or a violation; nothing else happens', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, plausible), (input) => {
        expect(['message', 'need_more', 'violation']).toContain(decodeStartupPacket(input).outcome)
        const frame = decodeFrame(input, 200)
        expect(['message', 'need_more', 'violation']).toContain(frame.outcome)
        if (frame.outcome === 'message') {
          parseFrontendMessage(frame.message)
          parseBackendReply(frame.message)
        }
        decodeErrorResponse(input)
      }),
      { numRuns: 3000, seed: 20261124 },
    )
  })
})
