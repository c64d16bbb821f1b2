/** behaviours 54–56: what an instance is born with. */
import { expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { asOwner } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()

it('gives the creator a role with the documented attributes and the database databricks_postgres', async () => {
  const facts = await asOwner(lakegate, async (client) => {
    const result = await client.query(
      `SELECT rolcreatedb, rolcreaterole, rolbypassrls, rolsuper, rolreplication,
              pg_has_role(oid, 'databricks_superuser', 'MEMBER') AS databricks_superuser,
              (SELECT datdba = r.oid FROM pg_database WHERE datname = 'databricks_postgres') AS owns_database
         FROM pg_roles r WHERE rolname = session_user`,
    )
    return result.rows[0] as unknown
  })
  expect(facts).toEqual({
    rolcreatedb: true,
    rolcreaterole: true,
    rolbypassrls: true,
    rolsuper: false,
    rolreplication: false,
    databricks_superuser: true,
    owns_database: true,
  })
})

it('has the system roles, none of which can log in', async () => {
  const roles = await asOwner(lakegate, async (client) => {
    const result = await client.query<{ rolname: string }>(
      `SELECT replace(rolname, (SELECT oid::text FROM pg_database WHERE datname = 'databricks_postgres'), '<oid>') AS rolname
         FROM pg_roles WHERE rolname LIKE 'databricks\\_%' AND NOT rolcanlogin
          -- Readers of sessions with claims, which other tests open in this instance.
          AND rolname NOT LIKE 'databricks\\_claims\\_%' ORDER BY 1`,
    )
    return result.rows.map((row) => row.rolname)
  })
  expect(roles).toEqual([
    'databricks_control_plane',
    'databricks_gateway',
    'databricks_monitor',
    'databricks_reader_<oid>',
    'databricks_superuser',
    'databricks_writer_<oid>',
  ])
})

it('gives members of databricks_superuser the predefined roles', async () => {
  const memberships = await asOwner(lakegate, async (client) => {
    const result = await client.query(
      `SELECT pg_has_role('databricks_superuser', 'pg_read_all_data', 'USAGE') AS read_all,
              pg_has_role('databricks_superuser', 'pg_write_all_data', 'USAGE') AS write_all,
              pg_has_role('databricks_superuser', 'pg_monitor', 'USAGE') AS monitor`,
    )
    return result.rows[0] as unknown
  })
  expect(memberships).toEqual({ read_all: true, write_all: true, monitor: true })
})
