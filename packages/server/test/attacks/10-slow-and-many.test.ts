/** Attacks 10, 11: those who never finish a login, and those who begin very many. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { passwordMessage, sslRequest, startupMessage } from '../stage/byte-builder.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { asOwner, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import {
  beginLogin,
  connectWire,
  connectWireOverTls,
  errorFields,
  type WireClient,
} from '../stage/wire-client.ts'
import { workersOf } from '../stage/workers.ts'

const DEADLINE = { LAKEGATE_LOGIN_DEADLINE_SECONDS: '2' }
let lakegate: OwnLakegate
/** All instances at one address, told apart by SNI; one worker, so that whoever crashes it is found out. */
let underDomain: OwnLakegate

beforeAll(async () => {
  ;[lakegate, underDomain] = await Promise.all([
    startOwnLakegate({ ...DEADLINE, LAKEGATE_LOGINS_PER_ADDRESS: '200' }),
    startOwnLakegate({
      ...DEADLINE,
      LAKEGATE_GATEWAY_DOMAIN: 'db.lakegate.example',
      LAKEGATE_GATEWAY_WORKERS: '1',
    }),
  ])
})
afterAll(async () => {
  await Promise.all([lakegate, underDomain].map((each) => each.remove()))
})

const logsIn = () => asOwner(lakegate, async (client) => (await client.query('SELECT 1')).rowCount)

interface State {
  readonly stopIn: () => Promise<WireClient>
  /** In the middle of a TLS handshake nothing can be said. */
  readonly isTold: boolean
}

const user = () => lakegate.ready.admin_user
const halfOfStartup = () => startupMessage([['user', user()]]).subarray(0, 6)
/** The header of a TLS record and of the ClientHello in it; RFC 8446, 4 and 5.1. */
const HALF_OF_CLIENT_HELLO = Buffer.from('1603010200010001fc0303', 'hex')

const STATES: Readonly<Record<string, State>> = {
  'before its first byte': { isTold: true, stopIn: () => connectWire(lakegate) },
  'within its startup packet': {
    isTold: true,
    async stopIn() {
      const client = await connectWire(lakegate)
      client.send(halfOfStartup())
      return client
    },
  },
  'when it could begin TLS': {
    isTold: false,
    async stopIn() {
      const client = await connectWire(lakegate)
      client.send(sslRequest())
      expect(await client.byte()).toBe('S')
      return client
    },
  },
  'inside TLS': { isTold: true, stopIn: () => connectWireOverTls(lakegate) },
  'when it is asked for the password': {
    isTold: true,
    async stopIn() {
      const client = await beginLogin(lakegate, [['user', user()]])
      expect((await client.next())?.type).toBe('R')
      return client
    },
  },
}

const atSharedAddress = () =>
  connectWire(underDomain, { host: '127.0.0.1', port: underDomain.ready.instance.port })

async function overTlsWithName(kind: 'direct' | 'requested'): Promise<WireClient> {
  const plain = await atSharedAddress()
  const servername = underDomain.ready.instance.host
  if (kind === 'direct') return plain.startTls({ servername, ALPNProtocols: ['postgresql'] })
  plain.send(sslRequest())
  expect(await plain.byte()).toBe('S')
  return plain.startTls({ servername })
}

async function upToPassword(client: WireClient): Promise<WireClient> {
  client.send(startupMessage([['user', user()]]))
  expect((await client.next())?.type).toBe('R')
  return client
}

const STATES_UNDER_A_DOMAIN: Readonly<Record<string, State>> = {
  'before its first byte': { isTold: true, stopIn: atSharedAddress },
  'within the ClientHello of direct TLS': {
    isTold: false,
    async stopIn() {
      const client = await atSharedAddress()
      client.send(HALF_OF_CLIENT_HELLO)
      return client
    },
  },
  'inside direct TLS': { isTold: true, stopIn: () => overTlsWithName('direct') },
  'within its startup packet inside direct TLS': {
    isTold: true,
    async stopIn() {
      const client = await overTlsWithName('direct')
      client.send(halfOfStartup())
      return client
    },
  },
  'when it is asked for the password inside direct TLS': {
    isTold: true,
    stopIn: async () => upToPassword(await overTlsWithName('direct')),
  },
  'inside requested TLS': { isTold: true, stopIn: () => overTlsWithName('requested') },
  'when it is asked for the password inside requested TLS': {
    isTold: true,
    stopIn: async () => upToPassword(await overTlsWithName('requested')),
  },
}

async function expectTimeIsOver({ stopIn, isTold }: State): Promise<void> {
  const messages = await (await stopIn()).untilClosed()
  expect(messages.map((message) => errorFields(message))).toEqual(
    isTold
      ? [expect.objectContaining({ C: '08006', M: 'Client handshake timeout.' }) as Record<string, string>]
      : [],
  )
}

describe.concurrent('a client that stops', () => {
  it.each(Object.entries(STATES))(
    '%s is told the time is over and closed (attack 10, behaviour 72)',
    (_where, state) => expectTimeIsOver(state),
  )

  it('with a reset in the middle of anything leaves the others served (attack 10)', async () => {
    for (const { stopIn } of Object.values(STATES)) (await stopIn()).reset()
    await expect(logsIn()).resolves.toBe(1)
  })
})

describe.concurrent('a client of a worker, with a server name, that stops', () => {
  it.each(Object.entries(STATES_UNDER_A_DOMAIN))(
    '%s is told the time is over and closed (attack 10, behaviour 72)',
    (_where, state) => expectTimeIsOver(state),
  )

  it('with a reset in the middle of anything leaves the same worker serving the others (attack 10)', async () => {
    const workers = await workersOf(underDomain.process.pid)
    expect(workers).toHaveLength(1)
    for (const { stopIn } of Object.values(STATES_UNDER_A_DOMAIN)) (await stopIn()).reset()
    const client = await upToPassword(await overTlsWithName('direct'))
    client.send(passwordMessage(await mintCredential(underDomain.admin, underDomain.ready.instance.name)))
    const authenticationOk = await client.next()
    expect([authenticationOk?.type, authenticationOk?.body.readInt32BE()]).toEqual(['R', 0])
    client.close()
    expect(await workersOf(underDomain.process.pid)).toEqual(workers)
  })
})

describe('an address that begins very many logins', () => {
  it('gets 53300 for those above its cap, and is served again when the others have gone (attack 11)', async () => {
    const clients = await Promise.all(Array.from({ length: 400 }, () => connectWire(lakegate)))
    const refused = await Promise.all(
      clients.map(async (client) => {
        const [message] = await client.untilClosed()
        return message === undefined ? 'nothing' : errorFields(message)['C']
      }),
    )
    expect(refused.filter((code) => code === '53300').length).toBe(200)
    // The rest waited until the deadline.
    expect(refused.filter((code) => code === '08006').length).toBe(200)
    await expect(waitFor('a login', logsIn)).resolves.toBe(1)
  })
})

describe('very many logins under way at the same time', () => {
  it('are nothing that the log warns of', async () => {
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => beginLogin(lakegate, [['user', user()]])),
    )
    for (const client of clients) expect((await client.next())?.type).toBe('R')
    for (const client of clients) client.close()
    expect(lakegate.output()).not.toContain('MaxListenersExceededWarning')
  })
})
