/**
 * Makes, lists, changes and drops the roles of an instance, for the REST API (behaviour 61). Names come from outside:
 * they are quoted by the driver's own function in the statements that take no parameters.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { DATABRICKS_SUPERUSER } from '../domain/role.ts'
import type { InstanceRole, InstanceRoleAdministration } from '../operations/ports/instance-roles.ts'
import type { KeptBinding, RoleBindingStore } from '../operations/ports/role-bindings.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'
import { dropRole } from './drop-role.ts'
import { inTransaction } from './in-transaction.ts'
import { findKnownRole, knowRole, requireSame } from './known-role.ts'
import { giveToOwner, markReturnedOwner } from './owner-role.ts'
import { requireDatabricksSuperuser } from './own-roles.ts'
import {
  bindingOfRole,
  bindRole,
  roleBindingsOf,
  type BindingPlace,
  type LabelledRole,
  type RoleBindingCatalog,
} from './role-bindings.ts'

/** Reassigning what a role owns takes longer than the queries of a login. */
const ROLE_CHANGE_TIMEOUT_MS = 60_000

interface RoleRow extends LabelledRole {
  readonly createdb: boolean
  readonly createrole: boolean
  readonly bypassrls: boolean
  readonly replication: boolean
  readonly is_databricks_superuser: boolean
}

/**
 * `inherit_option` is an option of each membership since PostgreSQL 16; before, the column does not exist and the
 * member's rolinherit applies.
 */
const INHERITS = `COALESCE((pg_catalog.to_jsonb(member) ->> 'inherit_option')::boolean, role.rolinherit)`

/** Superusers, Lakegate's own role and the system roles of the instance cannot be administered here. */
const select = ({ label, joinLabel }: RoleBindingCatalog) => `
  SELECT role.oid::pg_catalog.text AS oid, role.rolname AS name, role.rolcreatedb AS createdb, role.rolcreaterole AS createrole,
         role.rolbypassrls AS bypassrls, role.rolreplication AS replication,
         EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member
                  JOIN pg_catalog.pg_roles AS above ON above.oid = member.roleid
                 WHERE member.member = role.oid AND above.rolname = '${DATABRICKS_SUPERUSER}'
                   AND ${INHERITS}) AS is_databricks_superuser,
         ${label} AS label
    FROM pg_catalog.pg_roles AS role ${joinLabel}
   WHERE NOT role.rolsuper AND role.rolname !~ '^(pg|databricks)_' AND role.rolname <> current_user`

