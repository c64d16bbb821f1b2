/** behaviours 18–22: what expiry and the workspace of a token mean for logins and for sessions that are open. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type pg from 'pg'
import { openInsider, type Insider } from '../stage/insider.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  databaseClient,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
let principal: TestServicePrincipal
let insider: Insider

beforeAll(async () => {
  insider = await openInsider(lakegate)
  principal = await createServicePrincipal(lakegate, 'expiry')
  await createRoleFor(lakegate, principal)
})
afterAll(async () => insider.close())

const login = (password: string) => ({ user: principal.applicationId, password })
const one = async (client: pg.Client) => (await client.query<{ one: number }>('SELECT 1 AS one')).rows[0]?.one
const expired = async (token: string) => {
  const [, payload = ''] = token.split('.')
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp: number }
  await waitFor('the expiry of the token', () => Promise.resolve(Date.now() / 1000 >= exp))
}

describe('a token', () => {
  it('that is genuine and fresh opens a session, so that the refusals below are about their one change', async () => {
    const token = await insider.sign(principal.id)
    await expect(inSession(lakegate, login(token), one)).resolves.toBe(1)
  })

  it('that expired is refused with 28P01, so that clients which rotate on it do (behaviour 18)', async () => {
    const token = await insider.sign(principal.id, { issuedInSeconds: -3600, expiresInSeconds: -1 })
    const error = await refusedLogin(lakegate, login(token))
    expect(error).toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${principal.applicationId}"`,
    })
    expect(error.detail).toMatch(/^The OAuth token expired at \d{4}-\d\d-\d\dT[\d:.]+Z\.$/)
    expect(error.hint).toContain('Request a new token')
  })

  it('that is about to expire is accepted (behaviour 18)', async () => {
    const token = await insider.sign(principal.id, { expiresInSeconds: 30 })
    await expect(inSession(lakegate, login(token), one)).resolves.toBe(1)
  })

  it('from the future is refused', async () => {
    const token = await insider.sign(principal.id, { issuedInSeconds: 600, expiresInSeconds: 1200 })
    await expect(refusedLogin(lakegate, login(token))).resolves.toMatchObject({
      code: '28P01',
      detail: expect.stringContaining('is not valid before') as string,
    })
  })

  it('of a workspace that there is not is no token of ours (behaviour 22 itself: 22-workspaces.test.ts)', async () => {
    const token = await insider.sign(principal.id, {
      claims: { workspace_id: '4711', aud: 'urn:lakegate:database:4711' },
    })
    const error = await refusedLogin(lakegate, login(token))
    expect(error.code).toBe('28P01')
  })

  it('of another workspace learns nothing about which roles there are', async () => {
    const token = await insider.sign(principal.id, {
      claims: { workspace_id: '4711', aud: 'urn:lakegate:database:4711' },
    })
    const missing = await refusedLogin(lakegate, { user: 'nobody-here', password: token })
    expect(missing.message).not.toContain('exist')
  })

  it('for another instance is refused', async () => {
    const token = await insider.sign(principal.id, { claims: { instances: [crypto.randomUUID()] } })
    await expect(refusedLogin(lakegate, login(token))).resolves.toMatchObject({
      code: '28000',
      detail: 'The token was issued for other database instances.',
    })
  })

  it('without the scope that opens a database is refused', async () => {
    const token = await insider.sign(principal.id, { claims: { scope: 'email' } })
    await expect(refusedLogin(lakegate, login(token))).resolves.toMatchObject({ code: '28P01' })
  })
})

describe('an open session', () => {
  it('goes on after the expiry of its token, while a new login with it is refused (behaviours 19, 21)', async () => {
    const token = await insider.sign(principal.id, { expiresInSeconds: 2 })
    await inSession(lakegate, login(token), async (client) => {
      await expired(token)
      await client.query('BEGIN')
      await expect(one(client)).resolves.toBe(1)
      await client.query('COMMIT')
      await expect(refusedLogin(lakegate, login(token))).resolves.toMatchObject({ code: '28P01' })
    })
    const fresh = await mintCredential(principal.http, lakegate.ready.instance.name)
    await expect(inSession(lakegate, login(fresh), one)).resolves.toBe(1)
  })

  it('cannot create roles after the expiry of its token, but can do everything else (behaviour 20)', async () => {
    const { id } = await lakegate.admin.request<{ id: string }>('GET', '/api/2.0/preview/scim/v2/Me')
    const newcomer = await createServicePrincipal(lakegate, 'created too late')
    const token = await insider.sign(id, { expiresInSeconds: 3 })
    await inSession(lakegate, { user: lakegate.ready.admin_user, password: token }, async (client) => {
      await expired(token)
      const creation = client.query('SELECT databricks_create_role($1, $2)', [
        newcomer.applicationId,
        'SERVICE_PRINCIPAL',
      ])
      await expect(creation).rejects.toMatchObject({
        code: '28000',
        message: expect.stringContaining('expired') as string,
      })
      await expect(one(client)).resolves.toBe(1)
    })
  })
})

describe('an identity', () => {
  it('that is deactivated can neither mint nor log in, also with a token that is still valid (behaviour 42)', async () => {
    const leaver = await createServicePrincipal(lakegate, 'leaver')
    await createRoleFor(lakegate, leaver)
    const { instance } = lakegate.ready
    const token = await mintCredential(leaver.http, instance.name)
    const workspaceToken = await leaver.workspaceToken()
    await insider.database
      .updateTable('identity')
      .set({ active: false })
      .where('id', '=', leaver.id)
      .execute()
    for (const password of [token, workspaceToken]) {
      await expect(refusedLogin(lakegate, { user: leaver.applicationId, password })).resolves.toMatchObject({
        code: '28000',
        detail: 'The identity of the token is deactivated or deleted.',
      })
    }
    await expect(leaver.workspaceToken()).rejects.toThrow('401')
  })

  it('that was deleted and created again under the same name does not get its old role back (behaviour 41)', async () => {
    const first = await createServicePrincipal(lakegate, 'to be recreated')
    await createRoleFor(lakegate, first)
    await lakegate.admin.request('DELETE', `/api/2.0/preview/scim/v2/ServicePrincipals/${first.id}`)
    const second = await lakegate.admin.request<{ id: string; applicationId: string }>(
      'POST',
      '/api/2.0/preview/scim/v2/ServicePrincipals',
      { applicationId: first.applicationId, displayName: 'recreated' },
    )
    expect(second.applicationId).toBe(first.applicationId)
    expect(second.id).not.toBe(first.id)
    const token = await insider.sign(second.id)
    await expect(
      refusedLogin(lakegate, { user: first.applicationId, password: token }),
    ).resolves.toMatchObject({
      code: '28000',
      detail: 'The role is bound to another identity than that of the token.',
    })
  })

  it('that was renamed logs in under the name of its role (behaviour 40)', async () => {
    const renamed = await createServicePrincipal(lakegate, 'to be renamed')
    await createRoleFor(lakegate, renamed)
    await insider.database
      .updateTable('identity')
      .set({ name: crypto.randomUUID() })
      .where('id', '=', renamed.id)
      .execute()
    const token = await insider.sign(renamed.id)
    await expect(inSession(lakegate, { user: renamed.applicationId, password: token }, one)).resolves.toBe(1)
  })
})

describe('the role of a group', () => {
  const group = crypto.randomUUID()
  const inner = crypto.randomUUID()

  /** Groups have no API yet; the model, the binding and the login do. */
  const insertGroup = async (name: string): Promise<string> => {
    const { account_id } = lakegate.ready
    const inserted = await insider.database
      .insertInto('identity')
      .values({ account_id, type: 'GROUP', name, display_name: name, external_id: null })
      .returning('id')
      .executeTakeFirstOrThrow()
    return inserted.id
  }
  const addMember = async (groupId: string, memberId: string) =>
    insider.database.insertInto('group_member').values({ group_id: groupId, member_id: memberId }).execute()

  it('takes a direct and an indirect member, and refuses a former one at the next login only (behaviours 43–46)', async () => {
    const groupId = await insertGroup(group)
    const innerId = await insertGroup(inner)
    await insider.database
      .insertInto('workspace_assignment')
      .values({ workspace_id: lakegate.ready.workspace_id, identity_id: groupId, permission: 'USER' })
      .execute()
    await asOwner(lakegate, async (client) => {
      await client.query(`SELECT databricks_create_role($1, 'GROUP')`, [group])
    })
    const asGroup = async () => ({ user: group, password: await insider.sign(principal.id) })
    await expect(refusedLogin(lakegate, await asGroup())).resolves.toMatchObject({
      code: '28000',
      detail: 'The identity of the token is not a direct or indirect member of the group.',
    })
    await addMember(groupId, innerId)
    await addMember(innerId, principal.id)
    const session = await databaseClient(lakegate, await asGroup())
    await session.connect()
    try {
      const { rows } = await session.query<{ role: string }>('SELECT session_user AS role')
      expect(rows).toEqual([{ role: group }])
      await insider.database.deleteFrom('group_member').where('group_id', '=', innerId).execute()
      await expect(one(session)).resolves.toBe(1)
      await expect(refusedLogin(lakegate, await asGroup())).resolves.toMatchObject({ code: '28000' })
    } finally {
      await session.end()
    }
    await addMember(groupId, principal.id)
    await expect(inSession(lakegate, await asGroup(), one)).resolves.toBe(1)
    await insider.database.deleteFrom('workspace_assignment').where('identity_id', '=', groupId).execute()
    await expect(refusedLogin(lakegate, await asGroup())).resolves.toMatchObject({
      code: '28000',
      detail: 'The group of this role is not assigned to the workspace of the database instance.',
    })
  })
})
