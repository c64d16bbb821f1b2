/**
 * behaviours 73, 74: a session that PostgreSQL ended, and neither its client nor Lakegate, is in the audit as well. A
 * Lakegate of its own, with one worker, so that records come in the order of the ends; its cluster crashes at the end.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type pg from 'pg'
import type { AuditAnswer } from '@lakegate/client'
import { scrape, valueOf } from '../stage/metrics.ts'
import { cut, pooledEndpointOf, startWithOneBackend } from '../stage/pooled-sessions.ts'
import {
  createRoleFor,
  createServicePrincipal,
  databaseClient,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let principal: TestServicePrincipal
let owner: pg.Client

beforeAll(async () => {
  lakegate = await startWithOneBackend()
  principal = await createServicePrincipal(lakegate, 'ended')
  await createRoleFor(lakegate, principal)
  owner = await databaseClient(lakegate, {
    user: lakegate.ready.admin_user,
    password: await mintCredential(lakegate.admin, lakegate.ready.instance.name),
  })
  await owner.connect()
  await owner.query(`GRANT "${principal.applicationId}" TO CURRENT_USER`)
})
afterAll(async () => {
  await owner.end()
  await lakegate.remove()
})

interface Session {
  readonly client: pg.Client
  readonly processId: number
  readonly closed: Promise<unknown>
}

async function openSession(instance = lakegate.ready.instance as { host: string; port: number }) {
  const login = { user: principal.applicationId, password: await principal.workspaceToken(), instance }
  const client = await databaseClient(lakegate, login)
  const closed = new Promise((resolve) => client.once('end', resolve))
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return { client, closed, processId: rows[0]?.pid ?? 0 } satisfies Session
}

const terminate = ({ processId }: Session) => owner.query('SELECT pg_terminate_backend($1)', [processId])

/** Of the ends of its sessions, the last first. */
const records = async () =>
  (
    await lakegate.admin.request<AuditAnswer>(
      'GET',
      `/api/2.0/lakegate/audit?event=end_session&identity_id=${principal.id}`,
    )
  ).records
/** What the audit has of the ends of sessions since the given length of it. */
const recordsBehind = async (seen: number) =>
  waitFor('the record of an end', async () => {
    const all = await records()
    return all.length > seen && all.slice(0, all.length - seen)
  })

describe('the audit of a session whose backend was terminated', () => {
  it('says who it was, from where, and with which SQLSTATE PostgreSQL took its leave', async () => {
    const seen = (await records()).length
    const session = await openSession()
    await terminate(session)
    await session.closed
    expect(await recordsBehind(seen)).toEqual([
      expect.objectContaining({
        outcome: 'admitted',
        reason: 'backend_ended',
        sqlstate: '57P01',
        identity_id: principal.id,
        identity_name: principal.applicationId,
        role: principal.applicationId,
        instance_uid: lakegate.ready.instance.uid,
        database: lakegate.ready.instance.database,
        client_address: expect.stringMatching(/^127\./) as string,
      }),
    ])
    const series = 'lakegate_sessions_ended_total{reason="backend_ended"}'
    expect(valueOf(await scrape(lakegate), series)).toBeGreaterThan(0)
  })

  it('has nothing of sessions whose clients said goodbye, or went without a word', async () => {
    const seen = (await records()).length
    const [polite, gone, ended] = [await openSession(), await openSession(), await openSession()]
    await polite.client.end()
    cut(gone.client)
    await waitFor('the end of both backends', async () => {
      const both = [polite.processId, gone.processId]
      return (await owner.query('SELECT FROM pg_stat_activity WHERE pid = ANY ($1)', [both])).rowCount === 0
    })
    await terminate(ended)
    await ended.closed
    expect(await recordsBehind(seen)).toHaveLength(1)
  })

  it('has one record of an end that somebody asked Lakegate for', async () => {
    const seen = (await records()).length
    const [asked, ended] = [await openSession(), await openSession()]
    const path = `/api/2.0/lakegate/instances/${lakegate.ready.instance.name}/sessions`
    const { sessions } = await lakegate.admin.request<{
      sessions: { session_id: string; backend_process_id?: number }[]
    }>('GET', path)
    const id = sessions.find(({ backend_process_id }) => backend_process_id === asked.processId)?.session_id
    await lakegate.admin.request('DELETE', `${path}/${String(id)}`)
    await asked.closed
    await recordsBehind(seen)
    await terminate(ended)
    await ended.closed
    const reasons = (await recordsBehind(seen + 1)).map(({ reason }) => reason)
    expect(reasons).toEqual(['backend_ended'])
  })
})

describe('the audit of a pooled session', () => {
  it('has the end of the backend under its transaction', async () => {
    const seen = (await records()).length
    const session = await openSession(pooledEndpointOf(lakegate))
    await session.client.query(`BEGIN; SET LOCAL idle_in_transaction_session_timeout = '10ms'`)
    await session.closed
    expect(await recordsBehind(seen)).toEqual([
      expect.objectContaining({ reason: 'backend_ended', sqlstate: '25P03', role: principal.applicationId }),
    ])
  })

  it('has nothing of one whose backend ended while it was idle: the next one serves it', async () => {
    const seen = (await records()).length
    const [idle, ended] = [await openSession(pooledEndpointOf(lakegate)), await openSession()]
    await terminate(idle)
    const backends = `lakegate_pool_backends{instance="${lakegate.ready.instance.uid}",state="idle"}`
    await waitFor('a pool without a backend', async () => valueOf(await scrape(lakegate), backends) === 0)
    await idle.client.query('SELECT 1')
    await idle.client.end()
    await terminate(ended)
    await ended.closed
    expect(await recordsBehind(seen)).toHaveLength(1)
  })
})

describe('the audit of a crash', () => {
  it('has the session whose backend crashed, and those that PostgreSQL ended for it (57P02)', async () => {
    const seen = (await records()).length
    const [crashed, bystander] = [await openSession(), await openSession()]
    // One that is still busy with sending its last answer (PqCommBusy in pqcomm.c) goes without a word.
    await waitFor('a backend that waits for its client', async () => {
      const { rowCount } = await owner.query(
        `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ClientRead'`,
        [bystander.processId],
      )
      return rowCount === 1
    })
    process.kill(crashed.processId, 'SIGKILL')
    await Promise.all([crashed.closed, bystander.closed])
    const found = await waitFor('both records', async () => {
      const all = await recordsBehind(seen)
      return all.length >= 2 && all
    })
    expect(found.map(({ reason, sqlstate = 'none' }) => `${reason ?? ''} ${sqlstate}`).sort()).toEqual([
      'backend_ended 57P02',
      'backend_ended none',
    ])
    // A stop in the middle of PostgreSQL's recovery takes long.
    await waitFor('the cluster to be back', () => openSession().catch(() => undefined))
  })
})
