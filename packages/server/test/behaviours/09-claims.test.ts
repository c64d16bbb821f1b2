/** behaviours 9–12: a credential whose claims let its sessions read the named tables besides. */
import { createHash, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type {
  DatabaseCatalog,
  InstanceTablesAnswer,
  DatabaseCredential,
  DatabaseTable,
  ListDatabaseCatalogsResponse,
  PrivilegeAssignments,
  ScimGroup,
} from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const CATALOG = `sales_${randomUUID().slice(0, 8)}`
const SCHEMA = `shop_${randomUUID().slice(0, 8)}`
const ORDERS = `${CATALOG}.${SCHEMA}.orders`
const PRICES = `${CATALOG}.${SCHEMA}.prices`
const GRANTS = '/api/2.1/unity-catalog/permissions'

const mintWith = async (principal: TestServicePrincipal, ...tables: string[]) =>
  (
    await principal.http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', {
      request_id: randomUUID(),
      claims: [{ permission_set: 'READ_ONLY', resources: tables.map((table_name) => ({ table_name })) }],
    })
  ).token
const grant = (type: string, name: string, change: object) =>
  admin.request<PrivilegeAssignments>('PATCH', `${GRANTS}/${type}/${name}`, { changes: [change] })
const selectFrom =
  (table: string) => (session: { query(text: string): Promise<{ rows: Record<string, unknown>[] }> }) =>
    session.query(`SELECT * FROM "${SCHEMA}".${table}`)

let reader: TestServicePrincipal
let stranger: TestServicePrincipal
beforeAll(async () => {
  reader = await createServicePrincipal(lakegate, 'reader of claims')
  stranger = await createServicePrincipal(lakegate, 'stranger to claims')
  await createRoleFor(lakegate, reader)
  await createRoleFor(lakegate, stranger)
  await asOwner(lakegate, async (session) => {
    await session.query(`CREATE SCHEMA "${SCHEMA}"`)
    for (const table of ['orders', 'prices', 'secrets'])
      await session.query(`CREATE TABLE "${SCHEMA}".${table} AS SELECT '${table}' AS name`)
    await session.query(`CREATE TABLE public.own_${SCHEMA} (x int)`)
    await session.query(`GRANT ALL ON public.own_${SCHEMA} TO "${reader.applicationId}"`)
    await session.query(`GRANT CREATE ON SCHEMA public TO "${reader.applicationId}"`)
  })
  await admin.request<DatabaseCatalog>('POST', '/api/2.0/database/catalogs', {
    name: CATALOG,
    database_instance_name: ready.instance.name,
    database_name: 'databricks_postgres',
  })
  await grant('table', ORDERS, { principal: reader.applicationId, add: ['SELECT'] })
})

describe('minting with claims', () => {
  it('is refused for a table that the caller may not read (behaviour 9)', async () => {
    await expect(mintWith(stranger, ORDERS)).rejects.toMatchObject({
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: expect.stringContaining(ORDERS) as string,
    })
    await expect(mintWith(reader, ORDERS, PRICES)).rejects.toMatchObject({ status: 403 })
  })

  it('is refused for a table that is not registered', async () => {
    await expect(mintWith(reader, 'no.such.table')).rejects.toMatchObject({ status: 403 })
    await expect(mintWith(reader, CATALOG)).rejects.toMatchObject({ status: 403 })
  })

  it.each([
    [
      'another permission set',
      [{ permission_set: 'READ_WRITE', resources: [{ table_name: ORDERS }] }],
      'READ_ONLY',
    ],
    ['no permission set', [{ resources: [{ table_name: ORDERS }] }], 'READ_ONLY'],
    [
      'a resource of another kind',
      [{ permission_set: 'READ_ONLY', resources: [{ unspecified_resource_name: 'x' }] }],
      'table_name',
    ],
    ['no resource', [{ permission_set: 'READ_ONLY', resources: [] }], 'at least one'],
  ])('is refused with %s, and says what there is (behaviour 12)', async (_what, claims, said) => {
    const minting = reader.http.request('POST', '/api/2.0/database/credentials', {
      instance_names: [ready.instance.name],
      claims,
    })
    await expect(minting).rejects.toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining(said) as string,
    })
  })

  it('is granted by a grant on the schema or the catalog, and to a group above the caller', async () => {
    const member = await createServicePrincipal(lakegate, 'member that reads')
    await createRoleFor(lakegate, member)
    const group = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
      displayName: `readers ${randomUUID().slice(0, 8)}`,
      members: [{ value: member.id }],
    })
    await expect(mintWith(member, PRICES)).rejects.toMatchObject({ status: 403 })
    for (const [type, name] of [
      ['schema', `${CATALOG}.${SCHEMA}`],
      ['catalog', CATALOG],
    ] as const) {
      await grant(type, name, { principal: group.displayName, add: ['SELECT'] })
      await expect(mintWith(member, PRICES)).resolves.toEqual(expect.any(String))
      await grant(type, name, { principal: group.displayName, remove: ['SELECT'] })
      await expect(mintWith(member, PRICES)).rejects.toMatchObject({ status: 403 })
    }
  })
})

