/** The connection that carries the tokens of `lakegate psql` and `lakegate proxy`. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { afterEach, expect, it, vi } from 'vitest'
import { connectToGateway } from '../../src/cli/connect/gateway-connection.ts'
import { createTestAuthority } from '../stage/test-authority.ts'

const servers: net.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Consents to TLS, and shows a certificate of its authority for that host. */
async function gatewayFor(host: string) {
  const authority = await createTestAuthority()
  const issued = await authority.certificateFor(host)
  const secureContext = tls.createSecureContext({
    cert: issued.certificateChainPem,
    key: issued.privateKeyPem.reveal(),
  })
  const server = net.createServer((raw) => {
    raw.on('error', () => undefined)
    raw.once('data', () => {
      raw.write('S')
      new tls.TLSSocket(raw, { isServer: true, secureContext }).on('error', () => undefined)
    })
  })
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port, authority }
}

it('is made to a gateway that proves who it is', async () => {
  const { host, port, authority } = await gatewayFor('127.0.0.1')
  const connection = await connectToGateway({ host, port, ca: authority.caPem })
  expect(connection.authorized).toBe(true)
  connection.destroy()
})

it('is not made to another host, also where NODE_TLS_REJECT_UNAUTHORIZED says not to check', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  const { host, port, authority } = await gatewayFor('elsewhere.example.com')
  await expect(connectToGateway({ host, port, ca: authority.caPem })).rejects.toThrow(
    'The gateway cannot be reached',
  )
})
