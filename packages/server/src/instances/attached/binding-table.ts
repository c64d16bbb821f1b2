/**
 * The table in which earlier versions kept role bindings where the administrative role is no superuser. Members of
 * pg_write_all_data can write it (attack 46), so it is read only once, by `take-over-bindings`, and then dropped.
 */
import type pg from 'pg'
import { Fault } from '../../domain/fault.ts'
import type { RoleOid } from '../../domain/ids.ts'
import type { FoundBinding } from '../../operations/roles/take-over-bindings.ts'

interface FoundRow {
  readonly oid: string
  readonly name: string
  readonly label: string
  readonly made_by_lakegate: boolean
  readonly problem: FoundBinding['problem'] | null
}

/**
 * Reads the table, and for each row the reasons against accepting it. Returns nothing when the table does not exist.
 * @param client of the administrative role
 * @throws Fault administrative_schema_taken when the table belongs to somebody else
 */
export async function readBindingTable(client: pg.Client): Promise<readonly FoundBinding[]> {
  const whose = await whoseTable(client)
  if (whose === 'nobody') return []
  if (whose === 'another') throw taken()
  const { rows } = await client.query<FoundRow>(
    `SELECT found.role_oid::pg_catalog.text AS oid, found.role_name AS name, found.label, found.made_by_lakegate,
            CASE WHEN role.oid IS NULL THEN 'role_gone'
                 WHEN role.rolsuper OR role.rolreplication OR role.rolname ~ '^(pg|databricks)_'
                   OR role.rolname = current_user THEN 'role_of_the_system' END AS problem
       FROM databricks_auth.role_binding AS found
       LEFT JOIN pg_catalog.pg_roles AS role ON role.oid = found.role_oid AND role.rolname = found.role_name`,
  )
  return rows.map((row) => ({
    role: { oid: row.oid as RoleOid, name: row.name },
    label: row.label,
    isMadeByLakegate: row.made_by_lakegate,
    problem: row.problem ?? undefined,
  }))
}

/**
 * Drops the table and the schema that was made for it; whatever belongs to somebody else stays.
 * @param client of the administrative role, in a transaction
 * @throws PostgreSQL's error when other objects depend on the table (2BP01), or another session holds it (55P03)
 */
export async function dropBindingTable(client: pg.Client): Promise<void> {
  if ((await whoseTable(client)) !== 'own') return
  await client.query("SET LOCAL lock_timeout = '2s'")
  await client.query('DROP TABLE databricks_auth.role_binding')
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_namespace AS namespace
       JOIN pg_catalog.pg_roles AS owner ON owner.oid = namespace.nspowner AND owner.rolname = current_user
      WHERE namespace.nspname = 'databricks_auth'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
                         WHERE refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                           AND refobjid = namespace.oid)`,
  )
  if (rowCount !== 0) await client.query('DROP SCHEMA databricks_auth RESTRICT')
}

async function whoseTable(client: pg.Client): Promise<'own' | 'another' | 'nobody'> {
  const { rows } = await client.query<{ is_own: boolean }>(
    `SELECT class.relkind = 'r' AND owner.rolname = current_user AS is_own
       FROM pg_catalog.pg_class AS class
       JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
       JOIN pg_catalog.pg_roles AS owner ON owner.oid = class.relowner
      WHERE namespace.nspname = 'databricks_auth' AND class.relname = 'role_binding'`,
  )
  const [found] = rows
  if (found === undefined) return 'nobody'
  return found.is_own ? 'own' : 'another'
}

const taken = (): Fault =>
  new Fault({
    code: 'administrative_schema_taken',
    origin: 'configuration',
    message:
      'The table databricks_auth.role_binding, from which the bindings of roles are to be taken over, belongs to another role than the administrative one.',
    nextStep:
      'Give it back to the administrative role, or drop it: then no role is bound until you bind it with existing_role.',
  })
