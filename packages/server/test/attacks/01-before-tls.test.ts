/** Attacks 1–7: what is said before TLS, or as if there were TLS, opens nothing and is answered plainly. */
import { once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectOverTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import {
  gssEncryptionRequest,
  passwordMessage,
  sslRequest,
  startupMessage,
  terminateMessage,
} from '../stage/byte-builder.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { beginLogin, connectWire, connectWireOverTls, errorFields } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
const { admin_user } = lakegate.ready
const startup = startupMessage([['user', admin_user]])

describe('a client without TLS', () => {
  it('gets the documented FATAL and is asked for nothing (attack 1, behaviour 14)', async () => {
    const client = await connectWire(lakegate)
    client.send(startup)
    const messages = await client.untilClosed()
    expect(messages.map(({ type }) => type)).toEqual(['E'])
    expect(errorFields(messages[0])).toEqual({
      S: 'FATAL',
      V: 'FATAL',
      C: '08P01',
      M: 'Invalid protocol version. Protocol version: 196608',
      D: 'Ensure that connection is using SSL. Try using `sslmode=require` in the connection string.',
    })
  })

  it('that sends its password unasked gets no other answer (attack 2)', async () => {
    const client = await connectWire(lakegate)
    client.send(startup, passwordMessage('a token'))
    expect((await client.untilClosed()).map((message) => errorFields(message)['C'])).toEqual(['08P01'])
  })
})

describe('a man in the middle', () => {
  /** As PostgreSQL 17 and later: TLS is begun, and what came in clear is no TLS. */
  it.each([
    ['a startup message', startup],
    ['a startup message and a password', Buffer.concat([startup, passwordMessage('a token')])],
    ['a goodbye', terminateMessage()],
    ['a second SSLRequest', sslRequest()],
  ])(
    'who adds %s to SSLRequest gets the S and nothing more (attack 3, CVE-2021-23214)',
    async (_what, added) => {
      const client = await connectWire(lakegate)
      client.send(Buffer.concat([sslRequest(), added]))
      expect(await client.byte()).toBe('S')
      expect(await client.untilClosed()).toEqual([])
    },
  )

  it('who adds bytes to GSSENCRequest and SSLRequest gets nothing more either (attack 3)', async () => {
    const client = await connectWire(lakegate)
    client.send(Buffer.concat([gssEncryptionRequest(), sslRequest(), startup]))
    expect(await client.byte()).toBe('N')
    expect(await client.byte()).toBe('S')
    expect(await client.untilClosed()).toEqual([])
  })

  it('who puts a message before the ClientHello of somebody else breaks the handshake (attack 3, CVE-2021-23214)', async () => {
    const client = await connectWire(lakegate)
    client.send(Buffer.concat([sslRequest(), startup]))
    expect(await client.byte()).toBe('S')
    await expect(client.startTls()).rejects.toThrow()
  })
})

describe('a client that does not wait for the answer to SSLRequest', () => {
  it('but goes on with the handshake is served, as by PostgreSQL 17 and later', async () => {
    const socket = connectPlainly(lakegate.ready.instance)
    await once(socket, 'connect')
    // The S comes before TLS, so that this end keeps it from the handshake.
    const behindTheAnswer = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        socket.write(chunk)
        // Both in one piece.
        socket.uncork()
        done()
      },
    })
    socket.cork()
    socket.write(sslRequest())
    const encrypted = connectOverTls({ socket: behindTheAnswer, rejectUnauthorized: false })
    let isAnswered = false
    socket.on('data', (chunk: Buffer) => {
      expect(isAnswered || chunk[0] === 'S'.charCodeAt(0)).toBe(true)
      behindTheAnswer.push(isAnswered ? chunk : chunk.subarray(1))
      isAnswered = true
    })
    await once(encrypted, 'secureConnect')
    encrypted.write(startup)
    expect(await once(encrypted, 'data')).toEqual([Buffer.from('520000000800000003', 'hex')])
    socket.destroy()
  })
})

