/**
 * Attack 11, issue 12 C: a thousand clients that come at the same moment, from few addresses, are served or read why not, and
 * whoever comes afterwards is served; on every runtime that may serve.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { passwordMessage, queryMessage, sslRequest, startupMessage } from '../stage/byte-builder.ts'
import { GATEWAY_RUNTIME_HERE } from '../stage/gateway-runtimes.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { directWire, pooledEndpointOf, pooledWire } from '../stage/pooled-sessions.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { connectWire, errorFields, type WireClient } from '../stage/wire-client.ts'
import { workersOf } from '../stage/workers.ts'

const CLIENTS = 1_000
const ADDRESSES = 10
const addressOf = (client: number) => `127.7.7.${String((client % ADDRESSES) + 1)}`

/** What a client reads instead of an answer: the limit of connections, or that its login took too long. */
const IN_WORDS = ['53300', '08006']

// `npm test` tries the default, `npm run test:gateway-on-node` the other one.
describe.each([GATEWAY_RUNTIME_HERE])('with workers on %s', (gatewayRuntime) => {
  describe('the gateway', () => {
    let lakegate: OwnLakegate
    let login: { readonly user: string; readonly password: string }
    beforeAll(async () => {
      lakegate = await startOwnLakegate({ LAKEGATE_GATEWAY_RUNTIME: gatewayRuntime })
      const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
      login = { user: lakegate.ready.admin_user, password }
    })
    afterAll(() => lakegate.remove())

    const ENDPOINTS = {
      direct: { at: () => lakegate.ready.instance, open: directWire },
      pooled: { at: () => pooledEndpointOf(lakegate), open: pooledWire },
    } as const

    /** @returns `served`, the code of its refusal, or what came instead */
    async function outcomeOf(at: { host: string; port: number }, client: number): Promise<string> {
      const plain = await connectWire(lakegate, { ...at, localAddress: addressOf(client) })
      plain.send(sslRequest())
      const answer = await plain.byte()
      if (answer === 'E') return (await refusalInClear(plain)) ?? 'nothing'
      if (answer !== 'S') return `no answer to SSLRequest: ${String(answer)}`
      const wire = await plain.startTls()
      wire.send(
        startupMessage([
          ['user', login.user],
          ['database', lakegate.ready.instance.database],
        ]),
        passwordMessage(login.password),
        queryMessage('SELECT 1'),
      )
      let letters = ''
      try {
        for (let message = await wire.next(); message !== undefined; message = await wire.next()) {
          if (message.type === 'E') return errorFields(message)['C'] ?? 'no code'
          letters += message.type
          if (/Z.*Z/.test(letters)) return 'served'
        }
        return `closed after ${letters}`
      } finally {
        wire.close()
      }
    }

    describe.each(['direct', 'pooled'] as const)('a thousand clients of the %s endpoint', (endpoint) => {
      it('that come at once are served, or read why not; and the next is served', async () => {
        const { at, open } = ENDPOINTS[endpoint]
        const workers = await workersOf(lakegate.process.pid)
        const outcomes = await Promise.all(
          Array.from({ length: CLIENTS }, (_, client) =>
            outcomeOf(at(), client).catch((error: unknown) => String(error)),
          ),
        )
        const counts = new Map<string, number>()
        for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
        expect(
          [...counts.keys()].filter((outcome) => outcome !== 'served' && !IN_WORDS.includes(outcome)),
        ).toEqual([])
        expect(counts.get('served')).toBeGreaterThan(0)
        const next = await open(lakegate, login)
        next.send(queryMessage('SELECT 1'))
        await next.untilReady()
        next.close()
        expect(await workersOf(lakegate.process.pid)).toEqual(workers)
      })
    })
  })
})

/** The E was read already; what follows is the rest of an ErrorResponse. */
async function refusalInClear(client: WireClient): Promise<string | undefined> {
  const rest: string[] = []
  for (let byte = await client.byte(); byte !== undefined; byte = await client.byte()) rest.push(byte)
  return /\0C([0-9A-Z]{5})\0/.exec(rest.join(''))?.[1]
}
