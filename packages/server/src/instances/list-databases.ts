/** Names of the databases of a running instance, for who chooses one. Names only: nothing in them is looked at. */
import type { InstanceDatabaseList } from '../operations/ports/catalog.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

/** `datconnlimit = -2`: DROP DATABASE was interrupted, and it can only be dropped. */
const OPEN_DATABASES = {
  name: 'open_databases',
  text: `
    SELECT database.datname::pg_catalog.text AS name
      FROM pg_catalog.pg_database AS database
     WHERE database.datallowconn AND NOT database.datistemplate
       AND database.datconnlimit OPERATOR(pg_catalog.<>) -2
     ORDER BY database.datname
     LIMIT $1::pg_catalog.int4`,
}

export const createInstanceDatabaseList = (connections: AdministrativeConnections): InstanceDatabaseList => ({
  async listDatabases(instance, atMost) {
    const rows = await connections.query<{ name: string }>(instance, OPEN_DATABASES, [atMost])
    return rows.map(({ name }) => name)
  },
})
