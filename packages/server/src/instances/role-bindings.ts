/**
 * Where the binding of a role to an identity is kept, and how it is read and written: as a security label in the shared
 * catalog where Lakegate is a superuser, otherwise in the system database (docs/attached-instances.md). In neither
 * place can a role of the cluster write it, whatever predefined roles it is a member of (DESIGN §4, attack 46).
 */
import type pg from 'pg'
import type { BackendRole } from '../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import {
  formatIdentityBinding,
  parseIdentityBinding,
  type IdentityBinding,
} from '../domain/identity-binding.ts'
import type { KeptBinding, RoleBindingStore } from '../operations/ports/role-bindings.ts'

/** Parts of a cluster query about roles and their labels. */
export interface RoleBindingCatalog {
  readonly kind: 'shared_catalog' | 'system_database'
  /** The roles, as far as the administrative role may see them. */
  readonly roles: 'pg_catalog.pg_authid' | 'pg_catalog.pg_roles'
  /** Whether `role` has a password; false where that cannot be seen, and then no password login is possible either. */
  readonly hasPassword: string
  /** The verifier for logins with `role`'s own password; null where it cannot be seen. */
  readonly scramVerifier: string
  /**
   * The label of `role`, and the join that provides it; null for a role that is not bound, and where the cluster keeps
   * no labels.
   */
  readonly label: string
  readonly joinLabel: string
}

const LABEL_OF_ROLE = `label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'`

/** Security labels are transactional, removed by DROP ROLE, and cannot be written by non-superusers (DESIGN §4). */
const SHARED_CATALOG: RoleBindingCatalog = {
  kind: 'shared_catalog',
  roles: 'pg_catalog.pg_authid',
  hasPassword: 'role.rolpassword IS NOT NULL',
  scramVerifier: "CASE WHEN role.rolpassword LIKE 'SCRAM-SHA-256$%' THEN role.rolpassword END",
  label: 'label.label',
  joinLabel: `LEFT JOIN pg_catalog.pg_shseclabel AS label ON label.objoid = role.oid AND ${LABEL_OF_ROLE}`,
}

/**
 * Compared by object id, so that a role that was dropped and made again is not bound; and also by name, because object
 * ids repeat after four billion. Consequently a renamed role is no longer bound.
 */
const SYSTEM_DATABASE: RoleBindingCatalog = {
  kind: 'system_database',
  roles: 'pg_catalog.pg_roles',
  hasPassword: 'false',
  scramVerifier: 'NULL::pg_catalog.text',
  label: 'NULL::pg_catalog.text',
  joinLabel: '',
}

/** @throws Fault bindings_not_taken_over, retryable */
export function roleBindingsOf(instance: Pick<DatabaseInstance, 'backend' | 'name'>): RoleBindingCatalog {
  const { backend } = instance
  if (backend.kind === 'embedded') return SHARED_CATALOG
  switch (backend.bindings) {
    case 'table':
      throw notTakenOver(instance.name)
    case 'system_database':
      return SYSTEM_DATABASE
    // Undefined only for an instance that was never AVAILABLE.
    case 'shared_catalog':
    case undefined:
      return SHARED_CATALOG
  }
}

/** The columns that a query returns about a role. */
export interface LabelledRole extends BackendRole {
  readonly label: string | null
}

/**
 * @param kept the binding in the system database under the name of the role; undefined where the cluster keeps the
 * labels
 */
export function bindingOfRole(
  { oid, name, label }: LabelledRole,
  kept: KeptBinding | undefined,
): IdentityBinding | undefined {
  if (kept !== undefined) return kept.role.oid === oid && kept.role.name === name ? kept.binding : undefined
  return label === null ? undefined : parseIdentityBinding(label)
}

/** Where a binding is written. */
export interface BindingPlace {
  readonly instance: DatabaseInstance
  /** A client inside a transaction. */
  readonly client: pg.Client
  readonly bindings: RoleBindingStore
}

/**
 * Binds a role that is not bound. In the system database that takes effect at once, before the cluster commits the
 * transaction. If the cluster does not commit, no role has this object id and this name, and the next role of that name
 * gets a binding of its own.
 * @throws Fault, or PostgreSQL's error about a label that somebody else set meanwhile (23505)
 */
export async function bindRole(
  { instance, client, bindings }: BindingPlace,
  role: BackendRole,
  binding: IdentityBinding,
  { isNew }: { readonly isNew: boolean },
): Promise<'bound' | 'already_bound'> {
  if (roleBindingsOf(instance).kind === 'shared_catalog') {
    // A malformed label binds nobody, so it is replaced.
    await client.query(
      `DELETE FROM pg_catalog.pg_shseclabel AS label
        WHERE label.objoid = $1 AND ${LABEL_OF_ROLE} AND label.label !~ '^id=[0-9]+,type=[A-Za-z_]+$'`,
      [role.oid],
    )
    await client.query(
      `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
       VALUES ($1, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_auth', $2)`,
      [role.oid, formatIdentityBinding(binding)],
    )
    return 'bound'
  }
  const inserted = await bindings.insertBinding(instance.uid, {
    role,
    binding,
    isMadeByLakegate: isNew,
  })
  return inserted === 'inserted' ? 'bound' : inserted
}

function notTakenOver(name: string): Fault {
  return new Fault({
    code: 'bindings_not_taken_over',
    origin: 'instance',
    message: `The bindings of the roles of ${name} are not yet taken over from its cluster, where an earlier version kept them.`,
    nextStep: 'Retry in a few seconds; status_message of the instance says when something is in the way.',
    retryable: true,
  })
}
