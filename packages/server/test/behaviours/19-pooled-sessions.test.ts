/**
 * behaviours 19, 45, 69 at the pooled endpoint, where sessions have no backend of their own: they are seen and ended by
 * who manages them, in whatever they are, and go with their instance.
 */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance, OpenSessionsAnswer } from '@lakegate/client'
import { queryMessage } from '../stage/byte-builder.ts'
import { pooledClient, pooledWire, startWithOneBackend } from '../stage/pooled-sessions.ts'
import {
  createPrincipalWithRole,
  inSession,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { watch, type WatchedSession } from '../stage/watched-session.ts'
import { isActive, waitUntilActive } from '../stage/activity.ts'

const ROLE_LIMIT = 4
let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>

beforeAll(async () => {
  lakegate = await startWithOneBackend({ LAKEGATE_CONNECTIONS_PER_ROLE: String(ROLE_LIMIT) })
})
afterAll(async () => {
  await lakegate.remove()
})

const member = (name: string) => createPrincipalWithRole(lakegate, name)
const loginOf = async (principal: TestServicePrincipal) => ({
  user: principal.applicationId,
  password: await principal.workspaceToken(),
})
async function openAs(principal: TestServicePrincipal, instance?: DatabaseInstance): Promise<WatchedSession> {
  const client = await pooledClient(lakegate, {
    ...(await loginOf(principal)),
    ...(instance === undefined
      ? {}
      : { endpoint: { host: instance.pooled_dns ?? '', port: instance.pooled_port ?? 0 } }),
  })
  return watch(client)
}

const instancePath = (name = lakegate.ready.instance.name) => `/api/2.0/database/instances/${name}`
const sessionsPath = () => `/api/2.0/lakegate/instances/${lakegate.ready.instance.name}/sessions`
const identityPath = ({ id }: TestServicePrincipal) => `/api/2.0/lakegate/identities/${id}/sessions`
const sessionsOf = async (principal: TestServicePrincipal) =>
  (await lakegate.admin.request<OpenSessionsAnswer>('GET', identityPath(principal))).sessions
const reach = (state: string, name?: string) =>
  waitFor(state, async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>('GET', instancePath(name))
    return instance.state === state ? instance : undefined
  })
const adminShutdown = expect.objectContaining({
  code: '57P01',
  message: 'terminating connection due to administrator command',
}) as Error

describe('who manages an instance', () => {
  it('sees pooled sessions, which have no backend of their own, and ends one of them', async () => {
    const principal = await member('one of two')
    const ended = await openAs(principal)
    const [session] = await sessionsOf(principal)
    expect(session).toMatchObject({ role: principal.applicationId, identity: { id: principal.id } })
    expect(session).not.toHaveProperty('backend_process_id')
    const kept = await openAs(principal)
    await lakegate.admin.request('DELETE', `${sessionsPath()}/${String(session?.session_id)}`)
    expect(await ended.farewell).toEqual(adminShutdown)
    expect((await kept.client.query('SELECT 1')).rowCount).toBe(1)
    await kept.client.end()
  })
})

describe('an administrator of the workspace', () => {
  it('ends all sessions of an identity: idle, in a transaction, and in line for the backend', async () => {
    const [leaver, other] = [await member('leaver'), await member('bystander')]
    const [idle, inside, waiting, bystander] = [
      await openAs(leaver),
      await openAs(leaver),
      await openAs(leaver),
      await openAs(other),
    ]
    await inside.client.query('BEGIN')
    const inLine = expect(waiting.client.query('SELECT 1')).rejects.toEqual(adminShutdown)
    const { sessions } = await lakegate.admin.request<OpenSessionsAnswer>('DELETE', identityPath(leaver))
    expect(sessions).toHaveLength(3)
    for (const { farewell } of [idle, inside]) expect(await farewell).toEqual(adminShutdown)
    await inLine
    expect((await bystander.client.query('SELECT 1')).rowCount).toBe(1)
    await bystander.client.end()
  })

  it('ends a session in the middle of a statement, and the statement with it', async () => {
    const principal = await member('busy')
    const busy = await openAs(principal)
    const statement = 'SELECT pg_sleep(600) AS to_be_ended'
    const ended = expect(busy.client.query(statement)).rejects.toEqual(adminShutdown)
    await waitUntilActive(lakegate, statement)
    await lakegate.admin.request('DELETE', identityPath(principal))
    await ended
    await waitFor('the end of the statement', async () => !(await isActive(lakegate, statement)))
  })
})

