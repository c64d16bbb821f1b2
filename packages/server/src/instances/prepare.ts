/**
 * What every instance is born with (behaviours 54–56): the system roles, databricks_auth in template1 and so in
 * every database made from it, the owner's role and the database that it owns. Each step can be repeated; what
 * belongs to the birth of the owner's database happens once, so that later changes by its owner stay.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { formatIdentityBinding } from '../domain/identity-binding.ts'
import type { Principal } from '../domain/identity.ts'
import {
  CONTROL_PLANE_ROLE,
  DATABRICKS_SUPERUSER,
  GATEWAY_ROLE,
  INITIAL_DATABASE,
  MONITOR_ROLE,
} from '../domain/role.ts'
import type { AdministrativeAccess } from './administrative-client.ts'

/** Copying a template database takes longer than a question of a login. */
const PREPARATION_TIMEOUT_MS = 60_000

/** Where `databricks_create_role` asks its questions; kept cluster-wide where only a superuser can change it. */
const CONTROL_PLANE_SETTING = 'databricks_auth.control_plane'

export async function prepareInstance(
  access: AdministrativeAccess,
  instance: DatabaseInstance,
  owner: Principal | undefined,
  controlPlaneConninfo: string,
): Promise<void> {
  await inDatabase(access, instance, 'postgres', async (client) => {
    await createSystemRoles(client)
    await client.query(
      `ALTER ROLE ${CONTROL_PLANE_ROLE} SET ${CONTROL_PLANE_SETTING} = ${client.escapeLiteral(controlPlaneConninfo)}`,
    )
  })
  await inDatabase(access, instance, 'template1', async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
  })
  await inDatabase(access, instance, 'postgres', async (client) => {
    if (!(await databaseExists(client))) {
      if (owner !== undefined) await createOwnerRole(client, owner)
      await createInitialDatabase(client, owner)
    }
    await createDatabaseRoles(client)
  })
  for (const database of await databasesForUsers(access, instance))
    await inDatabase(access, instance, database, updateExtension)
}

/** The versions whose functions took the caller from the session (docs/security-model.md). */
const UNSAFE_VERSIONS: readonly string[] = ['1.0', '1.1', '1.2']

/** Also where a user installed it: an instance that was made by an earlier version gets the functions of this one. */
async function updateExtension(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>(
    "SELECT extversion AS version FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth'",
  )
  const [installed] = rows
  if (installed === undefined) return
  // On its own, because what comes after it needs locks that an open session can hold for long.
  if (UNSAFE_VERSIONS.includes(installed.version))
    await client.query("ALTER EXTENSION databricks_auth UPDATE TO '1.3'")
  await client.query('ALTER EXTENSION databricks_auth UPDATE')
}

async function databasesForUsers(
  access: AdministrativeAccess,
  instance: DatabaseInstance,
): Promise<readonly string[]> {
  return inDatabase(access, instance, 'postgres', async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname',
    )
    return rows.map(({ name }) => name)
  })
}

const inDatabase = <Result>(
  access: AdministrativeAccess,
  instance: DatabaseInstance,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => access.inSession(instance, database, PREPARATION_TIMEOUT_MS, work)

async function createSystemRoles(client: pg.Client): Promise<void> {
  for (const role of [DATABRICKS_SUPERUSER, CONTROL_PLANE_ROLE, MONITOR_ROLE, GATEWAY_ROLE]) {
    await createRoleIfMissing(client, role, 'NOLOGIN')
  }
  // behaviour 55
  await client.query(`GRANT pg_read_all_data, pg_write_all_data, pg_monitor TO ${DATABRICKS_SUPERUSER}`)
  await client.query(`GRANT pg_monitor TO ${MONITOR_ROLE}`)
}

/** behaviour 54: the attributes of the creator; never SUPERUSER, never REPLICATION. */
async function createOwnerRole(client: pg.Client, owner: Principal): Promise<void> {
  await client.query('BEGIN')
  await createRoleIfMissing(client, owner.name, 'LOGIN INHERIT CREATEDB CREATEROLE BYPASSRLS')
  await client.query(`GRANT ${DATABRICKS_SUPERUSER} TO ${client.escapeIdentifier(owner.name)}`)
  await client.query(
    `DELETE FROM pg_catalog.pg_shseclabel
      WHERE classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND provider = 'databricks_auth'
        AND objoid = (SELECT oid FROM pg_catalog.pg_authid WHERE rolname = $1)`,
    [owner.name],
  )
  await client.query(
    `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
     SELECT oid, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_auth', $2
       FROM pg_catalog.pg_authid WHERE rolname = $1`,
    [owner.name, formatIdentityBinding(owner)],
  )
  await client.query('COMMIT')
}

async function createInitialDatabase(client: pg.Client, owner: Principal | undefined): Promise<void> {
  const ownedBy = owner === undefined ? DATABRICKS_SUPERUSER : client.escapeIdentifier(owner.name)
  await client.query(`CREATE DATABASE ${INITIAL_DATABASE} OWNER ${ownedBy} TEMPLATE template1`)
  await client.query(`GRANT ALL ON DATABASE ${INITIAL_DATABASE} TO ${DATABRICKS_SUPERUSER} WITH GRANT OPTION`)
}

/** behaviour 56: one reader and one writer for each database, named by its object id. */
async function createDatabaseRoles(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [INITIAL_DATABASE],
  )
  for (const { oid } of rows) {
    await createRoleIfMissing(client, `databricks_writer_${oid}`, 'NOLOGIN')
    await createRoleIfMissing(client, `databricks_reader_${oid}`, 'NOLOGIN')
  }
}

async function databaseExists(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [
    INITIAL_DATABASE,
  ])
  return rowCount !== 0
}

async function createRoleIfMissing(client: pg.Client, role: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [role])
  if (rowCount === 0) await client.query(`CREATE ROLE ${client.escapeIdentifier(role)} ${attributes}`)
}
