/**
 * Open sessions on an attached instance (docs/attached-instances.md): a stop and a deletion end them as they do on an
 * embedded one, though the cluster runs on, and only the backend that is meant is ever ended.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  createAttachedRole,
  detach,
  loginOf,
  showInstance,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { createServicePrincipal, inSession, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
let cluster: ForeignCluster
let attached: Attached
let principal: TestServicePrincipal

beforeAll(async () => {
  cluster = await startForeignCluster()
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  principal = await createServicePrincipal(lakegate, 'attached sessions')
  attached = await attach(lakegate, `sessions-${String(cluster.port)}`, [cluster])
  await waitUntilAvailable(attached)
  await createAttachedRole(attached, principal)
})
afterAll(async () => {
  await cluster.stop()
})

const setStopped = (stopped: boolean) =>
  lakegate.admin.request<DatabaseInstance>(
    'PATCH',
    `/api/2.0/database/instances/${attached.name}?update_mask=stopped`,
    { stopped },
  )

/** With what a client reads while it waits for nothing. */
async function whileIdle(
  work: (client: pg.Client) => Promise<unknown>,
  endpoint: 'direct' | 'pooled' = 'direct',
): Promise<pg.DatabaseError> {
  const login = await loginOf(attached, principal)
  const { pooled_dns: host = '', pooled_port: port = 0 } = await waitFor('the pooled endpoint', async () => {
    const instance = await showInstance(attached)
    return instance.pooled_port !== undefined && instance
  })
  return inSession(
    lakegate,
    endpoint === 'direct' ? login : { ...login, instance: { host, port } },
    async (client) => {
      await client.query('SELECT 1')
      const ended = new Promise<pg.DatabaseError>((resolve) => {
        client.once('error', (error) => {
          resolve(error as pg.DatabaseError)
        })
      })
      await work(client)
      return ended
    },
  )
}

describe('stopping', () => {
  it('ends the sessions with 57P01, and leaves the cluster and other sessions alone', async () => {
    const error = await whileIdle(async () => setStopped(true))
    expect(error).toMatchObject({ severity: 'FATAL', code: '57P01' })
    await waitFor('STOPPED', async () => (await showInstance(attached)).state === 'STOPPED')
    await expect(cluster.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }])
    await setStopped(false)
    await waitUntilAvailable(attached)
  })

  it('ends sessions of the pooled endpoint too', async () => {
    const error = await whileIdle(async () => setStopped(true), 'pooled')
    expect(error).toMatchObject({ severity: 'FATAL', code: '57P01' })
    await waitFor('STOPPED', async () => (await showInstance(attached)).state === 'STOPPED')
    await setStopped(false)
    await waitUntilAvailable(attached)
  })
})

describe('changing where the cluster is', () => {
  it('leaves sessions open', async () => {
    await inSession(lakegate, await loginOf(attached, principal), async (client) => {
      await lakegate.admin.request(
        'PATCH',
        `/api/2.0/database/instances/${attached.name}?update_mask=attached`,
        { attached: { administration: { password: ADMINISTRATOR.password } } },
      )
      await waitUntilAvailable(attached)
      await expect(client.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] })
    })
  })
})

describe('deletion, which comes last here', () => {
  it('ends the sessions with 57P01', async () => {
    const error = await whileIdle(async () => detach(attached))
    expect(error).toMatchObject({ severity: 'FATAL', code: '57P01' })
  })
})
