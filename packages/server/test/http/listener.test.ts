/** One port for HTTP in clear and over TLS (issue 10, C20): the first byte tells, and every connection ends in order. */
import { once } from 'node:events'
import { Agent, request as askInClear, type IncomingMessage, type RequestListener } from 'node:http'
import { Agent as TlsAgent, request as askOverTls } from 'node:https'
import { connect as connectInClear, createServer, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectOverTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeConnection } from '../../src/gateway/close-connection.ts'
import { createSecureContexts } from '../../src/gateway/listening/secure-contexts.ts'
import type { EndpointTimeouts } from '../../src/http/endpoint.ts'
import { openHttpListener, type HttpListener } from '../../src/http/listener.ts'
import { createTestAuthority, type TestAuthority } from '../stage/test-authority.ts'
import { IN_ORDER, tapInto, type TlsTap } from '../stage/tls-tap.ts'
import { waitFor } from '../stage/wait-for.ts'

const HOST = '127.0.0.1'
const IMPATIENT = { stopMs: 50 }
let authority: TestAuthority
let listener: HttpListener
const sockets: Socket[] = []
const taps: TlsTap[] = []

beforeAll(async () => {
  authority = await createTestAuthority()
})

/** Says what it was asked, and whether over TLS; below `/slow` it begins and waits to be told to end, `/refused` hears nothing. */
const slow: { finish: (() => void)[] } = { finish: [] }
const handle: RequestListener = (request, response) => {
  const end = async () => {
    const body = await text(request)
    response.end(`${'encrypted' in request.socket ? 'tls' : 'clear'} ${request.method ?? ''} ${body}`)
  }
  if (request.url === '/refused') {
    response.writeHead(400, { connection: 'close' }).end('refused')
    return
  }
  if (request.url !== '/slow') {
    void end()
    return
  }
  response.write('begun ')
  slow.finish.push(() => void end())
}

function secure(to: HttpListener): void {
  const contexts = createSecureContexts(authority)
  to.secure({ contextFor: ({ address, serverName }) => contexts.contextFor(serverName ?? address) })
}

async function open(timeouts: Partial<EndpointTimeouts> = {}): Promise<HttpListener> {
  const opened = await openHttpListener({ host: HOST, port: 0, timeouts }, closeConnection)
  opened.serve(handle)
  return opened
}

beforeEach(async () => {
  slow.finish = []
  listener = await open()
  secure(listener)
})
afterEach(async () => {
  for (const tap of taps.splice(0)) tap.close()
  for (const socket of sockets.splice(0)) socket.destroy()
  await listener.close()
})
afterAll(() => {
  expect(sockets).toEqual([])
})

async function reopen(timeouts: Partial<EndpointTimeouts>): Promise<void> {
  await listener.close()
  listener = await open(timeouts)
  secure(listener)
}

