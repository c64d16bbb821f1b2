/** Databases that somebody wants for himself, and what keeps idle backends from being kept. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { DatabaseOid, RoleOid } from '../../domain/ids.ts'

export interface IdleBackendFacts {
  /**
   * Databases in which no other session may be, for what some session of the instance does at the moment: dropping,
   * renaming or moving it, or making another one from it.
   */
  readonly claimed: ReadonlySet<DatabaseOid>
  readonly templates: ReadonlySet<DatabaseOid>
  /** Those with a CONNECTION LIMIT. */
  readonly limitedDatabases: ReadonlySet<DatabaseOid>
  readonly limitedRoles: ReadonlySet<RoleOid>
}

export interface ClaimedDatabases {
  /**
   * @param of the roles and databases whose backends are idle; of others nothing is said
   * @throws Fault instance_unreachable, retryable
   */
  loadIdleBackendFacts(
    instance: DatabaseInstance,
    of: { readonly roles: readonly RoleOid[]; readonly databases: readonly DatabaseOid[] },
  ): Promise<IdleBackendFacts>
}
