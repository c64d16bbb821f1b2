/**
 * Makes, lists, changes and drops the roles of an instance, for the REST API (behaviour 61). Names come from outside:
 * they are quoted by the driver's own function in the statements that take no parameters. REPLICATION is never given.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { formatIdentityBinding, parseIdentityBinding } from '../domain/identity-binding.ts'
import { DATABRICKS_SUPERUSER } from '../domain/role.ts'
import type { InstanceRole, InstanceRoleAdministration } from '../operations/ports.ts'
import { inAdministrativeSession } from './administrative-client.ts'

/** Reassigning what a role owns takes longer than a question of a login. */
const TIMEOUT_MS = 60_000

interface RoleRow {
  readonly name: string
  readonly createdb: boolean
  readonly createrole: boolean
  readonly bypassrls: boolean
  readonly is_databricks_superuser: boolean
  readonly label: string | null
}

/** Superusers and the roles that the instance was born with are nobody's business here. */
const SELECT = `
  SELECT role.rolname AS name, role.rolcreatedb AS createdb, role.rolcreaterole AS createrole,
         role.rolbypassrls AS bypassrls,
         EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member
                  JOIN pg_catalog.pg_roles AS above ON above.oid = member.roleid
                 WHERE member.member = role.oid AND above.rolname = '${DATABRICKS_SUPERUSER}'
                   AND member.inherit_option) AS is_databricks_superuser,
         label.label
    FROM pg_catalog.pg_roles AS role
    LEFT JOIN pg_catalog.pg_shseclabel AS label
      ON label.objoid = role.oid AND label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
     AND label.provider = 'databricks_auth'
   WHERE NOT role.rolsuper AND role.rolname !~ '^(pg|databricks)_'`

export function createInstanceRoleAdministration(): InstanceRoleAdministration {
  return {
    listRoles: (instance, { after, size }) =>
      inDatabase(instance, 'postgres', async (client) => {
        const { rows } = await client.query<RoleRow>(
          `${SELECT} AND role.rolname > $1::pg_catalog.name ORDER BY role.rolname LIMIT $2`,
          [after ?? '', size],
        )
        return rows.map(toRole)
      }),

    loadRole: (instance, name) => inDatabase(instance, 'postgres', (client) => loadRole(client, name)),

    createRole: (instance, role) =>
      inDatabase(instance, 'postgres', (client) =>
        inTransaction(client, async () => {
          const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [
            role.name,
          ])
          if (rowCount !== 0) return 'name_taken' as const
          const name = client.escapeIdentifier(role.name)
          await client.query(
            `CREATE ROLE ${name} NOSUPERUSER NOREPLICATION INHERIT LOGIN ${attributesOf(role.attributes)}`,
          )
          await giveToOwner(client, instance.creatorName, name)
          if (role.isDatabricksSuperuser) await client.query(`GRANT ${DATABRICKS_SUPERUSER} TO ${name}`)
          if (role.binding !== undefined) {
            await client.query(
              `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
               SELECT oid, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_auth', $2
                 FROM pg_catalog.pg_roles WHERE rolname = $1`,
              [role.name, formatIdentityBinding(role.binding)],
            )
          }
          return requireRole(client, role.name)
        }),
      ),

    updateRole: (instance, name, change) =>
      inDatabase(instance, 'postgres', (client) =>
        inTransaction(client, async () => {
          if ((await loadRole(client, name)) === undefined) return undefined
          const quoted = client.escapeIdentifier(name)
          const attributes = attributesOf(change.attributes)
          if (attributes !== '') await client.query(`ALTER ROLE ${quoted} ${attributes}`)
          if (change.isDatabricksSuperuser === true)
            await client.query(`GRANT ${DATABRICKS_SUPERUSER} TO ${quoted}`)
          if (change.isDatabricksSuperuser === false)
            await client.query(`REVOKE ${DATABRICKS_SUPERUSER} FROM ${quoted}`)
          return requireRole(client, name)
        }),
      ),

    async dropRole(instance, name, { reassignOwnedTo }) {
      const found = await inDatabase(instance, 'postgres', (client) => loadRole(client, name))
      if (found === undefined) return 'not_found'
      if (reassignOwnedTo !== undefined) {
        const heir = await inDatabase(instance, 'postgres', (client) => loadRole(client, reassignOwnedTo))
        if (heir === undefined) return 'heir_not_found'
        await reassign(instance, name, reassignOwnedTo)
      }
      await dropReaders(instance, name)
      return inDatabase(instance, 'postgres', async (client) => {
        try {
          await client.query(`DROP ROLE ${client.escapeIdentifier(name)}`)
          return 'dropped' as const
        } catch (error) {
          // 2BP01: objects depend on it; PostgreSQL says which ones.
          if (isDependency(error)) return { inUse: error.detail ?? error.message }
          throw error
        }
      })
    },
  }
}

