/** The roles inside a running instance. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { IdentityBinding } from '../../domain/identity-binding.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { RoleFacts } from '../../domain/role.ts'

/** Over the permanent administrative connection. */
export interface InstanceRoles {
  /**
   * One query (DESIGN §6.3); undefined when there is no such role.
   * @param database its facts are loaded in the same query, for logins where PostgreSQL itself does not check them
   */
  loadRoleFacts(
    instance: DatabaseInstance,
    roleName: string,
    database?: string,
  ): Promise<RoleFacts | undefined>
  /** Whether any role of the instance is bound to one of these identities. */
  hasRoleBoundTo(instance: DatabaseInstance, identityIds: readonly IdentityId[]): Promise<boolean>
  /** The names of these roles, in order; only roles that exist now, whether or not a login as them is possible. */
  listRoleNamesBoundTo(
    instance: DatabaseInstance,
    identityIds: readonly IdentityId[],
    atMost: number,
  ): Promise<readonly string[]>
}

/** A role of an instance as REST shows it. */
export interface InstanceRole {
  readonly name: string
  /** Undefined for a role that is known only to PostgreSQL. */
  readonly binding: IdentityBinding | undefined
  readonly attributes: {
    readonly createdb: boolean
    readonly createrole: boolean
    readonly bypassrls: boolean
    /** May read every change of a database (change data capture). */
    readonly replication: boolean
  }
  readonly isDatabricksSuperuser: boolean
}

export interface RoleChange {
  readonly attributes: Partial<InstanceRole['attributes']>
  readonly isDatabricksSuperuser?: boolean
}

/** Creates and changes roles of a running instance on behalf of REST; system roles and superusers are excluded. */
export interface InstanceRoleAdministration {
  /** Ordered by name, starting after `after`. */
  listRoles(
    instance: DatabaseInstance,
    page: { readonly after: string | undefined; readonly size: number },
  ): Promise<readonly InstanceRole[]>
  loadRole(instance: DatabaseInstance, name: string): Promise<InstanceRole | undefined>
  createRole(
    instance: DatabaseInstance,
    role: Pick<InstanceRole, 'name' | 'binding' | 'isDatabricksSuperuser'> & Pick<RoleChange, 'attributes'>,
  ): Promise<InstanceRole | 'name_taken'>
  /** Binds a role that Lakegate did not create; undefined when there is no role that may be bound. */
  bindExistingRole(
    instance: DatabaseInstance,
    name: string,
    binding: IdentityBinding,
  ): Promise<InstanceRole | 'already_bound' | undefined>
  updateRole(instance: DatabaseInstance, name: string, change: RoleChange): Promise<InstanceRole | undefined>
  /**
   * With an heir, everything that the role owns in any database is reassigned to the heir, and its privileges are
   * revoked.
   */
  dropRole(
    instance: DatabaseInstance,
    name: string,
    options: { readonly reassignOwnedTo: string | undefined },
  ): Promise<'dropped' | 'not_found' | 'heir_not_found' | { readonly inUse: string }>
}
