/** behaviours 30–39: identities become roles in SQL. */
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
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
})
