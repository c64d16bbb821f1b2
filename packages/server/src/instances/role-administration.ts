/**
 * Makes, lists, changes and drops the roles of an instance, for the REST API (behaviour 61). Names come from outside:
 * they are quoted by the driver's own function in the statements that take no parameters. REPLICATION is never given.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { formatIdentityBinding, parseIdentityBinding } from '../domain/identity-binding.ts'
import { DATABRICKS_SUPERUSER } from '../domain/role.ts'
import type { InstanceRole, InstanceRoleAdministration } from '../operations/ports/instance-roles.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'
import { dropRole } from './drop-role.ts'
import { inTransaction } from './in-transaction.ts'
import { findKnownRole, requireSame } from './known-role.ts'
import { giveToOwner, markReturnedOwner } from './owner-role.ts'
import { requireDatabricksSuperuser } from './own-roles.ts'
import { bindRole, roleBindingsOf, type RoleBindingCatalog } from './role-bindings.ts'

/** Reassigning what a role owns takes longer than a question of a login. */
const ROLE_CHANGE_TIMEOUT_MS = 60_000

interface RoleRow {
  readonly name: string
  readonly createdb: boolean
  readonly createrole: boolean
  readonly bypassrls: boolean
  readonly is_databricks_superuser: boolean
  readonly label: string | null
}

/** An option of each membership since PostgreSQL 16, of the member before, when the column does not exist. */
const INHERITS = `COALESCE((pg_catalog.to_jsonb(member) ->> 'inherit_option')::boolean, role.rolinherit)`

/** Superusers, the role of Lakegate itself and those that the instance was born with are nobody's business here. */
const select = ({ joinLabel }: RoleBindingCatalog) => `
  SELECT role.rolname AS name, role.rolcreatedb AS createdb, role.rolcreaterole AS createrole,
         role.rolbypassrls AS bypassrls,
         EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member
                  JOIN pg_catalog.pg_roles AS above ON above.oid = member.roleid
                 WHERE member.member = role.oid AND above.rolname = '${DATABRICKS_SUPERUSER}'
                   AND ${INHERITS}) AS is_databricks_superuser,
         label.label
    FROM pg_catalog.pg_roles AS role ${joinLabel}
   WHERE NOT role.rolsuper AND role.rolname !~ '^(pg|databricks)_' AND role.rolname <> current_user`

export function createInstanceRoleAdministration(access: AdministrativeAccess): InstanceRoleAdministration {
  const atHome = <Result>(
    instance: DatabaseInstance,
    work: (client: pg.Client, catalog: RoleBindingCatalog) => Promise<Result>,
  ): Promise<Result> =>
    sayWhatIsMissing(
      access.inSession(instance, administrativeDatabase(instance), ROLE_CHANGE_TIMEOUT_MS, (client) =>
        work(client, roleBindingsOf(instance)),
      ),
    )

  return {
    listRoles: (instance, { after, size }) =>
      atHome(instance, async (client, catalog) => {
        const { rows } = await client.query<RoleRow>(
          `${select(catalog)} AND role.rolname > $1::pg_catalog.name ORDER BY role.rolname LIMIT $2`,
          [after ?? '', size],
        )
        return rows.map(toRole)
      }),

    loadRole: (instance, name) => atHome(instance, (client, catalog) => loadRole(client, catalog, name)),

    createRole: (instance, role) =>
      atHome(instance, (client, catalog) =>
        inTransaction(client, async () => {
          const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [
            role.name,
          ])
          if (rowCount !== 0) return 'name_taken' as const
          const name = client.escapeIdentifier(role.name)
          await client.query(
            `CREATE ROLE ${name} NOSUPERUSER NOREPLICATION INHERIT LOGIN ${attributesOf(role.attributes)}`,
          )
          if (instance.backend.kind === 'embedded') await giveToOwner(client, instance, role.name)
          if (role.isDatabricksSuperuser) await grantDatabricksSuperuser(client, instance, name)
          if (role.binding !== undefined)
            await bindRole(client, catalog, role.name, formatIdentityBinding(role.binding), { isNew: true })
          if (instance.backend.kind === 'embedded' && role.binding?.id === instance.creatorId)
            await markReturnedOwner(client, role.name)
          return requireRole(client, catalog, role.name)
        }),
      ),

    bindExistingRole: (instance, name, binding) =>
      atHome(instance, (client, catalog) =>
        inTransaction(client, async () => {
          const known = await findKnownRole(client, name)
          const role = await loadRole(client, catalog, name)
          if (known === undefined || role === undefined || (await mayReplicate(client, name)))
            return undefined
          if (role.binding !== undefined) return 'already_bound' as const
          await bindRole(client, catalog, name, formatIdentityBinding(binding), { isNew: false })
          await requireSame(client, known)
          return requireRole(client, catalog, name)
        }),
      ),

    updateRole: (instance, name, change) =>
      atHome(instance, (client, catalog) =>
        inTransaction(client, async () => {
          const known = await findKnownRole(client, name)
          if (known === undefined || (await loadRole(client, catalog, name)) === undefined) return undefined
          const quoted = client.escapeIdentifier(name)
          const attributes = attributesOf(change.attributes)
          if (attributes !== '') await client.query(`ALTER ROLE ${quoted} ${attributes}`)
          if (change.isDatabricksSuperuser === true) await grantDatabricksSuperuser(client, instance, quoted)
          if (change.isDatabricksSuperuser === false)
            await client.query(`REVOKE ${DATABRICKS_SUPERUSER} FROM ${quoted}`)
          await requireSame(client, known)
          return requireRole(client, catalog, name)
        }),
      ),

    async dropRole(instance, name, { reassignOwnedTo }) {
      const find = (roleName: string) =>
        atHome(instance, (client, catalog) => loadRole(client, catalog, roleName))
      if ((await find(name)) === undefined) return 'not_found'
      if (reassignOwnedTo !== undefined && (await find(reassignOwnedTo)) === undefined)
        return 'heir_not_found'
      return sayWhatIsMissing(
        dropRole({ access, instance, timeoutMs: ROLE_CHANGE_TIMEOUT_MS }, name, reassignOwnedTo),
      )
    },
  }
}

/** To callers of REST, who can tell whoever runs the attached cluster. */
async function sayWhatIsMissing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'administration_lacks_privilege') throw error
    const problem = `${error.message} ${error.nextStep ?? ''}`
    throw new RefusedError(refuse('administration_lacks_privilege', { problem }), { cause: error })
  }
}

/** Roles that may copy the whole cluster are not for identities. */
async function mayReplicate(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND rolreplication',
    [name],
  )
  return rowCount !== 0
}

async function grantDatabricksSuperuser(
  client: pg.Client,
  instance: DatabaseInstance,
  quotedRole: string,
): Promise<void> {
  await requireDatabricksSuperuser(client, instance)
  await client.query(`GRANT ${DATABRICKS_SUPERUSER} TO ${quotedRole}`)
}

async function loadRole(
  client: pg.Client,
  catalog: RoleBindingCatalog,
  name: string,
): Promise<InstanceRole | undefined> {
  const { rows } = await client.query<RoleRow>(`${select(catalog)} AND role.rolname = $1::pg_catalog.name`, [
    name,
  ])
  const [row] = rows
  // `name` cuts at 63 bytes: a longer name must not stand for the role that shares its beginning.
  return row?.name === name ? toRole(row) : undefined
}

async function requireRole(
  client: pg.Client,
  catalog: RoleBindingCatalog,
  name: string,
): Promise<InstanceRole> {
  const role = await loadRole(client, catalog, name)
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