describe('a request for encryption', () => {
  it('inside TLS ends the connection (attack 4)', async () => {
    const client = await connectWireOverTls(lakegate)
    client.send(sslRequest())
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })

  it('by GSS is declined once, then TLS is taken; a second one ends the connection (attack 4, CVE-2026-6479)', async () => {
    const client = await connectWire(lakegate)
    client.send(gssEncryptionRequest())
    expect(await client.byte()).toBe('N')
    client.send(sslRequest())
    expect(await client.byte()).toBe('S')
    client.close()
    const looping = await connectWire(lakegate)
    looping.send(gssEncryptionRequest())
    expect(await looping.byte()).toBe('N')
    looping.send(gssEncryptionRequest())
    expect(errorFields(await looping.next())).toMatchObject({ C: '08P01' })
    expect(await looping.next()).toBeUndefined()
  })
})

describe('direct TLS', () => {
  it('with ALPN postgresql leads to the question for the password (attack 5)', async () => {
    const client = await (await connectWire(lakegate)).startTls({ ALPNProtocols: ['postgresql'] })
    client.send(startup)
    expect(await client.next()).toEqual({ type: 'R', body: Buffer.of(0, 0, 0, 3) })
    client.close()
  })

  it('without ALPN is refused, so that no other protocol’s client talks to us (attack 5)', async () => {
    const client = await (await connectWire(lakegate)).startTls({})
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })

  it('with another protocol’s ALPN is refused in the handshake (attack 5)', async () => {
    const client = await connectWire(lakegate)
    await expect(client.startTls({ ALPNProtocols: ['http/1.1'] })).rejects.toThrow()
  })
})

describe('TLS', () => {
  it('below 1.2 is refused (attack 6)', async () => {
    await expect(
      connectWireOverTls(lakegate, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }),
    ).rejects.toThrow()
  })

  it.each([
    ['no server name', undefined],
    ['the name of somebody else', 'somebody.example'],
    ['the name localhost', 'localhost'],
  ])(
    'with %s reaches the instance of the address, which alone decides (attack 6)',
    async (_case, servername) => {
      const client = await connectWireOverTls(lakegate, servername === undefined ? {} : { servername })
      client.send(startup)
      expect(await client.next()).toEqual({ type: 'R', body: Buffer.of(0, 0, 0, 3) })
      client.close()
    },
  )
})

describe('another protocol', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
    ['an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n')],
    ['zeros', Buffer.alloc(64)],
    ['ones', Buffer.alloc(64, 0xff)],
  ])('is answered once and closed: %s (attack 7)', async (_what, bytes) => {
    const client = await connectWire(lakegate)
    client.send(bytes)
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })

  it('that only looks like TLS is closed, and the next client is served (attack 7)', async () => {
    const client = await connectWire(lakegate)
    client.send(Buffer.from([0x16, 3, 1, 0, 4, 1, 2, 3, 4, 5, 6, 7]))
    expect((await client.untilClosed()).filter(({ type }) => type === 'R')).toEqual([])
    const next = await beginLogin(lakegate, [['user', admin_user]])
    expect((await next.next())?.type).toBe('R')
    next.close()
  })
})

describe('a TLS session', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'over %s cannot be resumed: each connection proves the certificate anew',
    async (version) => {
      const connect = async (session?: Buffer) => {
        const plain = connectPlainly(lakegate.ready.instance)
        await once(plain, 'connect')
        plain.write(sslRequest())
        await once(plain, 'data')
        const socket = connectOverTls({
          ...{ socket: plain, rejectUnauthorized: false, minVersion: version, maxVersion: version },
          ...(session === undefined ? {} : { session }),
        })
        const sessions: Buffer[] = []
        socket.on('session', (given) => sessions.push(given))
        await once(socket, 'secureConnect')
        socket.write(startup)
        // The question for the password comes behind whatever the server gives for a resumption.
        await once(socket, 'data')
        const [isReused, ticket] = [socket.isSessionReused(), socket.getTLSTicket()]
        socket.destroy()
        return { session: sessions.at(-1) ?? socket.getSession(), isReused, ticket }
      }
      const first = await connect()
      // TLS 1.3 always gives something: here the number of a session that nobody keeps, and no sealed state.
      expect(first.ticket?.length ?? 0).toBeLessThanOrEqual(32)
      expect(await connect(first.session)).toMatchObject({ isReused: false })
    },
  )
})