async function inClear(): Promise<Socket> {
  const socket = connectInClear(listener.port, HOST)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

async function overTls(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectOverTls({ host: HOST, port: listener.port, ca: authority.caPem, ...options })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  return socket
}

const GET = `GET / HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`
const LAST_GET = `GET / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: close\r\n\r\n`

/** Through something that sees how the connection ends. */
async function tapped(): Promise<{ readonly tap: TlsTap; readonly socket: TLSSocket }> {
  const tap = await tapInto({ host: HOST, port: listener.port })
  taps.push(tap)
  return { tap, socket: await overTls({ port: tap.port, maxVersion: 'TLSv1.2' }) }
}
const endOf = ({ ends }: TlsTap) => waitFor('the end', () => Promise.resolve(ends[0]))

async function answerOf(socket: Socket, asked: string): Promise<string> {
  const [heard] = await Promise.all([once(socket, 'data'), Promise.resolve(socket.write(asked))])
  return String((heard as [Buffer])[0])
}

describe('one port', () => {
  it.each([
    ['in clear', inClear, 'clear GET'],
    ['over TLS', overTls, 'tls GET'],
  ])('answers %s, and keeps the connection', async (_how, connect, answer) => {
    const socket = await connect()
    for (let round = 0; round < 3; round += 1) expect(await answerOf(socket, GET)).toContain(answer)
    socket.write(LAST_GET)
    expect(await text(socket)).toMatch(/connection: close/i)
  })

  it.each([
    ['in clear', askInClear, 'clear', new Agent({ keepAlive: true })],
    ['over TLS', askOverTls, 'tls', new TlsAgent({ keepAlive: true })],
  ])('takes a body of a megabyte %s', async (_how, ask, answer, agent) => {
    const body = 'x'.repeat(1_000_000)
    const asked = ask({ host: HOST, port: listener.port, method: 'POST', ca: authority.caPem, agent })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(await text(response)).toBe(`${answer} POST ${body}`)
    agent.destroy()
  })

  it.each([
    ['in clear', inClear],
    ['over TLS', overTls],
  ])('hears out whoever is refused %s and still sends, and so reads why', async (_how, connect) => {
    const socket = await connect()
    const body = Buffer.alloc(20_000_000)
    socket.write(`POST /refused HTTP/1.1\r\nhost: ${HOST}\r\ncontent-length: ${String(body.length)}\r\n\r\n`)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).write(body, () => {
        resolve()
      })
    })
    expect(await text(socket)).toContain('refused')
  })

  it('loses nothing of what comes with the first byte, or long after it', async () => {
    const together = await inClear()
    together.write(GET + GET + LAST_GET)
    expect((await text(together)).split('clear GET')).toHaveLength(4)
    const slowly = await inClear()
    for (const byte of LAST_GET) {
      slowly.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await text(slowly)).toContain('clear GET')
  })

  it('takes a ClientHello byte by byte', async () => {
    const inBetween = createServer((client) => {
      const upstream = connectInClear(listener.port, HOST).setNoDelay()
      sockets.push(client, upstream)
      client.on('data', (chunk: Buffer) => {
        for (const byte of chunk) upstream.write(Buffer.of(byte))
      })
      upstream.pipe(client)
    })
    await once(inBetween.listen(0, HOST), 'listening')
    const socket = await overTls({ port: (inBetween.address() as AddressInfo).port })
    inBetween.close()
    expect(await answerOf(socket, GET)).toContain('tls GET')
  })

  it('shows the certificate of the name that is asked for, else of the address', async () => {
    const named = await overTls({ servername: 'one.example.com', checkServerIdentity: () => undefined })
    expect(named.getPeerCertificate().subjectaltname).toBe('DNS:one.example.com')
    expect((await overTls()).getPeerCertificate().subjectaltname).toContain(`IP Address:${HOST}`)
  })

  it('lets TLS wait until there are certificates', async () => {
    await listener.close()
    listener = await open()
    const waiting = overTls()
    const other = await inClear()
    expect(await answerOf(other, GET)).toContain('clear GET')
    secure(listener)
    expect(await answerOf(await waiting, GET)).toContain('tls GET')
  })
})

describe('TLS', () => {
  it.each([
    [['http/1.1', 'h2'], 'http/1.1'],
    [['h2', 'http/1.1'], 'http/1.1'],
    [['http/1.0'], 'http/1.0'],
  ])('of a client that offers %j speaks %s', async (offered, agreed) => {
    const socket = await overTls({ ALPNProtocols: offered })
    expect(socket.alpnProtocol).toBe(agreed)
  })

  it.each([{ ALPNProtocols: ['h2'] }, { ALPNProtocols: ['postgresql'] }, { maxVersion: 'TLSv1.1' as const }])(
    'of a client that offers %j is refused with an alert',
    async (options) => {
      const legacy =
        'maxVersion' in options ? { minVersion: 'TLSv1' as const, ciphers: 'ALL:@SECLEVEL=0' } : {}
      await expect(overTls({ ...options, ...legacy })).rejects.toThrow(/alert/)
    },
  )
})

describe('what is neither', () => {
  it('ends each connection, whatever it begins with, and nothing else', async () => {
    const beginnings = Array.from({ length: 256 }, (_, byte) =>
      Buffer.concat([Buffer.of(byte), Buffer.from('\x03\x01\x00\x05garbage\r\n\r\n\r\n')]),
    )
    for (const beginning of beginnings) {
      const socket = connectInClear(listener.port, HOST)
      socket.end(beginning)
      // An answer in clear, an alert, or nothing.
      await text(socket).catch(() => '')
    }
    expect(await answerOf(await inClear(), GET)).toContain('clear GET')
    expect(await answerOf(await overTls(), GET)).toContain('tls GET')
  })

  it('is told so in the shape of all errors', async () => {
    const socket = await inClear()
    socket.write('EHLO example.com\r\n\r\n')
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain('"error_code":"MALFORMED_REQUEST"')
  })

  it('too many headers are told so', async () => {
    const socket = await overTls()
    socket.write(`GET / HTTP/1.1\r\nhost: ${HOST}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 [\s\S]*16 KiB/)
  })

  it('a tunnel is not made', async () => {
    const socket = await inClear()
    socket.write(`CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 /)
  })

  it.each([
    ['silence', Buffer.alloc(0)],
    ['a handshake that stops', Buffer.of(0x16, 3, 1)],
  ])('%s is waited for, and not for ever', async (_what, beginning) => {
    await reopen({ beginMs: 50 })
    const socket = await inClear()
    socket.write(beginning)
    expect(await text(socket)).toBe('')
    expect(await answerOf(await inClear(), GET)).toContain('clear GET')
  })

  it('an end without a byte is answered with one', async () => {
    const socket = await inClear()
    socket.end()
    expect(await text(socket)).toBe('')
  })
})

