/** A cluster of two hosts behind the gateway: its primary dies, the standby takes over, and the next login finds it. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  createAttachedRole,
  detach,
  inAttachedSession,
  loginOf,
  showInstance,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import { cancelRequest } from '../stage/byte-builder.ts'
import { startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import {
  createServicePrincipal,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWire } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
let primary: ForeignCluster
let standby: ForeignCluster
let attached: Attached
let principal: TestServicePrincipal

beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'failover')
  primary = await startForeignCluster()
  await primary.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  standby = await primary.addStandby()
  // The standby first: nothing but what the servers say tells which is which.
  attached = await attach(lakegate, 'failover', [standby, primary])
  await waitUntilAvailable(attached)
  await createAttachedRole(attached, principal)
})
afterAll(async () => {
  await detach(attached)
  await primary.stop()
})

const portOfSession = (): Promise<number | undefined> =>
  inAttachedSession(attached, principal, async (client) => {
    const { rows } = await client.query<{ port: number }>('SELECT inet_server_port() AS port')
    return rows[0]?.port
  })

describe('a login', () => {
  it('lands on the primary, though a standby is named first and answers', async () => {
    await expect(portOfSession()).resolves.toBe(primary.port)
  })

  it('can be cancelled through the gateway, over TLS to the primary', async () => {
    await inAttachedSession(attached, principal, async (client) => {
      const sleeping = expect(client.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' })
      await waitFor('the query to run', async () => {
        const rows = await primary.query("SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")
        return rows.length > 0
      })
      await cancel(client)
      await sleeping
    })
  })

  it('lands on the promoted standby when the primary was killed', async () => {
    await waitFor('the standby to have the role', async () => {
      const rows = await standby.query(
        'SELECT FROM pg_authid WHERE rolname = $1 AND rolpassword IS NOT NULL',
        [principal.applicationId],
      )
      return rows.length > 0
    })
    await primary.kill()
    await standby.promote()
    const port = await waitFor('a login', () => portOfSession().catch(() => undefined))
    expect(port).toBe(standby.port)
  })

  it('is refused with a retryable error while there is no primary, and the instance says that it is failing over', async () => {
    const login = await loginOf(attached, principal)
    await standby.kill()
    const refused = await refusedLogin(lakegate, login)
    expect(refused.code).toBe('57P03')
    await waitFor('FAILING_OVER', async () => (await showInstance(attached)).state === 'FAILING_OVER')
    expect((await showInstance(attached)).status_message).toContain('Lakegate goes on trying')
    await standby.start()
    await waitUntilAvailable(attached)
    await expect(portOfSession()).resolves.toBe(standby.port)
  })
})

/** As libpq's PQcancel does: another connection to where the session went, which is the gateway. */
async function cancel(client: pg.Client): Promise<void> {
  // node-postgres keeps BackendKeyData here; it is how its own cancel works.
  const { processID, secretKey } = client as pg.Client & {
    readonly processID: number
    readonly secretKey: number
  }
  const key = Buffer.alloc(4)
  key.writeInt32BE(secretKey)
  const { read_write_dns: host, read_write_port: port = 0 } = await showInstance(attached)
  const request = await connectWire(lakegate, { host, port })
  request.send(cancelRequest(processID, key))
  await request.untilClosed()
}
