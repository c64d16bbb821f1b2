/** behaviours 43–49 and attack 26: members of a group log in as its role, each with the own token. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ScimGroup } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createServicePrincipal,
  databaseClient,
  inSession,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const GROUPS = '/api/2.0/preview/scim/v2/Groups'

const createGroup = (displayName: string, members: readonly string[] = []) =>
  admin.request<ScimGroup>('POST', GROUPS, { displayName, members: members.map((value) => ({ value })) })
const remove = (group: ScimGroup, member: string) =>
  admin.request('PATCH', `${GROUPS}/${group.id}`, {
    Operations: [{ op: 'remove', path: `members[value eq "${member}"]` }],
  })
const add = (group: ScimGroup, member: string) =>
  admin.request('PATCH', `${GROUPS}/${group.id}`, {
    Operations: [{ op: 'add', path: 'members', value: [{ value: member }] }],
  })
const createGroupRole = (name: string) =>
  asOwner(lakegate, (session) => session.query('SELECT databricks_create_role($1, $2)', [name, 'GROUP']))
const loginAs = async (role: string, principal: TestServicePrincipal) =>
  inSession(lakegate, { user: role, password: await principal.workspaceToken() }, async (session) => {
    const { rows } = await session.query<{ who: string }>('SELECT session_user AS who')
    return rows[0]?.who
  })
const refusedAs = async (role: string, principal: TestServicePrincipal) =>
  refusedLogin(lakegate, { user: role, password: await principal.workspaceToken() })

interface Behind {
  readonly identity_id: string | null
  readonly identity_type: string | null
  readonly identity_name: string | null
  readonly membership_path: string[] | null
}
const BEHIND = 'SELECT * FROM databricks_session_identity()'

let direct: TestServicePrincipal
let nested: TestServicePrincipal
let outsider: TestServicePrincipal
let inner: ScimGroup
let outer: ScimGroup
beforeAll(async () => {
  direct = await createServicePrincipal(lakegate, 'direct')
  nested = await createServicePrincipal(lakegate, 'nested')
  outsider = await createServicePrincipal(lakegate, 'outsider')
  inner = await createGroup(`Inner ${randomUUID().slice(0, 8)}`, [nested.id])
  outer = await createGroup(`Outer ${randomUUID().slice(0, 8)}`, [direct.id, inner.id])
  await createGroupRole(outer.displayName)
})

describe('the role of a group', () => {
  it('is taken by a direct member with the own token (behaviour 43)', async () => {
    expect(await loginAs(outer.displayName, direct)).toBe(outer.displayName)
  })

  it('is taken by a member of a nested group (behaviour 44)', async () => {
    expect(await loginAs(outer.displayName, nested)).toBe(outer.displayName)
  })

  it('is refused to whoever is no member (behaviour 45)', async () => {
    const error = await refusedAs(outer.displayName, outsider)
    expect(error.code).toBe('28000')
    expect(error.detail).toContain('not a direct or indirect member')
  })

  it('is refused to a removed member at the very next login, while the open session stays (behaviour 45)', async () => {
    const leaver = await createServicePrincipal(lakegate, 'leaver')
    await add(outer, leaver.id)
    const open = await databaseClient(lakegate, {
      user: outer.displayName,
      password: await leaver.workspaceToken(),
    })
    await open.connect()
    try {
      await remove(outer, leaver.id)
      expect((await refusedAs(outer.displayName, leaver)).code).toBe('28000')
      expect((await open.query('SELECT 1')).rowCount).toBe(1)
    } finally {
      await open.end()
    }
  })

  it('is refused when the nested group leaves, though the membership in it stays (attack 26)', async () => {
    const member = await createServicePrincipal(lakegate, 'indirect')
    const between = await createGroup(`Between ${randomUUID().slice(0, 8)}`, [member.id])
    await add(outer, between.id)
    expect(await loginAs(outer.displayName, member)).toBe(outer.displayName)
    await remove(outer, between.id)
    expect((await refusedAs(outer.displayName, member)).code).toBe('28000')
  })

  it('is found by its exact name only (behaviour 47)', async () => {
    const error = await refusedAs(outer.displayName.toLowerCase(), direct)
    expect(error.message).toContain('does not exist')
  })

  it('gives the members’ own roles no privileges (behaviour 48)', async () => {
    await asOwner(lakegate, async (session) => {
      await session.query('SELECT databricks_create_role($1, $2)', [
        direct.applicationId,
        'SERVICE_PRINCIPAL',
      ])
      await session.query('CREATE TABLE IF NOT EXISTS public.of_the_group (x int)')
      await session.query(`GRANT SELECT ON public.of_the_group TO "${outer.displayName}"`)
    })
    const select = async (user: string) =>
      inSession(lakegate, { user, password: await direct.workspaceToken() }, (session) =>
        session.query('SELECT * FROM public.of_the_group'),
      )
    await expect(select(outer.displayName)).resolves.toMatchObject({ rowCount: 0 })
    await expect(select(direct.applicationId)).rejects.toMatchObject({ code: '42501' })
  })

  it('follows the group’s id through a renaming (behaviour 49)', async () => {
    const group = await createGroup(`Before ${randomUUID().slice(0, 8)}`, [direct.id])
    await createGroupRole(group.displayName)
    await admin.request('PATCH', `${GROUPS}/${group.id}`, {
      Operations: [{ op: 'replace', path: 'displayName', value: `${group.displayName} renamed` }],
    })
    expect(await loginAs(group.displayName, direct)).toBe(group.displayName)
  })

  it('is refused to members of a group that was made anew under its name (behaviour 49, attack 26)', async () => {
    const name = `Recreated ${randomUUID().slice(0, 8)}`
    const first = await createGroup(name, [direct.id])
    await createGroupRole(name)
    await admin.request('DELETE', `${GROUPS}/${first.id}`)
    const again = await createGroup(name, [direct.id])
    const error = await refusedAs(name, direct)
    expect(error).toMatchObject({
      code: '28000',
      detail: expect.stringContaining(`no longer exists (id ${first.id})`) as string,
      hint: expect.stringContaining('databricks_set_role_label') as string,
    })
    // What the hint says works.
    await asOwner(lakegate, (session) =>
      session.query('SELECT databricks_set_role_label($1, $2)', [name, `id=${again.id},type=GROUP`]),
    )
    expect(await loginAs(name, direct)).toBe(name)
  })

  it('is not taken by a user of the same name, nor the other way round (attack 26)', async () => {
    const name = `${randomUUID().slice(0, 8)}@example.com`
    await createGroup(name, [direct.id])
    await admin.request('POST', '/api/2.0/preview/scim/v2/Users', { userName: name })
    await asOwner(lakegate, (session) =>
      session.query('SELECT databricks_create_role($1, $2)', [name, 'USER']),
    )
    const error = await refusedAs(name, direct)
    expect(error.detail).toContain('another identity')
  })

  it('needs the group in the workspace of the instance, for the role and for every login (behaviour 46)', async () => {
    const account = `/api/2.0/accounts/${ready.account_id}`
    const group = await admin.request<ScimGroup>('POST', `${account}/scim/v2/Groups`, {
      displayName: `Of the account ${randomUUID().slice(0, 8)}`,
      members: [{ value: direct.id }],
    })
    await expect(createGroupRole(group.displayName)).rejects.toMatchObject({ code: '22023' })
    const assignment = `${account}/workspaces/${ready.workspace_id}/permissionassignments/principals/${group.id}`
    await admin.request('PUT', assignment, { permissions: ['USER'] })
    await createGroupRole(group.displayName)
    expect(await loginAs(group.displayName, direct)).toBe(group.displayName)
    await admin.request('DELETE', assignment)
    const error = await refusedAs(group.displayName, direct)
    expect(error.detail).toContain('not assigned to the workspace')
  })

  it('has a role of a shorter name where its own is longer than 63 bytes, as the error says', async () => {
    const group = await createGroup(`${randomUUID()} ${randomUUID()}`, [direct.id])
    const short = `short ${randomUUID().slice(0, 8)}`
    await expect(createGroupRole(group.displayName)).rejects.toMatchObject({
      code: '22023',
      hint: expect.stringContaining('databricks_set_role_label') as string,
    })
    await asOwner(lakegate, async (session) => {
      await session.query(`CREATE ROLE "${short}" LOGIN`)
      await session.query('SELECT databricks_set_role_label($1, $2)', [short, `id=${group.id},type=GROUP`])
    })
    expect(await loginAs(short, direct)).toBe(short)
  })

  it('nests as deep as it may, and no deeper (attack 26)', async () => {
    const member = await createServicePrincipal(lakegate, 'at the bottom')
    let top = await createGroup(`Level 1 ${randomUUID().slice(0, 8)}`, [member.id])
    for (let level = 2; level <= 20; level += 1)
      top = await createGroup(`Level ${String(level)} ${randomUUID().slice(0, 8)}`, [top.id])
    await createGroupRole(top.displayName)
    expect(await loginAs(top.displayName, member)).toBe(top.displayName)
    const pile = async () => {
      for (let level = 21; level <= 100; level += 1)
        top = await createGroup(`Level ${String(level)} ${randomUUID().slice(0, 8)}`, [top.id])
    }
    await expect(pile()).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('deep') as string,
    })
  })
})

describe('who is really behind a session', () => {
  const behind = async (user: string, principal: TestServicePrincipal, prepare = 'SELECT 1') =>
    inSession(lakegate, { user, password: await principal.workspaceToken() }, async (session) => {
      await session.query(prepare)
      return (await session.query<Behind>(BEHIND)).rows[0]
    })

  it('is told in SQL for the role of a group, with the path that let it in', async () => {
    expect(await behind(outer.displayName, nested)).toMatchObject({
      identity_id: nested.id,
      identity_type: 'service_principal',
      identity_name: nested.applicationId,
      membership_path: [outer.id, inner.id, nested.id],
    })
  })

  it.each([
    ['SET', `SET databricks_auth.identity = '{"id":"1","type":"USER","name":"boss","path":[]}'`],
    ['set_config', `SELECT set_config('databricks_auth.identity', '{"id":"1"}', false)`],
    [
      'a function of the same name',
      `CREATE TEMP TABLE pg_shseclabel (x int); SET search_path = pg_temp, public`,
    ],
  ])('cannot be forged by %s', async (_what, prepare) => {
    const found = await behind(outer.displayName, direct, prepare)
    expect(found).toMatchObject({ identity_id: direct.id, identity_name: direct.applicationId })
  })

  it('cannot be forged in the startup message', async () => {
    const client = await databaseClient(lakegate, {
      user: outer.displayName,
      password: await direct.workspaceToken(),
      options: `-c databricks_auth.identity={"id":"1"}`,
    })
    await client.connect()
    try {
      expect((await client.query<Behind>(BEHIND)).rows[0]).toMatchObject({ identity_id: direct.id })
    } finally {
      await client.end()
    }
  })

  it.each(['ROLE CURRENT_USER', 'DATABASE databricks_postgres'])(
    'cannot be forged by the settings of %s, which PostgreSQL refuses to their owner',
    async (target) => {
      const forge = asOwner(lakegate, (session) =>
        session.query(`ALTER ${target} SET databricks_auth.identity = '{"id":"1"}'`),
      )
      await expect(forge).rejects.toMatchObject({ code: '42501' })
    },
  )

  it('serves row level security: everybody in the group sees the own rows', async () => {
    await asOwner(lakegate, async (session) => {
      await session.query('CREATE TABLE public.note (owner bigint, text text)')
      await session.query(`GRANT ALL ON public.note TO "${outer.displayName}"`)
      await session.query('ALTER TABLE public.note ENABLE ROW LEVEL SECURITY')
      await session.query(
        'CREATE POLICY own ON public.note USING (owner = (SELECT identity_id FROM databricks_session_identity()))',
      )
    })
    const write = async (principal: TestServicePrincipal) =>
      inSession(
        lakegate,
        { user: outer.displayName, password: await principal.workspaceToken() },
        (session) =>
          session.query(
            'INSERT INTO public.note VALUES ((SELECT identity_id FROM databricks_session_identity()), $1)',
            [principal.id],
          ),
      )
    await write(direct)
    await write(nested)
    const { rows } = await inSession(
      lakegate,
      { user: outer.displayName, password: await direct.workspaceToken() },
      (session) => session.query('SELECT text FROM public.note'),
    )
    expect(rows).toEqual([{ text: direct.id }])
  })
})