describe('over TLS, the end is in order', () => {
  it('when the client asks for it', async () => {
    const { socket, tap } = await tapped()
    socket.write(LAST_GET)
    expect(await text(socket)).toContain('tls GET')
    expect(await endOf(tap)).toBe(IN_ORDER)
  })

  it('when the client ends', async () => {
    const { socket, tap } = await tapped()
    socket.end(GET)
    expect(await text(socket)).toContain('tls GET')
    expect(await endOf(tap)).toBe(IN_ORDER)
  })

  it('when a request is none', async () => {
    const { socket, tap } = await tapped()
    socket.write('nonsense\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await endOf(tap)).toBe(IN_ORDER)
  })

  it('when the headers never end', async () => {
    await reopen({ headersMs: 100 })
    const { socket, tap } = await tapped()
    socket.write('GET / HTTP/1.1\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /)
    expect(await endOf(tap)).toBe(IN_ORDER)
  })

  it('when the connection is not used any more', async () => {
    await reopen({ idleMs: 50 })
    const { socket, tap } = await tapped()
    socket.write(GET)
    expect(await text(socket)).toContain('tls GET')
    expect(await endOf(tap)).toBe(IN_ORDER)
  })

  it('when the headers say no host', async () => {
    const { socket, tap } = await tapped()
    socket.write('GET / HTTP/1.1\r\nhost: a b\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await endOf(tap)).toBe(IN_ORDER)
  })

  it('when the listener closes: idle connections at once, others behind their answers', async () => {
    const idle = await tapped()
    expect(await answerOf(idle.socket, GET)).toContain('tls GET')
    const unused = await tapped()
    const busy = await tapped()
    expect(await answerOf(busy.socket, `GET /slow HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`)).toContain('begun')
    const closed = listener.close()
    for (const { socket, tap } of [idle, unused]) {
      socket.resume()
      expect(await endOf(tap)).toBe(IN_ORDER)
    }
    expect(busy.tap.ends).toEqual([])
    const rest = text(busy.socket)
    for (const finish of slow.finish) finish()
    expect(await rest).toContain('tls GET')
    expect(await endOf(busy.tap)).toBe(IN_ORDER)
    await closed
  })

  it('when an answer is not finished in time, which its framing then shows', async () => {
    await reopen(IMPATIENT)
    const { socket, tap } = await tapped()
    expect(await answerOf(socket, `GET /slow HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`)).toContain('begun')
    const rest = text(socket)
    await listener.close()
    expect(await rest).not.toContain('0\r\n\r\n')
    expect(await endOf(tap)).toBe(IN_ORDER)
  })
})

it('an answer that ends with its connection ends without close_notify when it is not whole', async () => {
  await reopen(IMPATIENT)
  const { socket, tap } = await tapped()
  expect(await answerOf(socket, 'GET /slow HTTP/1.0\r\n\r\n')).toContain('begun')
  socket.resume()
  await listener.close()
  expect(await endOf(tap)).not.toBe(IN_ORDER)
})

describe('before there is anything to serve', () => {
  const STARTING_FILE = { type: 'text/css', body: 'a{}' }
  let starting: HttpListener
  beforeEach(async () => {
    starting = await openHttpListener(
      {
        host: HOST,
        port: 0,
        startingPage: {
          headers: { 'x-frame-options': 'DENY' },
          html: '<h1>Starting</h1>',
          files: new Map([['/style.css', STARTING_FILE]]),
        },
      },
      closeConnection,
    )
  })
  afterEach(() => starting.close())
  const ask = (path: string, headers: Readonly<Record<string, string>>, method = 'GET') =>
    fetch(`http://${HOST}:${String(starting.port)}${path}`, { method, headers })

  it('a person sees a page that is dressed, and a program reads JSON', async () => {
    const person = await ask('/console/compute', { accept: 'text/html,*/*;q=0.8' })
    expect(person.status).toBe(503)
    expect(person.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(person.headers.get('x-frame-options')).toBe('DENY')
    expect(await person.text()).toBe('<h1>Starting</h1>')
    expect(await (await ask('/style.css', {})).text()).toBe(STARTING_FILE.body)
    for (const [accept, method] of [
      ['*/*', 'GET'],
      ['text/html', 'POST'],
    ] as const) {
      const program = await ask('/api/2.0/x', { accept }, method)
      expect(program.status).toBe(503)
      expect(program.headers.get('retry-after')).toBe('1')
      expect(await program.json()).toMatchObject({ error_code: 'TEMPORARILY_UNAVAILABLE' })
    }
  })
})
