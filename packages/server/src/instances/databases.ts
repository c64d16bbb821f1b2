/** The databases of an instance, for the registry of catalogs. Names are quoted by the driver's own function. */
import { DATABRICKS_SUPERUSER } from '../domain/role.ts'
import type { InstanceDatabases } from '../operations/ports/catalog.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'

/** Copying a template database takes longer than a question of a login. */
const TIMEOUT_MS = 60_000

export function createInstanceDatabases(access: AdministrativeAccess): InstanceDatabases {
  return {
    ensureDatabase: (instance, name, { create }) =>
      access.inSession(instance, administrativeDatabase(instance), TIMEOUT_MS, async (client) => {
        const { rowCount } = await client.query(
          'SELECT FROM pg_catalog.pg_database WHERE datname = $1 AND datallowconn AND NOT datistemplate',
          [name],
        )
        if (rowCount !== 0) return 'exists'
        if (!create) return 'missing'
        // From template1, which brings databricks_auth.
        await client.query(
          `CREATE DATABASE ${client.escapeIdentifier(name)} OWNER ${DATABRICKS_SUPERUSER} TEMPLATE template1`,
        )
        return 'created'
      }),
  }
}
