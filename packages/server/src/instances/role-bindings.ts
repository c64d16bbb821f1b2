/**
 * Where the binding of a role to an identity is kept, and how it is read and written: as a security label in the shared
 * catalog where Lakegate is superuser, else in a table of the administrative role (docs/attached-instances.md).
 */
import type pg from 'pg'
import type { RoleBindings } from '../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../domain/database-instance.ts'

export interface RoleBindingCatalog {
  readonly kind: RoleBindings
  /** The roles, as far as the administrative role may see them. */
  readonly roles: 'pg_catalog.pg_authid' | 'pg_catalog.pg_roles'
  /** Whether `role` has a password; false where that cannot be seen, and then nobody can log in with one either. */
  readonly hasPassword: string
  /** The verifier with which `role` logs in by a password of its own; null where it cannot be seen. */
  readonly scramVerifier: string
  /** Brings `label.label`, null for a role that is not bound. */
  readonly joinLabel: string
  /** Joins each `asked.label` with the roles that are bound to it. */
  readonly boundTo: string
  /** Replaces the binding of a role; takes the name, the label, and whether Lakegate made the role just now. */
  readonly bind: readonly { readonly text: string; readonly parameters: number }[]
  /** What is left to do when the role of this object id was dropped. */
  readonly forget: string | undefined
}

const LABEL_OF_ROLE = `label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'`

/** Transactional, gone with DROP ROLE, refused to every non-superuser (DESIGN §4). */
const SHARED_CATALOG: RoleBindingCatalog = {
  kind: 'shared_catalog',
  roles: 'pg_catalog.pg_authid',
  hasPassword: 'role.rolpassword IS NOT NULL',
  scramVerifier: "CASE WHEN role.rolpassword LIKE 'SCRAM-SHA-256$%' THEN role.rolpassword END",
  joinLabel: `LEFT JOIN pg_catalog.pg_shseclabel AS label ON label.objoid = role.oid AND ${LABEL_OF_ROLE}`,
  boundTo: `JOIN pg_catalog.pg_shseclabel AS label
              ON label.label OPERATOR(pg_catalog.=) asked.label COLLATE pg_catalog."C"
             AND label.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass
             AND label.provider OPERATOR(pg_catalog.=) 'databricks_auth'`,
  bind: [
    {
      text: `DELETE FROM pg_catalog.pg_shseclabel AS label USING pg_catalog.pg_roles AS role
              WHERE label.objoid = role.oid AND ${LABEL_OF_ROLE} AND role.rolname = $1`,
      parameters: 1,
    },
    {
      text: `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
             SELECT oid, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_auth', $2
               FROM pg_catalog.pg_roles WHERE rolname = $1`,
      parameters: 2,
    },
  ],
  forget: undefined,
}

/**
 * By object id, so that a role that was dropped and made again is not bound; and by name besides, because an object id
 * may come again, in four billion. So a role that is renamed is not bound any more.
 */
const TABLE: RoleBindingCatalog = {
  kind: 'table',
  roles: 'pg_catalog.pg_roles',
  hasPassword: 'false',
  scramVerifier: 'NULL::pg_catalog.text',
  joinLabel: `LEFT JOIN databricks_auth.role_binding AS label
                ON label.role_oid = role.oid AND label.role_name = role.rolname`,
  boundTo: `JOIN databricks_auth.role_binding AS label ON label.label = asked.label
            JOIN pg_catalog.pg_roles AS role
              ON label.role_oid = role.oid AND label.role_name = role.rolname`,
  bind: [
    {
      text: `INSERT INTO databricks_auth.role_binding (role_oid, role_name, label, made_by_lakegate)
             SELECT oid, rolname, $2, $3 FROM pg_catalog.pg_roles WHERE rolname = $1
                 ON CONFLICT (role_oid) DO UPDATE
                SET role_name = EXCLUDED.role_name, label = EXCLUDED.label,
                    made_by_lakegate = EXCLUDED.made_by_lakegate`,
      parameters: 3,
    },
  ],
  forget: 'DELETE FROM databricks_auth.role_binding WHERE role_oid = $1',
}

export const roleBindingsOf = ({ backend }: Pick<DatabaseInstance, 'backend'>): RoleBindingCatalog =>
  backend.kind === 'attached' && backend.bindings === 'table' ? TABLE : SHARED_CATALOG

/** @param client in a transaction */
export async function bindRole(
  client: pg.Client,
  { bind }: RoleBindingCatalog,
  roleName: string,
  label: string,
  { isNew }: { readonly isNew: boolean },
): Promise<void> {
  for (const { text, parameters } of bind)
    await client.query(text, [roleName, label, isNew].slice(0, parameters))
}
