/** Attacks 10, 11: those who never finish a login, and those who begin very many. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sslRequest, startupMessage } from '../stage/byte-builder.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { asOwner } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import {
  beginLogin,
  connectWire,
  connectWireOverTls,
  errorFields,
  type WireClient,
} from '../stage/wire-client.ts'

let lakegate: RunningLakegate
let dataDirectory: string

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  lakegate = await startLakegate({
    dataDirectory,
    environment: { LAKEGATE_LOGIN_DEADLINE_SECONDS: '2' },
  })
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
})

const logsIn = () => asOwner(lakegate, async (client) => (await client.query('SELECT 1')).rowCount)

describe('a client that stops', () => {
  const user = () => lakegate.ready.admin_user
  const states: readonly (readonly [string, () => Promise<WireClient>])[] = [
    ['before its first byte', () => connectWire(lakegate)],
    [
      'within its startup packet',
      async () => {
        const client = await connectWire(lakegate)
        client.send(startupMessage([['user', user()]]).subarray(0, 6))
        return client
      },
    ],
    [
      'when it could begin TLS',
      async () => {
        const client = await connectWire(lakegate)
        client.send(sslRequest())
        expect(await client.byte()).toBe('S')
        return client
      },
    ],
    ['inside TLS', () => connectWireOverTls(lakegate)],
    [
      'when it is asked for the password',
      async () => {
        const client = await beginLogin(lakegate, [['user', user()]])
        expect((await client.next())?.type).toBe('R')
        return client
      },
    ],
  ]

  it.each(states)(
    '%s is told the time is over and closed (attack 10, behaviour 72)',
    async (_state, stopIn) => {
      const client = await stopIn()
      const messages = await client.untilClosed()
      // In the middle of a TLS handshake nothing can be said.
      for (const message of messages) {
        expect(errorFields(message)).toMatchObject({ C: '08006', M: 'Client handshake timeout.' })
      }
    },
  )

  it('with a reset in the middle of anything leaves the others served (attack 10)', async () => {
    for (const [, stopIn] of states) (await stopIn()).reset()
    await expect(logsIn()).resolves.toBe(1)
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
