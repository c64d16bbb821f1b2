// A server in Node that does nothing but TLS and a relay, or TLS and the answers of a login: the bound of what a gateway
// in Node can reach, beside the gateway.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { DATABASE, PASSWORD, USER } from './postgres.mjs'
import { startProgram, waitForPort } from './processes.mjs'

const SERVER = fileURLToPath(new URL('bare-node-server.mjs', import.meta.url))

/** @returns { relay, login, pids, stop }: where sessions are relayed, and where a login ends as soon as it has begun */
export async function startBareNode({ certificate, relayPort, loginPort, postgres }) {
  const backend = path.join(postgres.socketDirectory, `.s.PGSQL.${postgres.port}`)
  const program = startProgram(process.execPath, [
    SERVER,
    JSON.stringify({ ...certificate, relayPort, loginPort, backend }),
  ])
  await waitForPort(program, '127.0.0.1', loginPort, 'the bare Node server')
  const target = { host: '127.0.0.1', user: USER, password: PASSWORD, database: DATABASE }
  return {
    relay: { ...target, port: relayPort },
    login: { ...target, port: loginPort },
    pids: async () => [program.pid],
    stop: () => program.stop(),
  }
}
