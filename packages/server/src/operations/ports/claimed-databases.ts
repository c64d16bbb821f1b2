/** Databases that a session needs for itself, and other reasons not to keep idle backends. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { DatabaseOid, RoleOid } from '../../domain/ids.ts'

export interface IdleBackendFacts {
  /**
   * Databases in which no other session may be, because a session of the instance is dropping, renaming, moving or
   * copying the database.
   */
  readonly claimed: ReadonlySet<DatabaseOid>
  readonly templates: ReadonlySet<DatabaseOid>
  /** Databases with a CONNECTION LIMIT. */
  readonly limitedDatabases: ReadonlySet<DatabaseOid>
  readonly limitedRoles: ReadonlySet<RoleOid>
}

export interface ClaimedDatabases {
  /**
   * @param of the roles and databases whose backends are idle; the answer covers only these
   * @throws Fault instance_unreachable, retryable
   */
  loadIdleBackendFacts(
    instance: DatabaseInstance,
    of: { readonly roles: readonly RoleOid[]; readonly databases: readonly DatabaseOid[] },
  ): Promise<IdleBackendFacts>
}
