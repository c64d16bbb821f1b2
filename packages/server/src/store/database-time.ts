/** The current time of the system database. */
import { sql } from 'kysely'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

/** @throws Fault system_database_unavailable */
export async function askDatabaseTime(database: SystemDatabase): Promise<Date> {
  const { rows } = await askSystemDatabase(() =>
    // Not now(), which is the start of the transaction (PostgreSQL, "Current Date/Time").
    sql<{ time: Date }>`SELECT pg_catalog.clock_timestamp() AS time`.execute(database),
  )
  const [row] = rows
  if (row === undefined) throw new Error('the system database told no time')
  return row.time
}
