/** behaviour 73: the relay parses nothing, and knows all the same who ended the session. Over real sockets. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { relay } from '../../../src/gateway/relay/relay.ts'
import { cstring, queryMessage, terminateMessage, typed } from '../../stage/byte-builder.ts'

const FAREWELL = typed('E', Buffer.concat([cstring('VFATAL'), cstring('C57P01'), Buffer.of(0)]))
const server = createServer()
afterEach(() => void server.close())

/** Two connected sockets. */
async function pair(): Promise<readonly [Socket, Socket]> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const near = connect(address.port, '127.0.0.1')
  const [far] = await accepted
  for (const socket of [near, far]) socket.on('error', () => undefined)
  return [near, far]
}

async function relayed(early: Buffer = Buffer.alloc(0)) {
  const [client, clientAtGateway] = await pair()
  const [backendAtGateway, backend] = await pair()
  client.resume()
  const heard = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      let seen = Buffer.alloc(0)
      backend.on('data', (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk])
        if (seen.length >= bytes.length) resolve()
      })
    })
  return { client, backend, heard, end: relay(clientAtGateway, backendAtGateway, early) }
}

describe('a relayed session', () => {
  it('that the backend ends says with which SQLSTATE', async () => {
    const { backend, end } = await relayed()
    backend.end(FAREWELL)
    expect(await end).toEqual({ reason: 'backend_ended', sqlstate: '57P01' })
  })

  it('that the backend ends behind more than a last word says that it did', async () => {
    const { backend, end } = await relayed()
    backend.end(Buffer.concat([Buffer.alloc(5000), FAREWELL]))
    expect(await end).toMatchObject({ reason: 'backend_ended' })
  })

  it('that a backend resets was ended by it', async () => {
    const { backend, end } = await relayed()
    backend.resetAndDestroy()
    expect(await end).toEqual({ reason: 'backend_ended', sqlstate: undefined })
  })

  it('whose client said goodbye was ended by the client, whoever closes first', async () => {
    const { client, backend, heard, end } = await relayed()
    const bytes = Buffer.concat([queryMessage('SELECT 1'), terminateMessage()])
    const isHeard = heard(bytes)
    client.write(bytes)
    await isHeard
    backend.end()
    expect(await end).toBeUndefined()
  })

  it('whose client said goodbye together with its password was ended by the client', async () => {
    const { backend, heard, end } = await relayed(terminateMessage())
    await heard(terminateMessage())
    backend.end()
    expect(await end).toBeUndefined()
  })

  it.each(['end', 'resetAndDestroy'] as const)(
    'that the client leaves by %s was ended by it',
    async (how) => {
      const { client, backend, end } = await relayed()
      backend.resume()
      client[how]()
      expect(await end).toBeUndefined()
    },
  )
})