export function createInstanceRoleAdministration(
  access: AdministrativeAccess,
  bindings: RoleBindingStore,
): InstanceRoleAdministration {
  const atHome = <Result>(
    instance: DatabaseInstance,
    work: (client: pg.Client, place: BindingPlace) => Promise<Result>,
  ): Promise<Result> =>
    sayWhatIsMissing(
      access.inSession(instance, administrativeDatabase(instance), ROLE_CHANGE_TIMEOUT_MS, (client) =>
        work(client, { instance, client, bindings }),
      ),
    )

  return {
    listRoles: (instance, { after, size }) =>
      atHome(instance, async (client, place) => {
        const { rows } = await client.query<RoleRow>(
          `${select(roleBindingsOf(instance))} AND role.rolname > $1::pg_catalog.name ORDER BY role.rolname LIMIT $2`,
          [after ?? '', size],
        )
        return toRoles(place, rows)
      }),

    loadRole: (instance, name) => atHome(instance, (_client, place) => loadRole(place, name)),

    createRole: (instance, role) =>
      atHome(instance, (client, place) =>
        inTransaction(client, async () => {
          const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [
            role.name,
          ])
          if (rowCount !== 0) return 'name_taken' as const
          const name = client.escapeIdentifier(role.name)
          await client.query(
            `CREATE ROLE ${name} NOSUPERUSER INHERIT LOGIN ${attributesOf({ replication: false, ...role.attributes })}`,
          )
          if (instance.backend.kind === 'embedded') await giveToOwner(client, instance, role.name)
          if (role.isDatabricksSuperuser) await grantDatabricksSuperuser(client, instance, name)
          if (role.binding !== undefined)
            await bindRole(place, await knowRole(client, role.name), role.binding, { isNew: true })
          if (instance.backend.kind === 'embedded' && role.binding?.id === instance.creatorId)
            await markReturnedOwner(client, role.name)
          return requireRole(place, role.name)
        }),
      ),

    bindExistingRole: (instance, name, binding) =>
      atHome(instance, (client, place) =>
        inTransaction(client, async () => {
          const known = await findKnownRole(client, name)
          const role = await loadRole(place, name)
          if (known === undefined || role === undefined || (await mayReplicate(client, name)))
            return undefined
          if (role.binding !== undefined) return 'already_bound' as const
          await requireSame(client, known)
          const bound = await bindRole(place, known, binding, { isNew: false })
          return bound === 'bound' ? requireRole(place, name) : bound
        }).catch((error: unknown) => {
          // Somebody else bound the role first.
          if (isUniqueViolation(error)) return 'already_bound' as const
          throw error
        }),
      ),

    updateRole: (instance, name, change) =>
      atHome(instance, (client, place) =>
        inTransaction(client, async () => {
          const known = await findKnownRole(client, name)
          if (known === undefined || (await loadRole(place, name)) === undefined) return undefined
          const quoted = client.escapeIdentifier(name)
          const attributes = attributesOf(change.attributes)
          if (attributes !== '') await client.query(`ALTER ROLE ${quoted} ${attributes}`)
          if (change.isDatabricksSuperuser === true) await grantDatabricksSuperuser(client, instance, quoted)
          if (change.isDatabricksSuperuser === false)
            await client.query(`REVOKE ${DATABRICKS_SUPERUSER} FROM ${quoted}`)
          await requireSame(client, known)
          return requireRole(place, name)
        }),
      ),

    async dropRole(instance, name, { reassignOwnedTo }) {
      const find = (roleName: string) => atHome(instance, (_client, place) => loadRole(place, roleName))
      if ((await find(name)) === undefined) return 'not_found'
      if (reassignOwnedTo !== undefined && (await find(reassignOwnedTo)) === undefined)
        return 'heir_not_found'
      return sayWhatIsMissing(
        dropRole({ access, instance, bindings, timeoutMs: ROLE_CHANGE_TIMEOUT_MS }, name, reassignOwnedTo),
      )
    },
  }
}

/** Adds to the error what callers of REST should tell the operator of the attached cluster. */
async function sayWhatIsMissing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'administration_lacks_privilege') throw error
    const problem = `${error.message} ${error.nextStep ?? ''}`
    throw new RefusedError(refuse('administration_lacks_privilege', { problem }), { cause: error })
  }
}

/** Roles that may replicate could copy the whole cluster, so identities do not get them. */
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

async function loadRole(place: BindingPlace, name: string): Promise<InstanceRole | undefined> {
  const { rows } = await place.client.query<RoleRow>(
    `${select(roleBindingsOf(place.instance))} AND role.rolname = $1::pg_catalog.name`,
    [name],
  )
  // The type `name` truncates at 63 bytes: a longer name must not match the role that has its beginning.
  const [role] = await toRoles(
    place,
    rows.filter((row) => row.name === name),
  )
  return role
}

async function requireRole(place: BindingPlace, name: string): Promise<InstanceRole> {
  const role = await loadRole(place, name)
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
    ...word(attributes.replication, 'REPLICATION'),
  ].join(' ')
}

async function toRoles(
  { instance, bindings }: BindingPlace,
  rows: readonly RoleRow[],
): Promise<readonly InstanceRole[]> {
  const names = rows.map(({ name }) => name)
  const kept =
    roleBindingsOf(instance).kind === 'system_database'
      ? await bindings.listBindings(instance.uid, names)
      : []
  const keptUnder = new Map(kept.map((found) => [found.role.name, found]))
  return rows.map((row) => toRole(row, keptUnder.get(row.name)))
}

const toRole = (row: RoleRow, kept: KeptBinding | undefined): InstanceRole => ({
  name: row.name,
  binding: bindingOfRole(row, kept),
  attributes: {
    createdb: row.createdb,
    createrole: row.createrole,
    bypassrls: row.bypassrls,
    replication: row.replication,
  },
  isDatabricksSuperuser: row.is_databricks_superuser,
})

const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505'
