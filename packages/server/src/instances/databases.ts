/** The databases of an instance, for the registry of catalogs. Names are quoted by the driver's own function. */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { DATABRICKS_SUPERUSER } from '../domain/role.ts'
import type { InstanceDatabases } from '../operations/ports/catalog.ts'
import { refused, RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'
import { requireDatabricksSuperuser } from './own-roles.ts'
import { isDuplicateDatabase, isInUse, sentenceOf } from './postgresql-errors.ts'

/** Copying a template database takes longer than the queries of a login. */
const TIMEOUT_MS = 60_000

export function createInstanceDatabases(access: AdministrativeAccess): InstanceDatabases {
  return {
    ensureDatabase: (instance, name, { create }) =>
      access.inSession(instance, administrativeDatabase(instance), TIMEOUT_MS, async (client) => {
        if (await exists(client, instance, name)) return 'exists'
        if (!create) return 'missing'
        await requireDatabricksSuperuser(client, instance)
        try {
          // From template1, which contains databricks_auth.
          await client.query(
            `CREATE DATABASE ${client.escapeIdentifier(name)} OWNER ${DATABRICKS_SUPERUSER} TEMPLATE template1`,
          )
          return 'created'
        } catch (error) {
          if (isInUse(error)) throw templateInUse(name, error)
          // Somebody else created it first.
          if (isDuplicateDatabase(error) && (await exists(client, instance, name))) return 'exists'
          throw error
        }
      }),
  }
}

/** @throws RefusedError database_not_usable */
async function exists(client: pg.Client, instance: DatabaseInstance, name: string): Promise<boolean> {
  const { rows } = await client.query<{ problem: string | null }>(
    `SELECT CASE WHEN datconnlimit = -2 THEN 'its DROP DATABASE was interrupted, and it can only be dropped.'
                 WHEN datistemplate THEN 'it is a template.'
                 WHEN NOT datallowconn THEN 'its owner set ALLOW_CONNECTIONS false.' END AS problem
       FROM pg_catalog.pg_database WHERE datname = $1`,
    [name],
  )
  const [found] = rows
  if (found === undefined) return false
  if (found.problem === null) return true
  throw refused('database_not_usable', { database: name, name: instance.name, problem: found.problem })
}

/** PostgreSQL waited five seconds for the sessions in template1 to end (dbcommands.c, CountOtherDBBackends). */
const templateInUse = (database: string, error: Error & { readonly detail?: string }): RefusedError =>
  new RefusedError(
    refuse('template_database_in_use', {
      database,
      detail: (error.detail ?? sentenceOf(error)).replace(/\.?$/, ''),
    }),
    { cause: error },
  )
