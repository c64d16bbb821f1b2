/** The roles of a running instance: what a login needs to know of one, and whom roles are bound to. */
import { formatIdentityBinding, parseIdentityBinding } from '../domain/identity-binding.ts'
import { IDENTITY_TYPES } from '../domain/identity.ts'
import type { RoleOid } from '../domain/ids.ts'
import type { InstanceRoles } from '../operations/ports.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

interface RoleRow {
  readonly oid: string
  readonly name: string
  readonly can_log_in: boolean
  readonly is_superuser: boolean
  readonly valid_until: Date | null
  readonly connection_limit: number
  readonly has_password: boolean
  readonly label: string | null
}

/** Two index look-ups, whatever the number of roles; `infinity` counts as no limit. */
const ROLE_FACTS = {
  name: 'role_facts',
  text: `
    SELECT role.oid::text AS oid, role.rolname AS name, role.rolcanlogin AS can_log_in, role.rolsuper AS is_superuser,
           CASE WHEN pg_catalog.isfinite(role.rolvaliduntil) THEN role.rolvaliduntil END AS valid_until,
           role.rolconnlimit AS connection_limit, role.rolpassword IS NOT NULL AS has_password, label.label
      FROM pg_catalog.pg_authid AS role
      LEFT JOIN pg_catalog.pg_shseclabel AS label
        ON label.objoid = role.oid AND label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
       AND label.provider = 'databricks_auth'
     WHERE role.rolname = $1::pg_catalog.name`,
}

const HAS_ROLE = {
  name: 'has_role_bound_to',
  text: `
    SELECT EXISTS (
      SELECT FROM pg_catalog.pg_shseclabel AS label
       WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
         AND label.provider = 'databricks_auth' AND label.label = ANY ($1::pg_catalog.text[])
    ) AS found`,
}

export function createInstanceRoles(connections: AdministrativeConnections): InstanceRoles {
  return {
    async loadRoleFacts(instance, roleName) {
      const [row] = await connections.query<RoleRow>(instance, ROLE_FACTS, [roleName])
      // `name` cuts at 63 bytes: a longer name must not stand for the role that shares its beginning.
      if (row?.name !== roleName) return undefined
      return {
        oid: row.oid as RoleOid,
        name: row.name,
        canLogIn: row.can_log_in,
        isSuperuser: row.is_superuser,
        validUntil: row.valid_until ?? undefined,
        connectionLimit: row.connection_limit,
        binding: row.label === null ? undefined : parseIdentityBinding(row.label),
        hasPassword: row.has_password,
      }
    },

    async hasRoleBoundTo(instance, identityIds) {
      const labels = identityIds.flatMap((id) =>
        IDENTITY_TYPES.map((type) => formatIdentityBinding({ id, type })),
      )
      const [row] = await connections.query<{ found: boolean }>(instance, HAS_ROLE, [labels])
      return row?.found === true
    },
  }
}
