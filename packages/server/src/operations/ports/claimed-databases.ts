/** Databases that somebody wants for himself. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { DatabaseOid } from '../../domain/ids.ts'

export interface ClaimedDatabases {
  /**
   * Those in which no other session may be, for what some session of the instance does at the moment: dropping,
   * renaming or moving it, or making another one from it.
   * @throws Fault instance_unreachable, retryable
   */
  listClaimed(instance: DatabaseInstance): Promise<readonly DatabaseOid[]>
}
