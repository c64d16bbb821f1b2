/** behaviours 30–39: identities become roles in SQL. */
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { openInsider } from '../stage/insider.ts'
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
const CREATE_ROLE = 'SELECT databricks_create_role($1, $2)'

const sqlError = async (work: Promise<unknown>): Promise<pg.DatabaseError> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (error instanceof pg.DatabaseError) return error
  throw new Error('the statement was accepted', { cause: error })
}

describe('databricks_create_role', () => {
  let principal: TestServicePrincipal

  beforeAll(async () => {
    principal = await createServicePrincipal(lakegate, 'roles')
    await createRoleFor(lakegate, principal)
  })

  it('makes a role that can log in and nothing else, without a password (behaviour 31)', async () => {
    const role = await asOwner(lakegate, async (client) => {
      const result = await client.query(
        `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit, rolcanlogin
           FROM pg_roles WHERE rolname = $1`,
        [principal.applicationId],
      )
      return result.rows[0] as unknown
    })
    expect(role).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolbypassrls: false,
      rolinherit: true,
      rolcanlogin: true,
    })
  })

  it.each(['USER', 'GROUP'])('does the same for a %s (behaviour 31)', async (type) => {
    const name = `${crypto.randomUUID()}@example.com`
    const made = await lakegate.admin.request<{ id: string }>(
      'POST',
      `/api/2.0/preview/scim/v2/${type === 'USER' ? 'Users' : 'Groups'}`,
      type === 'USER' ? { userName: name } : { displayName: name },
    )
    const { rows } = await asOwner(lakegate, async (client) => {
      await client.query(CREATE_ROLE, [name, type])
      return client.query(
        `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS more,
                rolinherit, rolcanlogin, rolpassword, label
           FROM pg_roles JOIN pg_seclabels ON objoid = pg_roles.oid WHERE rolname = $1`,
        [name],
      )
    })
    expect(rows).toEqual([
      {
        more: false,
        rolinherit: true,
        rolcanlogin: true,
        // pg_roles shows stars whether there is one or not.
        rolpassword: '********',
        label: `id=${made.id},type=${type}`,
      },
    ])
  })

  it('is refused to a session that no identity opened, whatever its role may (behaviour 36)', async () => {
    const insider = await openInsider(lakegate)
    try {
      const { socket_directory: host } = await insider.database
        .selectFrom('database_instance')
        .select('socket_directory')
        .where('uid', '=', lakegate.ready.instance.uid)
        .executeTakeFirstOrThrow()
      if (host === null) throw new Error('the instance does not run')
      const newcomer = await createServicePrincipal(lakegate, 'not by this way')
      // Around the gateway, as a native login is: the role is the owner's, the session nobody's.
      const client = new pg.Client({
        host,
        user: lakegate.ready.admin_user,
        database: lakegate.ready.instance.database,
      })
      await client.connect()
      try {
        const create = () =>
          sqlError(client.query(CREATE_ROLE, [newcomer.applicationId, 'SERVICE_PRINCIPAL']))
        expect((await create()).code).toBe('28000')
        const owner = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
        for (const ticket of ['x', owner, ''])
          await client
            .query(`SELECT set_config('databricks_auth.session', $1, false)`, [ticket])
            .then(create)
            .then((error) => expect(error.code).toBe('28000'))
      } finally {
        await client.end()
      }
    } finally {
      await insider.close()
    }
  })

  it('shows the role in databricks_list_roles and its label in pg_seclabels (behaviour 37)', async () => {
    const { listed, label } = await asOwner(lakegate, async (client) => ({
      listed: (
        await client.query(`SELECT identity_type FROM databricks_list_roles WHERE role_name = $1`, [
          principal.applicationId,
        ])
      ).rows as unknown,
      label: (
        await client.query(
          `SELECT provider, label FROM pg_seclabels WHERE objtype = 'role' AND objname = quote_ident($1)`,
          [principal.applicationId],
        )
      ).rows as unknown,
    }))
    expect(listed).toEqual([{ identity_type: 'service_principal' }])
    expect(label).toEqual([
      { provider: 'databricks_auth', label: `id=${principal.id},type=SERVICE_PRINCIPAL` },
    ])
  })

  it('takes the identity type in any letter case (behaviour 32)', async () => {
    const other = await createServicePrincipal(lakegate, 'letter case')
    await asOwner(lakegate, async (client) =>
      client.query(CREATE_ROLE, [other.applicationId, 'service_Principal']),
    )
    await expect(mintCredential(other.http, lakegate.ready.instance.name)).resolves.toMatch(/^ey/)
  })

  it.each([
    ['an unknown type (behaviour 32)', ['somebody', 'ROBOT'], '22023'],
    [
      'an unknown identity (behaviour 33)',
      ['00000000-0000-4000-8000-000000000000', 'SERVICE_PRINCIPAL'],
      '22023',
    ],
    ['a name made to break out of a string (attack 31)', [`x'; DROP ROLE cloud_admin; --`, 'USER'], '22023'],
  ])('refuses %s', async (_case, parameters, sqlstate) => {
    const error = await asOwner(lakegate, async (client) => sqlError(client.query(CREATE_ROLE, parameters)))
    expect(error.code).toBe(sqlstate)
  })

  it('refuses a role name that is taken and changes nothing (behaviour 34)', async () => {
    const error = await asOwner(lakegate, async (client) =>
      sqlError(client.query(CREATE_ROLE, [principal.applicationId, 'SERVICE_PRINCIPAL'])),
    )
    expect(error.code).toBe('42710')
    const byHand = await createServicePrincipal(lakegate, 'made by hand before')
    const { failed, label, memberships } = await asOwner(lakegate, async (client) => {
      await client.query(`CREATE ROLE "${byHand.applicationId}" NOLOGIN`)
      return {
        failed: await sqlError(client.query(CREATE_ROLE, [byHand.applicationId, 'SERVICE_PRINCIPAL'])),
        label: (
          await client.query(`SELECT FROM pg_seclabels WHERE objname = quote_ident($1)`, [
            byHand.applicationId,
          ])
        ).rowCount,
        memberships: (
          await client.query(`SELECT rolcanlogin FROM pg_roles WHERE rolname = $1`, [byHand.applicationId])
        ).rows as unknown,
      }
    })
    expect(failed.code).toBe('42710')
    expect(label).toBe(0)
    expect(memberships).toEqual([{ rolcanlogin: false }])
  })

  it('refuses a caller without CREATEROLE (behaviour 35)', async () => {
    const other = await createServicePrincipal(lakegate, 'not by me')
    const error = await inSession(
      lakegate,
      { user: principal.applicationId, password: await principal.workspaceToken() },
      async (client) => sqlError(client.query(CREATE_ROLE, [other.applicationId, 'SERVICE_PRINCIPAL'])),
    )
    expect(error.code).toBe('42501')
  })

  it('goes by the ticket that the session was opened with, whatever the session put in its place', async () => {
    const creator = await createServicePrincipal(lakegate, 'creator')
    await createRoleFor(lakegate, creator)
    const other = await createServicePrincipal(lakegate, 'target')
    const ticket = await asOwner(lakegate, async (client) => {
      await client.query(`ALTER ROLE "${creator.applicationId}" CREATEROLE`)
      await client.query(`GRANT CREATE ON DATABASE databricks_postgres TO "${creator.applicationId}"`)
      return (
        await client.query<{ ticket: string }>(`SELECT current_setting('databricks_auth.session') AS ticket`)
      ).rows[0]?.ticket
    })
    const { rows } = await inSession(
      lakegate,
      { user: creator.applicationId, password: await creator.workspaceToken() },
      async (client) => {
        await client.query(`SELECT set_config('databricks_auth.session', $1, false)`, [ticket])
        await client.query(CREATE_ROLE, [other.applicationId, 'SERVICE_PRINCIPAL'])
        return client.query<{ kept: string }>(`SELECT current_setting('databricks_auth.session') AS kept`)
      },
    )
    expect(rows[0]?.kept).not.toBe(ticket)
  })

  it('exists only where the extension was created (behaviour 30)', async () => {
    const owner = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    await asOwner(lakegate, async (client) => client.query('CREATE DATABASE "plain" TEMPLATE template0'))
    const error = await inSession(
      lakegate,
      { user: lakegate.ready.admin_user, password: owner, database: 'plain' },
      async (client) => sqlError(client.query(CREATE_ROLE, ['x', 'USER'])),
    )
    expect(error.code).toBe('42883')
  })
})

