/** behaviours 53, 58–61: permissions on an instance, and its roles through REST. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  type DatabaseInstanceRole,
  type InstancePermissions,
  type LakegateHttp,
  type ListDatabaseInstanceRolesResponse,
  type ScimGroup,
} from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
} from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const name = ready.instance.name
const PERMISSIONS = `/api/2.0/permissions/database-instances/${name}`
const ROLES = `/api/2.0/database/instances/${name}/roles`

const grant = (applicationId: string, level: 'CAN_USE' | 'CAN_MANAGE') =>
  admin.request<InstancePermissions>('PATCH', PERMISSIONS, {
    access_control_list: [{ service_principal_name: applicationId, permission_level: level }],
  })
const createRole = (http: LakegateHttp, role: object) =>
  http.request<DatabaseInstanceRole>('POST', ROLES, role)
const levelOf = ({ access_control_list: list }: InstancePermissions, applicationId: string) =>
  list.find((entry) => entry.service_principal_name === applicationId)?.all_permissions[0]?.permission_level

describe('the permissions of an instance', () => {
  it('are CAN_MANAGE for the owner and for admins, who inherit it', async () => {
    const permissions = await admin.request<InstancePermissions>('GET', PERMISSIONS)
    expect(permissions).toMatchObject({
      object_id: `/database-instances/${name}`,
      object_type: 'database-instances',
    })
    expect(permissions.access_control_list).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          user_name: ready.admin_user,
          all_permissions: [{ permission_level: 'CAN_MANAGE', inherited: false }],
        }),
        expect.objectContaining({
          group_name: 'admins',
          all_permissions: [expect.objectContaining({ permission_level: 'CAN_MANAGE', inherited: true })],
        }),
      ]),
    )
  })

  it('are merged by PATCH and replaced by PUT', async () => {
    const [one, two] = [
      await createServicePrincipal(lakegate, 'one'),
      await createServicePrincipal(lakegate, 'two'),
    ]
    const before = await grant(one.applicationId, 'CAN_USE')
    expect(levelOf(before, one.applicationId)).toBe('CAN_USE')
    const merged = await grant(two.applicationId, 'CAN_MANAGE')
    expect([levelOf(merged, one.applicationId), levelOf(merged, two.applicationId)]).toEqual([
      'CAN_USE',
      'CAN_MANAGE',
    ])
    const replaced = await admin.request<InstancePermissions>('PUT', PERMISSIONS, {
      access_control_list: [{ service_principal_name: one.applicationId, permission_level: 'CAN_MANAGE' }],
    })
    expect([levelOf(replaced, one.applicationId), levelOf(replaced, two.applicationId)]).toEqual([
      'CAN_MANAGE',
      undefined,
    ])
  })

  it('reach the members of a group, direct and nested', async () => {
    const principal = await createServicePrincipal(lakegate, 'member')
    const group = (members: string[]) =>
      admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
        displayName: `managers ${randomUUID()}`,
        members: members.map((value) => ({ value })),
      })
    const outer = await group([(await group([principal.id])).id])
    await expect(principal.http.request('GET', ROLES)).rejects.toMatchObject({ status: 403 })
    await admin.request('PATCH', PERMISSIONS, {
      access_control_list: [{ group_name: outer.displayName, permission_level: 'CAN_USE' }],
    })
    await expect(principal.http.request('GET', ROLES)).resolves.toBeDefined()
  })

  it('have two levels, and are given to those who exist, once each, by those who manage', async () => {
    expect(await admin.request('GET', `${PERMISSIONS}/permissionLevels`)).toMatchObject({
      permission_levels: [{ permission_level: 'CAN_USE' }, { permission_level: 'CAN_MANAGE' }],
    })
    const set = (...entries: object[]) => admin.request('PUT', PERMISSIONS, { access_control_list: entries })
    expect(
      await refusal(set({ user_name: 'nobody@example.com', permission_level: 'CAN_USE' })),
    ).toMatchObject({
      status: 404,
    })
    expect(await refusal(set({ user_name: 'x', permission_level: 'IS_OWNER' }))).toMatchObject({
      status: 400,
    })
    expect(await refusal(set({ permission_level: 'CAN_USE' }))).toMatchObject({ status: 400 })
    const principal = await createServicePrincipal(lakegate, 'twice')
    const entry = { service_principal_name: principal.applicationId, permission_level: 'CAN_USE' }
    expect(await refusal(set(entry, entry))).toMatchObject({ status: 400 })
    await grant(principal.applicationId, 'CAN_USE')
    const climb = principal.http.request('PATCH', PERMISSIONS, {
      access_control_list: [{ ...entry, permission_level: 'CAN_MANAGE' }],
    })
    expect(await refusal(climb)).toMatchObject({ status: 403 })
  })

  it('decide who may update: CAN_USE not, CAN_MANAGE does, native login among it (behaviour 53)', async () => {
    const principal = await createServicePrincipal(lakegate, 'updater')
    const path = `/api/2.0/database/instances/${name}?update_mask=enable_pg_native_login`
    const toggle = () => principal.http.request('PATCH', path, { name, enable_pg_native_login: false })
    await grant(principal.applicationId, 'CAN_USE')
    expect(await refusal(toggle())).toMatchObject({ status: 403 })
    await grant(principal.applicationId, 'CAN_MANAGE')
    await expect(toggle()).resolves.toMatchObject({ effective_enable_pg_native_login: false })
  })
})

describe('CAN_USE', () => {
  it('adds the own role and no other, without attributes (behaviour 58)', async () => {
    const principal = await createServicePrincipal(lakegate, 'user')
    const other = await createServicePrincipal(lakegate, 'other')
    await grant(principal.applicationId, 'CAN_USE')
    const own = { name: principal.applicationId, identity_type: 'SERVICE_PRINCIPAL' }
    expect(await refusal(createRole(principal.http, { ...own, name: other.applicationId }))).toMatchObject({
      status: 403,
    })
    expect(
      await refusal(createRole(principal.http, { ...own, attributes: { createdb: true } })),
    ).toMatchObject({
      status: 403,
    })
    expect(
      await refusal(createRole(principal.http, { ...own, membership_role: 'DATABRICKS_SUPERUSER' })),
    ).toMatchObject({
      status: 403,
    })
    expect(await createRole(principal.http, own)).toMatchObject({
      name: principal.applicationId,
      identity_type: 'SERVICE_PRINCIPAL',
      identity_id: principal.id,
      effective_attributes: { createdb: false, createrole: false, bypassrls: false },
    })
    expect(
      await refusal(principal.http.request('DELETE', `${ROLES}/${principal.applicationId}`)),
    ).toMatchObject({
      status: 403,
    })
    const password = await mintCredential(principal.http, name)
    await expect(
      inSession(lakegate, { user: principal.applicationId, password }, (session) =>
        session.query('SELECT 1'),
      ),
    ).resolves.toMatchObject({ rowCount: 1 })
  })

  it('without a role does not log in, nor mint (behaviour 60)', async () => {
    const principal = await createServicePrincipal(lakegate, 'no role')
    await grant(principal.applicationId, 'CAN_USE')
    expect(await refusal(mintCredential(principal.http, name))).toMatchObject({ status: 403 })
    const password = await principal.workspaceToken()
    const error = await refusedLogin(lakegate, { user: principal.applicationId, password })
    expect(error.message).toContain('does not exist')
  })
})

describe('CAN_MANAGE', () => {
  it('lists roles, and makes and drops those of others, with what they may (behaviours 58, 61)', async () => {
    const manager = await createServicePrincipal(lakegate, 'manager')
    const other = await createServicePrincipal(lakegate, 'of somebody else')
    await grant(manager.applicationId, 'CAN_MANAGE')
    const role = { name: other.applicationId, identity_type: 'SERVICE_PRINCIPAL' }
    await createRole(manager.http, { ...role, attributes: { createdb: true } })
    const path = `${ROLES}/${other.applicationId}`
    expect(await manager.http.request('GET', path)).toMatchObject({
      effective_attributes: { createdb: true },
    })
    await manager.http.request('DELETE', path)
    expect(await refusal(manager.http.request('GET', path))).toMatchObject({ status: 404 })
  })

  it('is what nobody has for an instance that nobody gave him anything on (behaviour 58)', async () => {
    const stranger = await createServicePrincipal(lakegate, 'stranger')
    const own = { name: stranger.applicationId, identity_type: 'SERVICE_PRINCIPAL' }
    expect(await refusal(createRole(stranger.http, own))).toMatchObject({ status: 403 })
    expect(await refusal(stranger.http.request('GET', ROLES))).toMatchObject({ status: 403 })
    expect(await refusal(stranger.http.request('GET', PERMISSIONS))).toMatchObject({ status: 403 })
  })
})

it('permissions are kept when somebody leaves the workspace, and are there again on return', async () => {
  const principal = await createServicePrincipal(lakegate, 'leaver')
  await grant(principal.applicationId, 'CAN_MANAGE')
  await createRole(admin, { name: principal.applicationId, identity_type: 'SERVICE_PRINCIPAL' })
  const token = await principal.workspaceToken()
  const credential = await mintCredential(principal.http, name)
  const assignment = `/api/2.0/accounts/${ready.account_id}/workspaces/${ready.workspace_id}/permissionassignments/principals/${principal.id}`
  const login = { user: principal.applicationId, password: credential }
  const there = createLakegateHttp(ready.http_url, () => token)
  await admin.request('DELETE', assignment)
  // Out at once, with whatever is in hand (behaviour 42).
  expect(await refusal(there.request('GET', ROLES))).toMatchObject({ status: 403 })
  expect(await refusal(mintCredential(there, name))).toMatchObject({ status: 403 })
  await expect(principal.workspaceToken()).rejects.toThrow('unauthorized_client')
  for (const password of [credential, token])
    expect(await refusedLogin(lakegate, { ...login, password })).toMatchObject({
      code: '28000',
      detail: 'The identity of the token is not assigned to the workspace of this database instance.',
    })
  await admin.request('PUT', assignment, { permissions: ['USER'] })
  await expect(there.request('GET', ROLES)).resolves.toBeDefined()
  await expect(mintCredential(there, name)).resolves.toMatch(/^ey/)
  await expect(inSession(lakegate, login, (session) => session.query('SELECT 1'))).resolves.toBeDefined()
})

it('a role without any permission on the instance is enough to mint and to log in (behaviour 59)', async () => {
  const principal = await createServicePrincipal(lakegate, 'role only')
  await createRole(admin, { name: principal.applicationId, identity_type: 'SERVICE_PRINCIPAL' })
  const password = await mintCredential(principal.http, name)
  await expect(
    inSession(lakegate, { user: principal.applicationId, password }, (session) => session.query('SELECT 1')),
  ).resolves.toMatchObject({ rowCount: 1 })
})

describe('roles through REST (behaviour 61)', () => {
  it('are made with attributes and membership, and never with REPLICATION', async () => {
    const principal = await createServicePrincipal(lakegate, 'powerful')
    const role = await createRole(admin, {
      name: principal.applicationId,
      identity_type: 'service_principal',
      membership_role: 'DATABRICKS_SUPERUSER',
      attributes: { createdb: true, createrole: true, bypassrls: true },
    })
    expect(role).toMatchObject({
      identity_type: 'SERVICE_PRINCIPAL',
      membership_role: 'DATABRICKS_SUPERUSER',
      effective_attributes: { createdb: true, createrole: true, bypassrls: true },
      instance_name: name,
    })
    const { rows } = await asOwner(lakegate, (session) =>
      session.query('SELECT rolreplication, rolsuper, rolcanlogin FROM pg_roles WHERE rolname = $1', [
        principal.applicationId,
      ]),
    )
    expect(rows).toEqual([{ rolreplication: false, rolsuper: false, rolcanlogin: true }])
    const path = `${ROLES}/${principal.applicationId}`
    for (const attribute of [
      'replication',
      'superuser',
      'login',
      'rolreplication',
      'bypassrls"; ALTER ROLE',
    ]) {
      const attributes = { [attribute]: true }
      expect(await refusal(createRole(admin, { name: 'sneaky', attributes }))).toMatchObject({ status: 400 })
      expect(await refusal(admin.request('PATCH', path, { attributes }))).toMatchObject({ status: 400 })
    }
    // What is only sent back is not taken for a wish.
    await admin.request('PATCH', path, { effective_attributes: { replication: true, superuser: true } })
    await admin.request('PATCH', path, { membership_role: null, attributes: { createrole: false } })
    const changed = await admin.request<DatabaseInstanceRole>('GET', path)
    expect(changed).not.toHaveProperty('membership_role')
    expect(changed.effective_attributes).toEqual({ createdb: true, createrole: false, bypassrls: true })
    await admin.request('PATCH', path, { membership_role: 'DATABRICKS_SUPERUSER' })
    expect(await admin.request('GET', path)).toMatchObject({ membership_role: 'DATABRICKS_SUPERUSER' })
    expect(await refusal(admin.request('PATCH', path, { membership_role: 'CLOUD_ADMIN' }))).toMatchObject({
      status: 400,
    })
    const after = await asOwner(lakegate, (session) =>
      session.query('SELECT rolreplication, rolsuper FROM pg_roles WHERE rolname = $1', [
        principal.applicationId,
      ]),
    )
    expect(after.rows).toEqual([{ rolreplication: false, rolsuper: false }])
  })

  it('are bound to the identity that was named, and stay so', async () => {
    const [one, two] = [
      await createServicePrincipal(lakegate, 'one'),
      await createServicePrincipal(lakegate, 'two'),
    ]
    await createRole(admin, { name: one.applicationId, identity_type: 'SERVICE_PRINCIPAL' })
    const path = `${ROLES}/${one.applicationId}`
    const rename = admin.request('PATCH', path, { name: two.applicationId })
    expect(await refusal(rename)).toMatchObject({ status: 400 })
    const unbind = admin.request('PATCH', path, { identity_type: 'PG_ONLY' })
    expect(await refusal(unbind)).toMatchObject({ status: 400 })
    await admin.request('PATCH', path, { identity_type: 'SERVICE_PRINCIPAL', attributes: {} })
    const plain = `plain ${randomUUID()}`
    await createRole(admin, { name: plain, identity_type: 'PG_ONLY' })
    const password = await two.workspaceToken()
    expect(await refusedLogin(lakegate, { user: one.applicationId, password })).toMatchObject({
      code: '28000',
    })
    // PG_ONLY is bound to nobody, so no token opens it (behaviour 27).
    expect((await refusedLogin(lakegate, { user: plain, password })).message).toContain(
      'no role security label',
    )
  })

  it('are dropped in favour of nobody but another role, so that nothing is lost', async () => {
    const role = `owner ${randomUUID()}`
    const path = `${ROLES}/${encodeURIComponent(role)}`
    await createRole(admin, { name: role })
    const table = `kept_${randomUUID().slice(0, 8)}`
    await asOwner(lakegate, async (session) => {
      await session.query(`GRANT CREATE ON SCHEMA public TO "${role}"`)
      await session.query(`GRANT "${role}" TO CURRENT_USER`)
      await session.query(`SET ROLE "${role}"`)
      await session.query(`CREATE TABLE public.${table} (x int)`)
    })
    const heir = (name: string) =>
      admin.request('DELETE', `${path}?reassign_owned_to=${encodeURIComponent(name)}`)
    expect(await refusal(heir(role))).toMatchObject({ status: 400 })
    expect(await refusal(heir('nobody-here'))).toMatchObject({ status: 404 })
    expect(await refusal(heir('cloud_admin'))).toMatchObject({ status: 404 })
    expect(await refusal(heir('databricks_superuser'))).toMatchObject({ status: 404 })
    const { rows } = await asOwner(lakegate, (session) =>
      session.query('SELECT tableowner FROM pg_tables WHERE tablename = $1', [table]),
    )
    expect(rows).toEqual([{ tableowner: role }])
    await heir(ready.admin_user)
  })

  it('are read, changed and listed page by page, without the system’s own', async () => {
    const names = Array.from({ length: 3 }, (_, index) => `pg-only ${String(index)} ${randomUUID()}`)
    for (const role of names) await createRole(admin, { name: role, identity_type: 'PG_ONLY' })
    const path = `${ROLES}/${encodeURIComponent(names[0] ?? '')}`
    expect(await admin.request('GET', path)).toMatchObject({ name: names[0], identity_type: 'PG_ONLY' })
    await admin.request('PATCH', path, { attributes: { createdb: true } })
    expect(await admin.request('GET', path)).toMatchObject({
      effective_attributes: { createdb: true, createrole: false },
    })
    const seen: string[] = []
    for (let token = ''; ;) {
      const page: ListDatabaseInstanceRolesResponse = await admin.request(
        'GET',
        `${ROLES}?page_size=2&page_token=${token}`,
      )
      seen.push(...page.database_instance_roles.map((role) => role.name))
      token = page.next_page_token ?? ''
      if (token === '') break
    }
    expect(seen).toEqual(expect.arrayContaining([...names, ready.admin_user]))
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((role) => /^(pg|databricks)_|^cloud_admin$/.test(role))).toEqual([])
  })

  it('may have every name that identities have', async () => {
    const group = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
      displayName: `R&D / "quoted" ${randomUUID().slice(0, 8)}`,
    })
    await createRole(admin, { name: group.displayName, identity_type: 'GROUP' })
    const path = `${ROLES}/${encodeURIComponent(group.displayName)}`
    expect(await admin.request('GET', path)).toMatchObject({
      name: group.displayName,
      identity_type: 'GROUP',
    })
    await admin.request('DELETE', path)
    expect(await refusal(admin.request('GET', path))).toMatchObject({ status: 404 })
  })

  it('are dropped, what they own going to an heir, and are missed only if so wished', async () => {
    const role = `owner of things ${randomUUID()}`
    const path = `${ROLES}/${encodeURIComponent(role)}`
    await createRole(admin, { name: role, membership_role: 'DATABRICKS_SUPERUSER' })
    await asOwner(lakegate, async (session) => {
      await session.query(`GRANT CREATE ON SCHEMA public TO "${role}"`)
      await session.query(`GRANT "${role}" TO CURRENT_USER`)
      await session.query(`SET ROLE "${role}"`)
      await session.query('CREATE TABLE public.thing_of_a_role (x int)')
    })
    const inUse = await refusal(admin.request('DELETE', path))
    expect(inUse).toMatchObject({ status: 400, errorCode: 'INVALID_STATE' })
    expect(inUse.message).toContain('reassign_owned_to')
    await admin.request('DELETE', `${path}?reassign_owned_to=${encodeURIComponent(ready.admin_user)}`)
    const { rows } = await asOwner(lakegate, (session) =>
      session.query("SELECT tableowner FROM pg_tables WHERE tablename = 'thing_of_a_role'"),
    )
    expect(rows).toEqual([{ tableowner: ready.admin_user }])
    expect(await refusal(admin.request('DELETE', path))).toMatchObject({ status: 404 })
    await admin.request('DELETE', `${path}?allow_missing=true`)
  })

  it.each([
    ['an identity that there is not', { name: 'nobody@example.com', identity_type: 'USER' }, 404],
    ['a name of the system', { name: 'databricks_superuser' }, 400],
    ['a name of PostgreSQL', { name: 'pg_monitor' }, 400],
    ['the superuser', { name: 'cloud_admin' }, 400],
    ['a name longer than PostgreSQL keeps', { name: 'x'.repeat(64) }, 400],
    ['no name', {}, 400],
  ])('are not made for %s', async (_what, role, status) => {
    expect(await refusal(createRole(admin, role))).toMatchObject({ status })
  })

  it('are made once', async () => {
    expect(await refusal(createRole(admin, { name: ready.admin_user, identity_type: 'USER' }))).toMatchObject(
      {
        status: 409,
        errorCode: 'ALREADY_EXISTS',
      },
    )
  })

  it('of the system are nobody’s to drop or change (attack 31)', async () => {
    for (const role of ['databricks_superuser', 'cloud_admin', 'pg_monitor']) {
      expect(await refusal(admin.request('DELETE', `${ROLES}/${role}`))).toMatchObject({ status: 404 })
      expect(await refusal(admin.request('PATCH', `${ROLES}/${role}`, { attributes: {} }))).toMatchObject({
        status: 404,
      })
    }
  })

  it('take no SQL from a name (attack 31)', async () => {
    const role = `x"; DROP TABLE y; --${randomUUID().slice(0, 8)}`
    await createRole(admin, { name: role })
    expect(await admin.request('GET', `${ROLES}/${encodeURIComponent(role)}`)).toMatchObject({ name: role })
    await admin.request('DELETE', `${ROLES}/${encodeURIComponent(role)}`)
  })
})
