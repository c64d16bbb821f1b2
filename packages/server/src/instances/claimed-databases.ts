/** Databases that somebody wants for himself, over the standing administrative connection. */
import type { DatabaseOid } from '../domain/ids.ts'
import type { ClaimedDatabases } from '../operations/ports/claimed-databases.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

/**
 * The locks of `dropdb`, `RenameDatabase` and `movedb`, and that of `createdb` on its template; nothing else takes them.
 * Whoever connects takes RowExclusiveLock for a moment, COMMENT ShareUpdateExclusiveLock. Everybody may read pg_locks.
 */
const CLAIMED = {
  name: 'claimed_databases',
  text: `
    SELECT DISTINCT lock.objid::pg_catalog.text AS oid
      FROM pg_catalog.pg_locks AS lock
     WHERE lock.locktype = 'object' AND lock.classid = 'pg_catalog.pg_database'::pg_catalog.regclass
       AND lock.mode IN ('AccessExclusiveLock', 'ShareLock')`,
}

export const createClaimedDatabases = (
  connections: Pick<AdministrativeConnections, 'query'>,
): ClaimedDatabases => ({
  async listClaimed(instance) {
    const rows = await connections.query<{ oid: DatabaseOid }>(instance, CLAIMED, [])
    return rows.map(({ oid }) => oid)
  },
})