/** As CREATE ROLE does for its caller: so the owner may grant, alter and drop what was made here. */
async function giveToOwner(client: pg.Client, ownerName: string, quotedRole: string): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND NOT rolsuper',
    [ownerName],
  )
  const owner = client.escapeIdentifier(ownerName)
  if (rowCount === 0 || owner === quotedRole) return
  await client.query(`GRANT ${quotedRole} TO ${owner} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`)
}

/** What is owned and granted is kept by each database of its own (PostgreSQL: Dropping Roles). */
async function inEveryDatabase(
  instance: DatabaseInstance,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const databases = await inDatabase(instance, 'postgres', async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname',
    )
    return rows.map(({ name }) => name)
  })
  for (const database of databases)
    await inDatabase(instance, database, (client) => inTransaction(client, () => work(client)))
}

const reassign = (instance: DatabaseInstance, from: string, to: string): Promise<void> =>
  inEveryDatabase(instance, async (client) => {
    const [old, heir] = [client.escapeIdentifier(from), client.escapeIdentifier(to)]
    await client.query(`REASSIGN OWNED BY ${old} TO ${heir}`)
    await client.query(`DROP OWNED BY ${old}`)
  })

/** The readers that sessions with claims went on as (databricks_lend_claims); they are nothing without their role. */
async function dropReaders(instance: DatabaseInstance, name: string): Promise<void> {
  const readers = await inDatabase(instance, 'postgres', async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT reader.rolname AS name FROM pg_catalog.pg_roles AS role
         JOIN pg_catalog.pg_roles AS reader
           ON pg_catalog.starts_with(reader.rolname::text, pg_catalog.format('databricks_claims_%s_', role.oid))
        WHERE role.rolname = $1`,
      [name],
    )
    return rows.map((row) => row.name)
  })
  if (readers.length === 0) return
  await inEveryDatabase(instance, async (client) => {
    for (const reader of readers) await client.query(`DROP OWNED BY ${client.escapeIdentifier(reader)}`)
  })
  await inDatabase(instance, 'postgres', async (client) => {
    for (const reader of readers) await client.query(`DROP ROLE ${client.escapeIdentifier(reader)}`)
  })
}

async function loadRole(client: pg.Client, name: string): Promise<InstanceRole | undefined> {
  const { rows } = await client.query<RoleRow>(`${SELECT} AND role.rolname = $1::pg_catalog.name`, [name])
  const [row] = rows
  // `name` cuts at 63 bytes: a longer name must not stand for the role that shares its beginning.
  return row?.name === name ? toRole(row) : undefined
}

async function requireRole(client: pg.Client, name: string): Promise<InstanceRole> {
  const role = await loadRole(client, name)
  if (role === undefined) throw new Error('the role that was just written is not there')
  return role
}

function attributesOf(attributes: Partial<InstanceRole['attributes']>): string {
  const word = (value: boolean | undefined, on: string) =>
    value === undefined ? [] : [value ? on : `NO${on}`]
  return [
    ...word(attributes.createdb, 'CREATEDB'),
    ...word(attributes.createrole, 'CREATEROLE'),
    ...word(attributes.bypassrls, 'BYPASSRLS'),
  ].join(' ')
}

const toRole = (row: RoleRow): InstanceRole => ({
  name: row.name,
  binding: row.label === null ? undefined : parseIdentityBinding(row.label),
  attributes: { createdb: row.createdb, createrole: row.createrole, bypassrls: row.bypassrls },
  isDatabricksSuperuser: row.is_databricks_superuser,
})

const inDatabase = <Result>(
  instance: DatabaseInstance,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => inAdministrativeSession(instance, database, TIMEOUT_MS, work)

async function inTransaction<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

const isDependency = (error: unknown): error is Error & { readonly detail?: string } =>
  error instanceof Error && 'code' in error && error.code === '2BP01'
