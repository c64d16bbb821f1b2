/** Connections that Node takes of a socket that another process bound: as if the socket were its own. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import type { ClientStream } from '../../../src/gateway/streams/byte-stream.ts'
import { nodeStreams } from '../../../src/gateway/streams/node-streams.ts'

/** What Node itself keeps of the option. */
function hasNoDelay(stream: ClientStream): unknown {
  const symbol = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kSetNoDelay')
  return symbol === undefined ? undefined : (stream as unknown as Record<symbol, unknown>)[symbol]
}

it('a connection sends what it has at once, whatever the options of the socket that it came by', async () => {
  // As it comes over the pipe: without options.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const taken = new Promise<ClientStream>((resolve) => {
    nodeStreams.takeConnections(server, resolve)
  })
  const client: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const stream = await taken
  expect(hasNoDelay(stream)).toBe(true)
  client.destroy()
  stream.destroy()
  server.close()
})
