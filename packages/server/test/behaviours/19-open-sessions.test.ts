/**
 * behaviours 19, 45, 69, 73: open sessions are seen and ended by who manages them, by their limits, and, where an
 * instance wants it, with their token or their membership. A Lakegate of its own, with limits that end.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance, OpenSessionsAnswer, ScimGroup } from '@lakegate/client'
import { openInsider, type Insider } from '../stage/insider.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import {
  asOwner,
  createPrincipalWithRole,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { openWatchedSession } from '../stage/watched-session.ts'

const ROLE_LIMIT = 3
const INSTANCE_LIMIT = 6
let lakegate: OwnLakegate
let insider: Insider

beforeAll(async () => {
  lakegate = await startOwnLakegate({
    LAKEGATE_CONNECTIONS_PER_ROLE: String(ROLE_LIMIT),
    LAKEGATE_CONNECTIONS_PER_INSTANCE: String(INSTANCE_LIMIT),
  })
  insider = await openInsider(lakegate)
})
afterAll(async () => {
  await insider.close()
  await lakegate.remove()
})

const member = (name: string) => createPrincipalWithRole(lakegate, name)
const openSession = (user: string, password: string) => openWatchedSession(lakegate, { user, password })
const openAs = async (principal: TestServicePrincipal, changes = {}) =>
  openSession(principal.applicationId, await insider.sign(principal.id, changes))

const instancePath = () => `/api/2.0/lakegate/instances/${lakegate.ready.instance.name}/sessions`
const identityPath = ({ id }: { readonly id: string }) => `/api/2.0/lakegate/identities/${id}/sessions`
const sessionsOf = (principal: { readonly id: string }) =>
  lakegate.admin.request<OpenSessionsAnswer>('GET', identityPath(principal))
const auditOf = (text: string) =>
  lakegate
    .output()
    .split('\n')
    .filter((line) => line.includes('"end_session"') && line.includes(text))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const adminShutdown = expect.objectContaining({
  code: '57P01',
  message: 'terminating connection due to administrator command',
}) as Error

const setPolicy = (policy: object) =>
  lakegate.admin.request<DatabaseInstance>(
    'PATCH',
    `/api/2.0/database/instances/${lakegate.ready.instance.name}?update_mask=session_policy`,
    { session_policy: policy },
  )

describe('who manages an instance', () => {
  it('sees who really is behind each session, from where, since when, with which token and backend', async () => {
    const principal = await member('seen')
    const token = await mintCredential(principal.http, lakegate.ready.instance.name)
    const { client } = await openSession(principal.applicationId, token)
    try {
      const { rows } = await client.query<{ pid: number; big: string }>(
        `SELECT pg_backend_pid() AS pid, repeat('x', 100000) AS big`,
      )
      const { sessions, silent_gateways } = await lakegate.admin.request<OpenSessionsAnswer>(
        'GET',
        instancePath(),
      )
      expect(silent_gateways).toBe(0)
      const [, payload = ''] = token.split('.')
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
        jti: string
        exp: number
      }
      const session = sessions.find(({ role }) => role === principal.applicationId)
      expect(session).toMatchObject({
        identity: { id: principal.id, type: 'SERVICE_PRINCIPAL', name: principal.applicationId },
        group_path: [],
        database_instance_name: lakegate.ready.instance.name,
        database: lakegate.ready.instance.database,
        client_address: expect.stringMatching(/^127\./) as string,
        token_id: claims.jti,
        token_expire_time: new Date(claims.exp * 1000).toISOString(),
        backend_process_id: rows[0]?.pid,
      })
      expect(session?.bytes_to_client).toBeGreaterThan(100_000)
      expect(session?.bytes_from_client).toBeGreaterThan(0)
    } finally {
      await client.end()
    }
    await waitFor(
      'the session to leave the list',
      async () => (await sessionsOf(principal)).sessions.length === 0,
    )
  })

  it('ends one session, whose client reads PostgreSQL’s own farewell, and the audit says who did it', async () => {
    const principal = await member('to be ended')
    const [kept, ended] = [await openAs(principal), await openAs(principal)]
    try {
      const { rows } = await ended.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      const { sessions } = await sessionsOf(principal)
      const id = sessions.find(({ backend_process_id }) => backend_process_id === rows[0]?.pid)?.session_id
      await lakegate.admin.request('DELETE', `${instancePath()}/${String(id)}`)
      expect(await ended.farewell).toEqual(adminShutdown)
      await expect(kept.client.query('SELECT 1')).resolves.toBeDefined()
      expect(await waitFor('the audit record', () => auditOf(String(id))[0])).toMatchObject({
        identityName: principal.applicationId,
        endedByName: lakegate.ready.admin_user,
        reason: 'session_ended',
      })
      await expect(lakegate.admin.request('DELETE', `${instancePath()}/${String(id)}`)).rejects.toMatchObject(
        {
          status: 404,
        },
      )
    } finally {
      await kept.client.end()
    }
  })
})

describe('an administrator of the workspace', () => {
  it('ends all sessions of an identity at once, and nobody else’s', async () => {
    const [leaver, other] = [await member('leaver'), await member('other')]
    const sessions = [await openAs(leaver), await openAs(leaver)]
    const bystander = await openAs(other)
    try {
      const answer = await lakegate.admin.request<OpenSessionsAnswer>('DELETE', identityPath(leaver))
      expect(answer.sessions).toHaveLength(2)
      for (const { farewell } of sessions) expect(await farewell).toEqual(adminShutdown)
      await expect(bystander.client.query('SELECT 1')).resolves.toBeDefined()
    } finally {
      await bystander.client.end()
    }
  })
})

describe('somebody without CAN_MANAGE', () => {
  it('neither sees nor ends sessions', async () => {
    const stranger = await member('stranger')
    for (const [method, path] of [
      ['GET', instancePath()],
      ['DELETE', `${instancePath()}/${crypto.randomUUID()}`],
      ['GET', identityPath(stranger)],
      ['DELETE', identityPath(stranger)],
    ] as const) {
      await expect(stranger.http.request(method, path)).rejects.toMatchObject({ status: 403 })
    }
  })
})

describe('a role', () => {
  it('has no more sessions than its limit, and the refusal is PostgreSQL’s 53300', async () => {
    const principal = await member('crowd')
    const sessions = await Promise.all(Array.from({ length: ROLE_LIMIT }, () => openAs(principal)))
    try {
      const login = { user: principal.applicationId, password: await insider.sign(principal.id) }
      await expect(refusedLogin(lakegate, login)).resolves.toMatchObject({
        code: '53300',
        message: `too many connections for role "${principal.applicationId}"`,
        detail: `The limit of ${String(ROLE_LIMIT)} connections per role is reached.`,
      })
      await sessions.pop()?.client.end()
      await waitFor('a free place', () =>
        inSession(lakegate, login, () => Promise.resolve(true)).catch(() => false),
      )
    } finally {
      await Promise.all(sessions.map(({ client }) => client.end()))
    }
  })
})

describe('an instance', () => {
  it('has as many sessions as its limit says, besides our own questions to it, and the refusal is ours', async () => {
    const [first, second, late] = [
      await member('first half'),
      await member('second half'),
      await member('late'),
    ]
    await waitFor('an empty instance', async () => {
      const answer = await lakegate.admin.request<OpenSessionsAnswer>('GET', instancePath())
      return answer.sessions.length === 0
    })
    const halves = [first, second].flatMap((principal) => Array.from({ length: ROLE_LIMIT }, () => principal))
    const sessions = await Promise.all(halves.map((principal) => openAs(principal)))
    try {
      const login = { user: late.applicationId, password: await insider.sign(late.id) }
      await expect(refusedLogin(lakegate, login)).resolves.toMatchObject({
        code: '53300',
        message: 'sorry, too many clients already',
        detail: `The limit of ${String(INSTANCE_LIMIT)} connections is reached.`,
      })
    } finally {
      await Promise.all(sessions.map(({ client }) => client.end()))
    }
  })
})

describe('an instance with a session policy', () => {
  it('says what holds, and goes back to ending nothing', async () => {
    expect((await setPolicy({ end_on_token_expiry: true })).effective_session_policy).toEqual({
      end_on_token_expiry: true,
      end_on_membership_loss: false,
    })
    const reset = await lakegate.admin.request<DatabaseInstance>(
      'PATCH',
      `/api/2.0/database/instances/${lakegate.ready.instance.name}?update_mask=session_policy`,
      {},
    )
    expect(reset).not.toHaveProperty('session_policy')
    expect(reset.effective_session_policy.end_on_token_expiry).toBe(false)
  })

  it('ends sessions when their token expires, also those that were open before it wanted that', async () => {
    const principal = await member('expiring')
    const { farewell } = await openAs(principal, { expiresInSeconds: 2 })
    await setPolicy({ end_on_token_expiry: true })
    try {
      expect(await farewell).toEqual(adminShutdown)
      expect(await waitFor('the audit record', () => auditOf(principal.id)[0])).toMatchObject({
        reason: 'token_expired',
      })
    } finally {
      await setPolicy({})
    }
  })

  it('ends the session of who leaves the group whose role it is, and leaves those of the other members', async () => {
    const [leaver, other] = [
      await createServicePrincipal(lakegate, 'leaves the group'),
      await createServicePrincipal(lakegate, 'stays in the group'),
    ]
    const groups = '/api/2.0/preview/scim/v2/Groups'
    const group = await lakegate.admin.request<ScimGroup>('POST', groups, {
      displayName: `Members ${crypto.randomUUID()}`,
      members: [{ value: leaver.id }, { value: other.id }],
    })
    await asOwner(lakegate, async (owner) => {
      await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
      await owner.query('SELECT databricks_create_role($1, $2)', [group.displayName, 'GROUP'])
    })
    await setPolicy({ end_on_membership_loss: true })
    const bystander = await openSession(group.displayName, await insider.sign(other.id))
    try {
      const { farewell } = await openSession(group.displayName, await insider.sign(leaver.id))
      await lakegate.admin.request('PATCH', `${groups}/${group.id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'remove', path: `members[value eq "${leaver.id}"]` }],
      })
      expect(await farewell).toEqual(adminShutdown)
      expect(await waitFor('the audit record', () => auditOf(leaver.id)[0])).toMatchObject({
        reason: 'not_a_member',
        role: group.displayName,
      })
      await expect(bystander.client.query('SELECT 1')).resolves.toBeDefined()
    } finally {
      await bystander.client.end()
      await setPolicy({})
    }
  })

  it('ends the sessions of who is deactivated, and leaves the others', async () => {
    const [leaver, other] = [await member('deactivated'), await member('active')]
    await setPolicy({ end_on_membership_loss: true })
    const bystander = await openAs(other)
    try {
      const { farewell } = await openAs(leaver)
      await lakegate.admin.request('PATCH', `/api/2.0/preview/scim/v2/ServicePrincipals/${leaver.id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      })
      expect(await farewell).toEqual(adminShutdown)
      expect(await waitFor('the audit record', () => auditOf(leaver.id)[0])).toMatchObject({
        reason: 'identity_inactive',
      })
      await expect(bystander.client.query('SELECT 1')).resolves.toBeDefined()
    } finally {
      await bystander.client.end()
      await setPolicy({})
    }
  })
})
