/** Names of the databases of a running instance, to choose one from. Nothing inside the databases is read. */
import type { InstanceDatabaseList } from '../operations/ports/catalog.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

/** `datconnlimit = -2`: a DROP DATABASE was interrupted; the database can only be dropped. */
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