describe('a session that is ended in the middle of a row', () => {
  it('is cut off: a farewell there would be taken for data', async () => {
    const principal = await member('reader')
    const wire = await pooledWire(lakegate, await loginOf(principal))
    wire.pause()
    // More than what the kernel holds between the two.
    wire.send(queryMessage(`SELECT repeat('x', 64000000)`))
    await waitFor('the beginning of the row', async () => {
      const [session] = await sessionsOf(principal)
      return session !== undefined && session.bytes_to_client > 100_000
    })
    await lakegate.admin.request('DELETE', identityPath(principal))
    wire.resume()
    expect((await wire.untilClosed()).map(({ type }) => type)).toEqual(['T'])
    const half = wire.rest()
    expect(half.length).toBeGreaterThan(0)
    expect(half.includes('terminating connection')).toBe(false)
  })
})

describe('a role', () => {
  it('has no more pooled sessions than its limit, and places of its own at the direct endpoint', async () => {
    const principal = await member('crowd')
    const login = await loginOf(principal)
    const sessions: pg.Client[] = []
    for (let count = 0; count < ROLE_LIMIT; count += 1) sessions.push(await pooledClient(lakegate, login))
    await expect(pooledClient(lakegate, login)).rejects.toMatchObject({
      code: '53300',
      message: `too many connections for role "${principal.applicationId}"`,
      detail: `The limit of ${String(ROLE_LIMIT)} connections per role is reached.`,
    })
    await expect(inSession(lakegate, login, () => Promise.resolve('in'))).resolves.toBe('in')
    await sessions.pop()?.end()
    sessions.push(await waitFor('a free place', () => pooledClient(lakegate, login).catch(() => undefined)))
    await Promise.all(sessions.map((session) => session.end()))
  })
})

describe('an instance that stops', () => {
  it('takes its pooled sessions along at once, idle or not (57P01), and serves new ones when it is back', async () => {
    const principal = await member('of a stopped one')
    const [idle, inside] = [await openAs(principal), await openAs(principal)]
    await idle.client.query('SELECT 1')
    await inside.client.query('BEGIN')
    await lakegate.admin.request('PATCH', `${instancePath()}?update_mask=stopped`, { stopped: true })
    for (const { farewell } of [idle, inside]) expect(await farewell).toEqual(adminShutdown)
    await reach('STOPPED')
    await waitFor('the audit record', () =>
      lakegate
        .output()
        .includes('"event":"end_session","outcome":"admitted","reason":"instance_not_reachable"'),
    )
    await lakegate.admin.request('PATCH', `${instancePath()}?update_mask=stopped`, { stopped: false })
    await reach('AVAILABLE')
    const again = await openAs(principal)
    expect((await again.client.query('SELECT 1')).rowCount).toBe(1)
    await again.client.end()
  })
})

describe('an instance that is deleted', () => {
  it('takes its idle pooled sessions along at once (57P01), and no session of another', async () => {
    const principal = await member('of a deleted one')
    const bystander = await openAs(principal)
    await lakegate.admin.request('POST', '/api/2.0/database/instances', { name: 'deleted' })
    const instance = await reach('AVAILABLE', 'deleted')
    const { read_write_dns: host, read_write_port: port = 5432 } = instance
    const owner = {
      user: lakegate.ready.admin_user,
      password: await mintCredential(lakegate.admin, 'deleted'),
      instance: { host, port },
    }
    await inSession(lakegate, owner, async (session) => {
      await session.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
      await session.query('SELECT databricks_create_role($1, $2)', [
        principal.applicationId,
        'SERVICE_PRINCIPAL',
      ])
    })
    const idle = await openAs(principal, instance)
    await idle.client.query('SELECT 1')
    await lakegate.admin.request('DELETE', instancePath('deleted'))
    expect(await idle.farewell).toEqual(adminShutdown)
    expect((await bystander.client.query('SELECT 1')).rowCount).toBe(1)
    await bystander.client.end()
  })
})
