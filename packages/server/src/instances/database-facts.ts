/**
 * What PostgreSQL checks about a database and a role when it opens a backend; read as part of the query for the role.
 */
import type { DatabaseFacts } from '../domain/database-facts.ts'
import type { DatabaseOid } from '../domain/ids.ts'
import { settingsFingerprint } from '../protocol/settings-fingerprint.ts'

/** A row of `DATABASE_OF_ROLE`; all columns are null when no database was named, or it does not exist. */
export interface DatabaseRow {
  readonly database_oid: DatabaseOid | null
  readonly allows_connections: boolean | null
  readonly is_template: boolean | null
  readonly database_connection_limit: number | null
  readonly may_connect: boolean | null
  readonly settings_fingerprint: string | null
}

/**
 * Joined to `asked.database` and `facts.oid`. The name is truncated as PostgreSQL truncates the name in a startup
 * packet.
 */
export const DATABASE_OF_ROLE = `
  LEFT JOIN LATERAL (
    SELECT database.oid::pg_catalog.text AS database_oid, database.datallowconn AS allows_connections,
           database.datistemplate AS is_template, database.datconnlimit AS database_connection_limit,
           pg_catalog.has_database_privilege(facts.oid::pg_catalog.oid, database.oid, 'CONNECT') AS may_connect,
           ${settingsFingerprint({ role: 'facts.oid::pg_catalog.oid', database: 'database.oid' })} AS settings_fingerprint
      FROM pg_catalog.pg_database AS database
     WHERE database.datname = asked.database::pg_catalog.name
    OFFSET 0
  ) AS database ON true`

const INVALID = -2

export function databaseFactsOf(row: DatabaseRow): DatabaseFacts | undefined {
  if (row.database_oid === null) return undefined
  const connectionLimit = row.database_connection_limit ?? -1
  return {
    oid: row.database_oid,
    allowsConnections: row.allows_connections === true,
    isTemplate: row.is_template === true,
    isInvalid: connectionLimit === INVALID,
    connectionLimit,
    // Null when the database is being dropped at this moment.
    mayConnect: row.may_connect === true,
    settingsFingerprint: row.settings_fingerprint ?? '',
  }
}
