// What Node itself allows, and nothing else: TLS at an SSLRequest, then either a relay to a Unix socket or the answers of
// a login and of one query, asking nobody. Decides nothing, knows nobody, limits nothing. Started by bare-node.mjs with
// { key, chain, relayPort, loginPort, backend } as JSON.
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

const { key, chain, relayPort, loginPort, backend } = JSON.parse(process.argv[2])
const secureContext = createSecureContext({
  key: readFileSync(key),
  cert: readFileSync(chain),
  minVersion: 'TLSv1.3',
})
const ASK_FOR_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])
/** AuthenticationOk, BackendKeyData, ReadyForQuery. */
const OPEN = Buffer.from([
  ...[0x52, 0, 0, 0, 8, 0, 0, 0, 0],
  ...[0x4b, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2],
  ...[0x5a, 0, 0, 0, 5, 0x49],
])
/** RowDescription, DataRow, CommandComplete, ReadyForQuery of `SELECT 1`. */
const ONE = Buffer.from([
  ...[0x54, 0, 0, 0, 33, 0, 1, ...Buffer.from('?column?'), 0],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 0],
  ...[0x44, 0, 0, 0, 11, 0, 1, 0, 0, 0, 1, 0x31],
  ...[0x43, 0, 0, 0, 13, ...Buffer.from('SELECT 1'), 0],
  ...[0x5a, 0, 0, 0, 5, 0x49],
])

function listen(port, serve) {
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => {
      socket.write('S')
      const encrypted = new TLSSocket(socket, { isServer: true, secureContext })
      encrypted.on('error', () => encrypted.destroy())
      serve(encrypted)
    })
  }).listen(port, '127.0.0.1')
}

listen(relayPort, (client) => {
  const server = connect({ path: backend })
  server.on('error', () => server.destroy())
  for (const [from, to] of [
    [client, server],
    [server, client],
  ]) {
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.once('close', () => to.destroy())
  }
})

listen(loginPort, (client) => {
  const answers = [ASK_FOR_PASSWORD, OPEN, ONE]
  client.on('data', () => {
    const answer = answers.shift()
    if (answer === undefined) client.end()
    else client.write(answer)
  })
})