describe('a session with claims', () => {
  const inClaims = async <Result>(
    work: Parameters<typeof inSession<Result>>[2],
    ...tables: string[]
  ): Promise<Result> =>
    inSession(
      lakegate,
      {
        user: reader.applicationId,
        password: await mintWith(reader, ...(tables.length === 0 ? [ORDERS] : tables)),
      },
      work,
    )

  it('reads the named table, which the role itself cannot (behaviour 10)', async () => {
    expect((await inClaims(selectFrom('orders'))).rows).toEqual([{ name: 'orders' }])
    const without = await reader.workspaceToken()
    await expect(
      inSession(lakegate, { user: reader.applicationId, password: without }, selectFrom('orders')),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('lends nothing to a session of the same role that is open at the same time (behaviour 10)', async () => {
    await inClaims(async (session) => {
      const other = inSession(
        lakegate,
        { user: reader.applicationId, password: await reader.workspaceToken() },
        async (plain) => {
          const { rows } = await session.query<{ reader: string }>('SELECT current_user AS reader')
          await expect(plain.query(`SET ROLE "${rows[0]?.reader ?? ''}"`)).rejects.toMatchObject({
            code: '42501',
          })
          return selectFrom('orders')(plain)
        },
      )
      await expect(other).rejects.toMatchObject({ code: '42501' })
      expect((await selectFrom('orders')(session)).rows).toHaveLength(1)
    })
  })

  it('reads no other table', async () => {
    await expect(inClaims(selectFrom('secrets'))).rejects.toMatchObject({ code: '42501' })
  })

  it.each([
    ['INSERT', `INSERT INTO "${SCHEMA}".orders VALUES ('x')`],
    ['UPDATE', `UPDATE "${SCHEMA}".orders SET name = 'x'`],
    ['DELETE', `DELETE FROM "${SCHEMA}".orders`],
    ['TRUNCATE', `TRUNCATE "${SCHEMA}".orders`],
    ['SELECT FOR UPDATE', `SELECT * FROM "${SCHEMA}".orders FOR UPDATE`],
  ])('cannot %s (behaviour 11)', async (_verb, statement) => {
    await expect(inClaims((session) => session.query(statement))).rejects.toMatchObject({ code: '42501' })
  })

  it('cannot pass the reading on', async () => {
    // PostgreSQL answers with a warning, and grants nothing.
    await inClaims((session) => session.query(`GRANT SELECT ON "${SCHEMA}".orders TO PUBLIC`))
    const login = { user: stranger.applicationId, password: await stranger.workspaceToken() }
    await expect(inSession(lakegate, login, selectFrom('orders'))).rejects.toMatchObject({ code: '42501' })
  })

  it('keeps what the role may do, and what it creates is the role’s', async () => {
    const found = await inClaims(async (session) => {
      await session.query(`INSERT INTO public.own_${SCHEMA} VALUES (1)`)
      await session.query(`CREATE TABLE public.made_${SCHEMA} (x int)`)
      const { rows } = await session.query<{ owner: string; who: string }>(
        'SELECT tableowner AS owner, session_user AS who FROM pg_tables WHERE tablename = $1',
        [`made_${SCHEMA}`],
      )
      return rows[0]
    })
    expect(found).toEqual({ owner: reader.applicationId, who: reader.applicationId })
  })

  it('is told from others in SQL by who is behind it', async () => {
    const { rows } = await inClaims((session) => session.query('SELECT * FROM databricks_session_identity()'))
    expect(rows).toMatchObject([{ identity_id: reader.id }])
  })

  it('opens also when the client asks for read-only transactions', async () => {
    const session = inSession(
      lakegate,
      {
        user: reader.applicationId,
        password: await mintWith(reader, ORDERS),
        options: '-c default_transaction_read_only=on -c default_transaction_isolation=serializable',
      },
      selectFrom('orders'),
    )
    await expect(session).resolves.toMatchObject({ rows: [{ name: 'orders' }] })
  })

  it('gives up its claims with RESET ROLE, for good', async () => {
    const after = inClaims(async (session) => {
      const { rows } = await session.query<{ reader: string }>('SELECT current_user AS reader')
      await session.query('RESET ROLE')
      await expect(session.query(`SET ROLE "${rows[0]?.reader ?? ''}"`)).rejects.toMatchObject({
        code: '42501',
      })
      return selectFrom('orders')(session)
    })
    await expect(after).rejects.toMatchObject({ code: '42501' })
  })

  it.each([
    ['a guessed secret', `SELECT databricks_open_claims('guess')`],
    ['the functions one by one', `SELECT databricks_auth.lend_claims('guess')`],
    [
      'the hash of the secret, which it can read',
      `SELECT databricks_open_claims(current_setting('databricks_auth.claims')::json ->> 'lock')`,
    ],
    [
      'a setting of its own',
      `SELECT set_config('databricks_auth.claims', json_build_object('lock', encode(sha256('x'), 'hex'), 'tables', '[]'::json)::text, false), databricks_open_claims('x')`,
    ],
  ])('cannot open more with %s', async (_what, statement) => {
    await expect(inClaims((session) => session.query(statement))).rejects.toMatchObject({ code: '42501' })
  })

  it('cannot be had by a session that brings claims of its own making in its options', async () => {
    const sha256 = createHash('sha256').update('mine').digest('hex')
    const claims = JSON.stringify({ lock: sha256, tables: [[SCHEMA, 'orders']] })
    const password = await mintCredential(reader.http, ready.instance.name)
    const options = `-c databricks_auth.claims=${claims}`
    const opened = inSession(lakegate, { user: reader.applicationId, password, options }, (session) =>
      session.query(`SELECT databricks_open_claims('mine')`),
    )
    await expect(opened).rejects.toMatchObject({ code: '42501' })
  })

  it('shows nobody the secret that opened it', async () => {
    const seen = await inClaims(async (session) => {
      const { rows } = await session.query<{ query: string }>(
        'SELECT query FROM pg_stat_activity WHERE usename = session_user',
      )
      return rows.map(({ query }) => query).join('\n')
    })
    expect(seen).not.toMatch(/open_claims\('/)
  })

  it('opens many at a time', async () => {
    const sessions = await Promise.all(Array.from({ length: 12 }, () => inClaims(selectFrom('orders'))))
    expect(sessions.every(({ rows }) => rows.length === 1)).toBe(true)
  })
})

describe('a login with claims', () => {
  it('is refused once the grant is gone, though the token is still valid', async () => {
    const leaver = await createServicePrincipal(lakegate, 'loses the grant')
    await createRoleFor(lakegate, leaver)
    await grant('table', ORDERS, { principal: leaver.applicationId, add: ['SELECT'] })
    const password = await mintWith(leaver, ORDERS)
    await grant('table', ORDERS, { principal: leaver.applicationId, remove: ['SELECT'] })
    const error = await refusedLogin(lakegate, { user: leaver.applicationId, password })
    expect(error).toMatchObject({ code: '28000', detail: expect.stringContaining(ORDERS) as string })
  })

  it('is refused when the table is gone from the database', async () => {
    const table = `gone_${randomUUID().slice(0, 8)}`
    await grant('catalog', CATALOG, { principal: reader.applicationId, add: ['SELECT'] })
    const password = await mintWith(reader, `${CATALOG}.${SCHEMA}.${table}`)
    await grant('catalog', CATALOG, { principal: reader.applicationId, remove: ['SELECT'] })
    await grant('table', `${CATALOG}.${SCHEMA}.${table}`, {
      principal: reader.applicationId,
      add: ['SELECT'],
    })
    const error = await refusedLogin(lakegate, { user: reader.applicationId, password })
    expect(error).toMatchObject({ code: '28000', detail: expect.stringContaining(table) as string })
  })

  it('reads nothing through catalogs of PostgreSQL, whatever is registered', async () => {
    const name = `${CATALOG}.pg_catalog.pg_authid`
    await grant('table', name, { principal: reader.applicationId, add: ['SELECT'] })
    const password = await mintWith(reader, name)
    const error = await refusedLogin(lakegate, { user: reader.applicationId, password })
    expect(error.detail).toContain('does not exist')
  })
})

describe('the registry of tables', () => {
  it('registers a single table, shows it and removes it', async () => {
    const name = `alone_${randomUUID().slice(0, 8)}.${SCHEMA}.prices`
    const path = `/api/2.0/database/tables/${name}`
    const body = {
      name,
      database_instance_name: ready.instance.name,
      logical_database_name: 'databricks_postgres',
    }
    expect(await admin.request<DatabaseTable>('POST', '/api/2.0/database/tables', body)).toEqual(body)
    await expect(admin.request('POST', '/api/2.0/database/tables', body)).rejects.toMatchObject({
      status: 409,
    })
    expect(await admin.request<DatabaseTable>('GET', path)).toEqual(body)
    await grant('table', name, { principal: reader.applicationId, add: ['SELECT'] })
    const password = await mintWith(reader, name)
    await admin.request('DELETE', path)
    await expect(admin.request('GET', path)).rejects.toMatchObject({ status: 404 })
    const error = await refusedLogin(lakegate, { user: reader.applicationId, password })
    expect(error.detail).toContain('not registered')
    // A new entry of the name begins with nobody.
    await admin.request('POST', '/api/2.0/database/tables', body)
    await expect(mintWith(reader, name)).rejects.toMatchObject({ status: 403 })
  })

  it('lists the catalogs of an instance and makes a database on demand', async () => {
    const name = `fresh_${randomUUID().slice(0, 8)}`
    const body = { name, database_instance_name: ready.instance.name, database_name: name }
    const create = (more: object = {}) =>
      admin.request<DatabaseCatalog>('POST', '/api/2.0/database/catalogs', { ...body, ...more })
    await expect(create()).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(name) as string,
    })
    expect(await create({ create_database_if_not_exists: true })).toMatchObject(body)
    const listed: string[] = []
    for (let token: string | undefined = ''; token !== undefined;) {
      const page: ListDatabaseCatalogsResponse = await admin.request(
        'GET',
        `/api/2.0/database/instances/${ready.instance.name}/catalogs?page_size=1&page_token=${token}`,
      )
      listed.push(...page.database_catalogs.map((catalog) => catalog.name))
      token = page.next_page_token
    }
    expect(listed).toEqual(expect.arrayContaining([CATALOG, name]))
  })

  it('lists the single tables of an instance, page by page', async () => {
    const tables = ['one', 'two'].map((name) => `${CATALOG}.listed.${name}`)
    for (const name of tables)
      await admin.request('POST', '/api/2.0/database/tables', {
        name,
        database_instance_name: ready.instance.name,
        logical_database_name: 'databricks_postgres',
      })
    const listed: string[] = []
    for (let token: string | undefined = ''; token !== undefined;) {
      const page: InstanceTablesAnswer = await admin.request(
        'GET',
        `/api/2.0/lakegate/instances/${ready.instance.name}/tables?page_size=1&page_token=${token}`,
      )
      listed.push(...page.database_tables.map((table) => table.name))
      token = page.next_page_token
    }
    expect(listed).toEqual(expect.arrayContaining(tables))
    expect(listed).not.toContain(CATALOG)
  })

  it('takes an update that changes nothing, and says that a catalog is not changed otherwise', async () => {
    const path = `/api/2.0/database/catalogs/${CATALOG}?update_mask=*`
    const same = {
      name: CATALOG,
      database_instance_name: ready.instance.name,
      database_name: 'databricks_postgres',
    }
    expect(await admin.request('PATCH', path, same)).toMatchObject(same)
    expect(await admin.request('PATCH', path, {})).toMatchObject(same)
    await expect(admin.request('PATCH', path, { ...same, database_name: 'template1' })).rejects.toMatchObject(
      {
        status: 400,
        message: expect.stringMatching(/^database_name: .*delete .*register/) as string,
      },
    )
    await expect(admin.request('PATCH', path, { name: 'other' })).rejects.toMatchObject({ status: 400 })
    await expect(stranger.http.request('PATCH', path, same)).rejects.toMatchObject({ status: 403 })
    await expect(
      admin.request('PATCH', '/api/2.0/database/catalogs/no_such_catalog', same),
    ).rejects.toMatchObject({ status: 404, errorCode: 'NOT_FOUND' })
  })

  it('is for those who manage the instance; reading it is for everybody in the workspace', async () => {
    const body = {
      name: 'mine',
      database_instance_name: ready.instance.name,
      database_name: 'databricks_postgres',
    }
    await expect(stranger.http.request('POST', '/api/2.0/database/catalogs', body)).rejects.toMatchObject({
      status: 403,
    })
    await expect(
      stranger.http.request('DELETE', `/api/2.0/database/catalogs/${CATALOG}`),
    ).rejects.toMatchObject({ status: 403 })
    await expect(
      stranger.http.request('PATCH', `${GRANTS}/catalog/${CATALOG}`, {
        changes: [{ principal: stranger.applicationId, add: ['SELECT'] }],
      }),
    ).rejects.toMatchObject({ status: 403 })
    expect(await stranger.http.request('GET', `/api/2.0/database/catalogs/${CATALOG}`)).toMatchObject({
      name: CATALOG,
    })
    expect(
      await stranger.http.request<PrivilegeAssignments>('GET', `${GRANTS}/table/${ORDERS}`),
    ).toMatchObject({
      privilege_assignments: expect.arrayContaining([
        { principal: reader.applicationId, privileges: ['SELECT'] },
      ]) as unknown,
    })
  })

  it('drops the readers of a role together with the role', async () => {
    const short = await createServicePrincipal(lakegate, 'short-lived')
    await createRoleFor(lakegate, short)
    await grant('table', ORDERS, { principal: short.applicationId, add: ['SELECT'] })
    const readerRole = await inSession(
      lakegate,
      { user: short.applicationId, password: await mintWith(short, ORDERS) },
      async (session) => (await session.query<{ who: string }>('SELECT current_user AS who')).rows[0]?.who,
    )
    await admin.request(
      'DELETE',
      `/api/2.0/database/instances/${ready.instance.name}/roles/${short.applicationId}`,
    )
    const left = await asOwner(lakegate, (session) =>
      session.query('SELECT FROM pg_roles WHERE rolname = $1', [readerRole]),
    )
    expect(left.rowCount).toBe(0)
  })
})
