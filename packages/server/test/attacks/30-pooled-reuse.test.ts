/** attack 30: what one session of the pooled endpoint leaves in a backend, the next one must not find. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ScimGroup } from '@lakegate/client'
import { cut, pooledClient, startWithOneBackend } from '../stage/pooled-sessions.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let principal: TestServicePrincipal
let first: pg.Client
let second: pg.Client

const loginOf = async (identity: TestServicePrincipal, user = identity.applicationId) => ({
  user,
  password: await identity.workspaceToken(),
})
const one = async <Value>(client: pg.Client, sql: string): Promise<Value | undefined> => {
  const { rows } = await client.query<{ value: Value }>(sql)
  return rows[0]?.value
}
const backendOf = (client: pg.Client) => one<number>(client, 'SELECT pg_backend_pid() AS value')

beforeAll(async () => {
  lakegate = await startWithOneBackend()
  principal = await createServicePrincipal(lakegate, 'tenant')
  await createRoleFor(lakegate, principal)
  await asOwner(lakegate, (owner) =>
    owner.query(`GRANT CREATE ON SCHEMA public TO "${principal.applicationId}"`),
  )
  second = await pooledClient(lakegate, await loginOf(principal))
})
// Anew for each: a session is ended when others need the backend in which it left what cannot be moved.
beforeEach(async () => {
  first = await pooledClient(lakegate, await loginOf(principal))
})
afterEach(async () => {
  await first.end()
})
afterAll(async () => {
  await second.end()
  await lakegate.remove()
})

describe('the one backend of two sessions', () => {
  it('is the same for both', async () => {
    expect(await backendOf(first)).toBe(await backendOf(second))
  })

  it('keeps no setting, built-in or made up', async () => {
    await first.query(`SET statement_timeout = '12345ms'; SET my.secret = 'of the first'`)
    expect(await one(second, 'SHOW statement_timeout')).toBeUndefined()
    expect(await one(second, `SELECT current_setting('statement_timeout') AS value`)).toBe('0')
    expect(await one(second, `SELECT current_setting('my.secret', true) AS value`)).not.toBe('of the first')
  })

  it('keeps no temporary table', async () => {
    await first.query(`CREATE TEMPORARY TABLE mine AS SELECT 'secret' AS text`)
    await expect(second.query('SELECT * FROM mine')).rejects.toMatchObject({ code: '42P01' })
  })

  it('keeps no advisory lock', async () => {
    await first.query('SELECT pg_advisory_lock(30)')
    expect(await one(second, `SELECT count(*)::int AS value FROM pg_locks WHERE locktype = 'advisory'`)).toBe(
      0,
    )
  })

  it('keeps no LISTEN, and tells nobody of what came for another', async () => {
    const heard: string[] = []
    second.on('notification', ({ payload }) => heard.push(payload ?? ''))
    await first.query('LISTEN gossip')
    await second.query(`NOTIFY gossip, 'for the first'`)
    await second.query('SELECT 1')
    expect(await one(second, 'SELECT count(*)::int AS value FROM pg_listening_channels()')).toBe(0)
    expect(heard).toEqual([])
  })

  it('keeps no prepared statement, by SQL or by protocol', async () => {
    await first.query(`PREPARE by_sql AS SELECT 'secret'`)
    await first.query({ name: 'by_protocol', text: `SELECT 'secret'` })
    expect(await one(second, 'SELECT count(*)::int AS value FROM pg_prepared_statements')).toBe(0)
    await expect(second.query('EXECUTE by_sql')).rejects.toMatchObject({ code: '26000' })
  })

  it('keeps no cursor', async () => {
    await first.query(`DECLARE held CURSOR WITH HOLD FOR SELECT 'secret'`)
    await expect(second.query('FETCH held')).rejects.toMatchObject({ code: '34000' })
  })

  it('keeps no application_name, and goes on calling each session as it calls itself', async () => {
    await first.query(`SET application_name = 'first'`)
    expect(await one(second, `SELECT current_setting('application_name') AS value`)).toBe('')
    expect(await one(first, `SELECT current_setting('application_name') AS value`)).toBe('first')
  })

  it('keeps no SET ROLE and no SET SESSION AUTHORIZATION', async () => {
    const group = `lent_${randomUUID().slice(0, 8)}`
    await asOwner(lakegate, async (owner) => {
      await owner.query(`CREATE ROLE "${group}"`)
      await owner.query(`GRANT "${group}" TO "${principal.applicationId}"`)
    })
    await first.query(`SET ROLE "${group}"`)
    expect(await one(second, 'SELECT current_user AS value')).toBe(principal.applicationId)
    expect(await one(second, `SELECT current_setting('role') AS value`)).toBe('none')
  })

  it('keeps no value of a sequence', async () => {
    await first.query('CREATE SEQUENCE counted')
    await first.query(`SELECT nextval('counted')`)
    await expect(second.query('SELECT lastval()')).rejects.toMatchObject({ code: '55000' })
    await expect(second.query(`SELECT currval('counted')`)).rejects.toMatchObject({ code: '55000' })
  })

  it('keeps no state of random() that the last session could foresee', async () => {
    await first.query('SELECT setseed(0.5)')
    const foreseen = await one<number>(first, 'SELECT random() AS value FROM setseed(0.5)')
    await first.query('SELECT setseed(0.5)')
    expect(await one<number>(second, 'SELECT random() AS value')).not.toBe(foreseen)
  })

  it('keeps no identity but that which all its sessions have, and no ticket of a token', async () => {
    await first.query(
      `SELECT set_config('databricks_auth.identity', '{"id":"1","type":"USER","name":"root","path":[]}', false)`,
    )
    expect(await one(second, 'SELECT identity_id AS value FROM databricks_session_identity()')).toBe(
      principal.id,
    )
    await expect(second.query(`SELECT databricks_create_role('x', 'USER')`)).rejects.toBeInstanceOf(Error)
    expect(await one(second, `SELECT current_setting('databricks_auth.session') AS value`)).toBe('')
  })

  it('is emptied as soon as a session ends, whether or not another one comes', async () => {
    const leaver = await pooledClient(lakegate, await loginOf(principal))
    await leaver.query('SELECT pg_advisory_lock(31)')
    await leaver.end()
    await waitFor('the lock to be gone', async () => {
      const locks = await asOwner(lakegate, (owner) =>
        one<number>(
          owner,
          `SELECT count(*)::int AS value FROM pg_locks WHERE locktype = 'advisory' AND objid = 31`,
        ),
      )
      return locks === 0
    })
  })

  it('is replaced, not reused, after a session that was cut off in a transaction', async () => {
    const cutOff = await pooledClient(lakegate, await loginOf(principal))
    await cutOff.query('BEGIN')
    const backend = await backendOf(cutOff)
    await cutOff.query('CREATE TABLE never_committed (x int)')
    cut(cutOff)
    expect(await backendOf(second)).not.toBe(backend)
    expect(await one(second, `SELECT to_regclass('never_committed') IS NULL AS value`)).toBe(true)
  })

  it('is replaced after a session that keeps it from being emptied', async () => {
    await first.query(`SET statement_timeout = 1`)
    // With a limit of a millisecond the reset may or may not come through; either way nothing of it is left.
    expect(await one(second, `SELECT current_setting('statement_timeout') AS value`)).toBe('0')
  })
})

describe('the role of a group', () => {
  it('shares no backend between two members, and tells truly who is behind each', async () => {
    const members = await Promise.all(['ada', 'bob'].map((name) => createServicePrincipal(lakegate, name)))
    const group = await lakegate.admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
      displayName: `Pool ${randomUUID().slice(0, 8)}`,
      members: members.map(({ id }) => ({ value: id })),
    })
    await asOwner(lakegate, (owner) =>
      owner.query('SELECT databricks_create_role($1, $2)', [group.displayName, 'GROUP']),
    )
    const sessions: pg.Client[] = []
    for (const member of members) {
      sessions.push(await pooledClient(lakegate, await loginOf(member, group.displayName)))
    }
    const seen = await Promise.all(
      sessions.map(async (session) => ({
        backend: await backendOf(session),
        identity: await one<string>(
          session,
          'SELECT identity_id AS value FROM databricks_session_identity()',
        ),
        role: await one<string>(session, 'SELECT session_user AS value'),
      })),
    )
    await Promise.all(sessions.map((session) => session.end()))
    expect(seen.map(({ identity }) => identity)).toEqual(members.map(({ id }) => id))
    expect(seen.map(({ role }) => role)).toEqual([group.displayName, group.displayName])
    expect(seen[0]?.backend).not.toBe(seen[1]?.backend)
  })
})

describe('a role that was dropped and created again under open pooled sessions', () => {
  it('is not taken for the same: a session that needs a new backend is ended', async () => {
    const identity = await createServicePrincipal(lakegate, 'twice')
    await createRoleFor(lakegate, identity)
    const cutOff = await pooledClient(lakegate, await loginOf(identity))
    const waiting = await pooledClient(lakegate, await loginOf(identity))
    await cutOff.query('BEGIN')
    await asOwner(lakegate, async (owner) => {
      await owner.query(`DROP ROLE "${identity.applicationId}"`)
      await owner.query(`CREATE ROLE "${identity.applicationId}" LOGIN`)
    })
    cut(cutOff)
    await expect(waiting.query('SELECT 1')).rejects.toMatchObject({ code: '28000' })
  })
})

describe('a token of the right person', () => {
  it('opens nothing at the pooled endpoint that it does not open at the direct one', async () => {
    const stranger = await createServicePrincipal(lakegate, 'stranger')
    const password = await stranger.workspaceToken()
    // Warm: there is a backend of that role, idle, which a login must not be given for the asking.
    await second.query('SELECT 1')
    await expect(pooledClient(lakegate, { user: principal.applicationId, password })).rejects.toMatchObject({
      code: '28000',
    })
    await expect(
      pooledClient(lakegate, { user: principal.applicationId, password: 'no token' }),
    ).rejects.toMatchObject({ code: '28P01' })
  })

  it('stays logged in when its identity is deactivated, and is refused at the next login (behaviour 45)', async () => {
    const leaver = await createServicePrincipal(lakegate, 'deactivated')
    await createRoleFor(lakegate, leaver)
    const password = await mintCredential(leaver.http, lakegate.ready.instance.name)
    const open = await pooledClient(lakegate, { user: leaver.applicationId, password })
    await lakegate.admin.request('PATCH', `/api/2.0/preview/scim/v2/ServicePrincipals/${leaver.id}`, {
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(await one(open, 'SELECT 1 AS value')).toBe(1)
    await expect(pooledClient(lakegate, { user: leaver.applicationId, password })).rejects.toMatchObject({
      code: '28000',
    })
    await open.end()
  })
})
