/** Attack 13, behaviour 71: a cancel request does what its key allows, and nothing else. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import { cancelRequest } from '../stage/byte-builder.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { asOwner, databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWire, connectWireOverTls } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
let token: string
beforeAll(async () => {
  token = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
})

/** A session in the middle of a long query, with the key that cancels it. */
async function sleepingSession() {
  const client = await databaseClient(lakegate, { user: lakegate.ready.admin_user, password: token })
  await client.connect()
  // node-postgres keeps BackendKeyData here; it is how its own cancel works.
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  const outcome = client.query('SELECT pg_sleep(600)').then(
    () => 'slept',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : 'failed'),
  )
  await waitFor('the long query', async () =>
    asOwner(lakegate, async (watcher) => {
      const { rowCount } = await watcher.query(
        `SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`,
        [processID],
      )
      return rowCount === 1
    }),
  )
  const key = Buffer.alloc(4)
  key.writeInt32BE(secretKey)
  return { client, processID, key, outcome }
}

const wrong = (key: Buffer) => Buffer.from(key.map((byte) => byte ^ 0xff))

describe('a cancel request', () => {
  it('with a guessed key, of any length, changes nothing; with the right key it cancels, in clear as libpq sends it', async () => {
    const session = await sleepingSession()
    for (const key of [wrong(session.key), Buffer.alloc(256, 1), Buffer.alloc(4)]) {
      const guess = await connectWire(lakegate)
      guess.send(cancelRequest(session.processID, key))
      expect(await guess.untilClosed()).toEqual([])
    }
    const stillRuns = await asOwner(lakegate, async (watcher) => {
      const { rowCount } = await watcher.query(
        `SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`,
        [session.processID],
      )
      return rowCount === 1
    })
    expect(stillRuns).toBe(true)
    const right = await connectWire(lakegate)
    right.send(cancelRequest(session.processID, session.key))
    expect(await right.untilClosed()).toEqual([])
    await expect(session.outcome).resolves.toBe('57014')
    await session.client.end()
  })

  it('inside TLS cancels as well', async () => {
    const session = await sleepingSession()
    const request = await connectWireOverTls(lakegate)
    request.send(cancelRequest(session.processID, session.key))
    expect(await request.untilClosed()).toEqual([])
    await expect(session.outcome).resolves.toBe('57014')
    await session.client.end()
  })

  it('that reaches another instance cancels nothing here', async () => {
    const other = await lakegate.admin.request<DatabaseInstance>('POST', '/api/2.0/database/instances', {
      name: 'cancel-elsewhere',
    })
    const { read_write_dns: host, read_write_port: port } = await waitFor('the other instance', async () => {
      const instance = await lakegate.admin.request<DatabaseInstance>(
        'GET',
        `/api/2.0/database/instances/${other.name}`,
      )
      return instance.state === 'AVAILABLE' ? instance : undefined
    })
    const session = await sleepingSession()
    const request = await connectWire(lakegate, { host, port: port ?? 0 })
    request.send(cancelRequest(session.processID, session.key))
    expect(await request.untilClosed()).toEqual([])
    const here = await connectWire(lakegate)
    expect(await Promise.race([session.outcome, Promise.resolve('still sleeps')])).toBe('still sleeps')
    here.send(cancelRequest(session.processID, session.key))
    await expect(session.outcome).resolves.toBe('57014')
    await session.client.end()
    await lakegate.admin.request('DELETE', `/api/2.0/database/instances/${other.name}`)
  })

  it('with the key of a session that has ended, many times over, leaves the listener serving', async () => {
    const session = await sleepingSession()
    const cancel = async () => {
      const request = await connectWire(lakegate)
      request.send(cancelRequest(session.processID, session.key))
      await request.untilClosed()
    }
    await cancel()
    await session.outcome
    await session.client.end()
    await Promise.all(Array.from({ length: 100 }, cancel))
    await expect(
      asOwner(lakegate, async (client) => (await client.query('SELECT 1')).rowCount),
    ).resolves.toBe(1)
  })
})
