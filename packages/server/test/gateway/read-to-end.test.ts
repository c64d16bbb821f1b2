/** Attack 60: what a backend said before it went is read to its end. Over real sockets, as PostgreSQL closes them. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect as connectOverTls, createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readToEnd } from '../../src/gateway/read-to-end.ts'
import { relay } from '../../src/gateway/relay/relay.ts'
import { cstring, queryMessage, typed } from '../stage/byte-builder.ts'
import { createTestAuthority } from '../stage/test-authority.ts'

const FAREWELL = typed('E', Buffer.concat([cstring('VFATAL'), cstring('C08P01'), Buffer.of(0)]))

let directory: string
let certificate: { readonly cert: string; readonly key: string }
const servers: Server[] = []
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-read-to-end-'))
  const files = { certificate: path.join(directory, 'cert.pem'), key: path.join(directory, 'key.pem') }
  await (await createTestAuthority()).issue('127.0.0.1', files)
  certificate = { cert: await readFile(files.certificate, 'utf8'), key: await readFile(files.key, 'utf8') }
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => rm(directory, { recursive: true, force: true }))

interface Pair {
  /** At the gateway. */
  readonly near: Socket
  /** PostgreSQL's end, and the bare connection below it. */
  readonly far: Socket
  readonly bare: Socket
}

/** As an embedded instance is reached. */
async function overUnixSocket(): Promise<Pair> {
  const server = createServer()
  servers.push(server)
  await once(server.listen(path.join(directory, `${String(Math.random())}.sock`)), 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const near = readToEnd(connect({ path: server.address() as string }))
  const [far] = await accepted
  far.on('error', () => undefined)
  near.on('error', () => undefined)
  return { near, far, bare: far }
}

/** As an attached one is reached. */
async function overTls(): Promise<Pair> {
  const server = createServer()
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const plain = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [bare] = await accepted
  bare.on('error', () => undefined)
  const far = new TLSSocket(bare, { isServer: true, secureContext: createSecureContext(certificate) })
  far.on('error', () => undefined)
  const near = readToEnd(connectOverTls({ socket: plain, rejectUnauthorized: false }))
  near.on('error', () => undefined)
  await once(near, 'secureConnect')
  return { near, far, bare }
}

/** Everything that comes until the socket is closed. */
async function heard(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** Says its last word and closes with bytes unread, as a PostgreSQL process that ends. */
async function endSession({ near, far, bare }: Pair, lastWord: Buffer): Promise<void> {
  far.pause()
  near.write(Buffer.from('a query that nobody reads'))
  await new Promise<void>((resolve) => {
    far.write(lastWord, () => {
      resolve()
    })
  })
  bare.destroy()
}

describe.each([
  ['a Unix socket', overUnixSocket],
  ['TLS', overTls],
])('a backend reached by %s', (_name, open) => {
  it('is read to its last word by one who writes to it when it has gone', async () => {
    const pair = await open()
    await endSession(pair, FAREWELL)
    for (let count = 0; count < 3; count += 1) pair.near.write(Buffer.alloc(65_536))
    expect(await heard(pair.near)).toBe(FAREWELL.toString('latin1'))
  })

  it('is read to its last word by one who reads late', async () => {
    const pair = await open()
    pair.near.pause()
    await endSession(pair, FAREWELL)
    await new Promise((resolve) => pair.near.write('more', resolve))
    pair.near.resume()
    expect(await heard(pair.near)).toBe(FAREWELL.toString('latin1'))
  })

  it('is closed behind its last word, whatever is still to be written', async () => {
    const pair = await open()
    const written = new Promise((resolve) => pair.near.write(Buffer.alloc(8 * 1024 * 1024), resolve))
    await endSession(pair, FAREWELL)
    pair.near.resume()
    await written
    if (!pair.near.closed) await once(pair.near, 'close')
    expect(pair.near.destroyed).toBe(true)
  })
})

describe('a relayed session', () => {
  it('passes the last word of a backend that has gone before the client’s next message', async () => {
    const backend = await overUnixSocket()
    const client = await overUnixSocket()
    await endSession(backend, FAREWELL)
    const end = relay(client.near, backend.near, queryMessage('SELECT 1'))
    expect(await heard(client.far)).toBe(FAREWELL.toString('latin1'))
    expect(await end).toEqual({ reason: 'backend_ended', sqlstate: '08P01' })
  })

  it('goes on reading a client whose backend has gone, so that it comes to the end too', async () => {
    const backend = await overUnixSocket()
    const client = await overUnixSocket()
    const end = relay(client.near, backend.near, Buffer.alloc(0))
    const sent = new Promise((resolve) => client.far.write(Buffer.alloc(8 * 1024 * 1024), resolve))
    await endSession(backend, FAREWELL)
    expect(await heard(client.far)).toBe(FAREWELL.toString('latin1'))
    await sent
    expect(await end).toEqual({ reason: 'backend_ended', sqlstate: '08P01' })
  })
})
