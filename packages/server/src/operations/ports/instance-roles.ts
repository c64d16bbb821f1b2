/** The roles inside a running instance. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { IdentityBinding } from '../../domain/identity-binding.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { RoleFacts } from '../../domain/role.ts'

/** Over the standing administrative connection. */
export interface InstanceRoles {
  /**
   * One query (DESIGN §6.3); undefined when there is no such role.
   * @param database asked for in the same query, where nobody else will look at it
   */
  loadRoleFacts(
    instance: DatabaseInstance,
    roleName: string,
    database?: string,
  ): Promise<RoleFacts | undefined>
  /** Whether any role of the instance is bound to one of these identities. */
  hasRoleBoundTo(instance: DatabaseInstance, identityIds: readonly IdentityId[]): Promise<boolean>
  /** Their names, in order; of roles that are there now, whether anybody may log in as them or not. */
  listRoleNamesBoundTo(
    instance: DatabaseInstance,
    identityIds: readonly IdentityId[],
    atMost: number,
  ): Promise<readonly string[]>
}

/** A role of an instance as REST shows it. */
export interface InstanceRole {
  readonly name: string
  /** Undefined for a role that only PostgreSQL knows. */
  readonly binding: IdentityBinding | undefined
  readonly attributes: {
    readonly createdb: boolean
    readonly createrole: boolean
    readonly bypassrls: boolean
    /** May follow every change of a database (change data capture). */
    readonly replication: boolean
  }
  readonly isDatabricksSuperuser: boolean
}

export interface RoleChange {
  readonly attributes: Partial<InstanceRole['attributes']>
  readonly isDatabricksSuperuser?: boolean
}

/** Roles of a running instance, made and changed on behalf of REST; system roles and superusers are not among them. */
export interface InstanceRoleAdministration {
  /** Ordered by name, beginning behind `after`. */
  listRoles(
    instance: DatabaseInstance,
    page: { readonly after: string | undefined; readonly size: number },
  ): Promise<readonly InstanceRole[]>
  loadRole(instance: DatabaseInstance, name: string): Promise<InstanceRole | undefined>
  createRole(
    instance: DatabaseInstance,
    role: Pick<InstanceRole, 'name' | 'binding' | 'isDatabricksSuperuser'> & Pick<RoleChange, 'attributes'>,
  ): Promise<InstanceRole | 'name_taken'>
  /** Binds a role that somebody else made; undefined when there is none that may be bound. */
  bindExistingRole(
    instance: DatabaseInstance,
    name: string,
    binding: IdentityBinding,
  ): Promise<InstanceRole | 'already_bound' | undefined>
  updateRole(instance: DatabaseInstance, name: string, change: RoleChange): Promise<InstanceRole | undefined>
  /** With an heir, whatever the role owns in any database becomes the heir's, and its privileges go. */
  dropRole(
    instance: DatabaseInstance,
    name: string,
    options: { readonly reassignOwnedTo: string | undefined },
  ): Promise<'dropped' | 'not_found' | 'heir_not_found' | { readonly inUse: string }>
}
