/**
 * Databases that somebody needs without other sessions, and connection limits, read over the standing administrative
 * connection.
 */
import type { DatabaseOid, RoleOid } from '../domain/ids.ts'
import type { ClaimedDatabases } from '../operations/ports/claimed-databases.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

type Row =
  | { readonly fact: 'claimed' | 'template' | 'limited_database'; readonly oid: DatabaseOid }
  | { readonly fact: 'limited_role'; readonly oid: RoleOid }

/**
 * The locks of `dropdb`, `RenameDatabase` and `movedb`, and the lock of `createdb` on its template; nothing else takes
 * these. A connecting session takes RowExclusiveLock for a moment, COMMENT takes ShareUpdateExclusiveLock. Everybody
 * may read pg_locks.
 */
const IDLE_BACKEND_FACTS = {
  name: 'idle_backend_facts',
  text: `
    SELECT 'claimed' AS fact, lock.objid::pg_catalog.text AS oid
      FROM pg_catalog.pg_locks AS lock
     WHERE lock.locktype = 'object' AND lock.classid = 'pg_catalog.pg_database'::pg_catalog.regclass
       AND lock.mode IN ('AccessExclusiveLock', 'ShareLock')
     UNION ALL
    SELECT pg_catalog.unnest(CASE WHEN database.datistemplate THEN ARRAY['template'] ELSE ARRAY[]::pg_catalog.text[] END
                          || CASE WHEN database.datconnlimit >= 0 THEN ARRAY['limited_database'] ELSE ARRAY[]::pg_catalog.text[] END),
           database.oid::pg_catalog.text
      FROM pg_catalog.pg_database AS database
     WHERE database.oid = ANY ($1::pg_catalog.oid[])
     UNION ALL
    SELECT 'limited_role', role.oid::pg_catalog.text
      FROM pg_catalog.pg_roles AS role
     WHERE role.oid = ANY ($2::pg_catalog.oid[]) AND role.rolconnlimit >= 0`,
}

export const createClaimedDatabases = (
  connections: Pick<AdministrativeConnections, 'query'>,
): ClaimedDatabases => ({
  async loadIdleBackendFacts(instance, { roles, databases }) {
    const rows = await connections.query<Row>(instance, IDLE_BACKEND_FACTS, [databases, roles])
    const databasesThatAre = (wanted: Row['fact']) =>
      new Set(rows.flatMap((row) => (row.fact !== 'limited_role' && row.fact === wanted ? [row.oid] : [])))
    return {
      claimed: databasesThatAre('claimed'),
      templates: databasesThatAre('template'),
      limitedDatabases: databasesThatAre('limited_database'),
      limitedRoles: new Set(rows.flatMap((row) => (row.fact === 'limited_role' ? [row.oid] : []))),
    }
  },
})