describe('a role that was created by hand', () => {
  it('opens for its identity once it is labelled, and closes when the label is cleared (behaviours 38, 39)', async () => {
    const principal = await createServicePrincipal(lakegate, 'by hand')
    const role = { user: 'made by hand', password: await principal.workspaceToken() }
    const set = async (label: string | null) =>
      asOwner(lakegate, async (client) =>
        client.query('SELECT databricks_set_role_label($1, $2)', [role.user, label]),
      )
    await asOwner(lakegate, async (client) => client.query(`CREATE ROLE "made by hand" LOGIN`))
    await set(`id=${principal.id},type=SERVICE_PRINCIPAL`)
    await expect(
      inSession(lakegate, role, async (client) => (await client.query('SELECT 1 AS one')).rowCount),
    ).resolves.toBe(1)
    await set(null)
    await expect(refusedLogin(lakegate, role)).resolves.toMatchObject({ code: '28000' })
  })

  const SET_LABEL = 'SELECT databricks_set_role_label($1, $2)'

  it.each([
    'id=1',
    'type=USER',
    'id=,type=USER',
    'id=0,type=USER',
    'id=01,type=USER',
    'id=-1,type=USER',
    'id=x,type=USER',
    'id=1,type=ROBOT',
    'id=1,type=USER ',
    'id=1,type=USER,id=2',
    'id=1, type=USER',
    'id=1,type=USER\n',
    'id=99999999999999999999,type=USER',
    '',
  ])('takes no malformed label: %j (behaviour 38)', async (label) => {
    const error = await asOwner(lakegate, async (client) => {
      await client.query('CREATE ROLE "to be labelled" LOGIN').catch(() => undefined)
      return sqlError(client.query(SET_LABEL, ['to be labelled', label]))
    })
    expect(error.code).toBe('22023')
  })

  it('is labelled by its owner only, and roles of the system by nobody (behaviour 38)', async () => {
    const principal = await createServicePrincipal(lakegate, 'labels others')
    await createRoleFor(lakegate, principal)
    const label = `id=${principal.id},type=SERVICE_PRINCIPAL`
    const victim = `victim ${crypto.randomUUID()}`
    await asOwner(lakegate, (client) => client.query(`CREATE ROLE "${victim}" LOGIN`))
    const asPrincipal = async (work: (client: pg.Client) => Promise<pg.DatabaseError>) =>
      inSession(lakegate, { user: principal.applicationId, password: await principal.workspaceToken() }, work)
    for (const role of [victim, lakegate.ready.admin_user, principal.applicationId, 'cloud_admin'])
      for (const wanted of [label, null]) {
        const error = await asPrincipal((client) => sqlError(client.query(SET_LABEL, [role, wanted])))
        expect(error.code, role).toBe('42501')
      }
    for (const role of ['cloud_admin', 'databricks_superuser', 'databricks_gateway', 'pg_monitor']) {
      const error = await asOwner(lakegate, (client) => sqlError(client.query(SET_LABEL, [role, label])))
      expect(error.code, role).toBe('42501')
    }
    const direct = await asPrincipal((client) =>
      sqlError(client.query(`DELETE FROM pg_catalog.pg_shseclabel`)),
    )
    expect(direct.code).toBe('42501')
    const missing = await asOwner(lakegate, (client) =>
      sqlError(client.query(SET_LABEL, ['nobody-here', label])),
    )
    expect(missing.code).toBe('42704')
  })
})
