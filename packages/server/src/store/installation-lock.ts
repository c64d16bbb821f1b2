/** One `lakegate up` at a time works on a system database: an advisory lock, held by a connection of its own. */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { askSystemDatabase, clientConfigOf, type SystemDatabaseAddress } from './system-database.ts'

/** "lakegate" as a number; any constant would do that nobody else uses in this database. */
const LOCK = '7809632219628565605'
/** The connection of a Lakegate that was killed is gone a moment later, and its lock with it. */
const ATTEMPTS = 20
const PAUSE_MS = 150

/** @returns the way to let go, or undefined when another process holds it */
export async function holdInstallation(
  address: SystemDatabaseAddress,
): Promise<(() => Promise<void>) | undefined> {
  return askSystemDatabase(async () => {
    const client = new pg.Client({
      ...clientConfigOf(address),
      application_name: 'lakegate lock',
      keepAlive: true,
    })
    // A lost connection is noticed by everything that asks the system database; the lock itself asks nothing.
    client.on('error', () => undefined)
    await client.connect()
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { rows } = await client.query<{ held: boolean }>(
        'SELECT pg_try_advisory_lock($1::bigint) AS held',
        [LOCK],
      )
      if (rows[0]?.held === true) return () => client.end()
      await pause(PAUSE_MS)
    }
    await client.end()
    return undefined
  })
}
