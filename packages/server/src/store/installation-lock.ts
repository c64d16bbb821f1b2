/**
 * Only one `lakegate up` at a time may use a system database: it holds an advisory lock, on a connection of its own.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import {
  askSystemDatabase,
  clientConfigOf,
  type SystemDatabase,
  type SystemDatabaseAddress,
} from './system-database.ts'

/** Any constant would do that nothing else uses in this database (sealed-columns.ts uses the next one). */
const LOCK = '7809632219628565605'
/** When a Lakegate was killed, its connection ends a moment later, and the lock with it. */
const ATTEMPTS = 20
const PAUSE_MS = 150
/** Pause before trying to take the lock again after it was lost with its connection. */
const RETAKE_MS = 1_000

/**
 * @param onLost called with the reason when the lock was lost with its connection and could not be taken again at once;
 * Lakegate tries again until it holds the lock or releases it
 * @returns a function that releases the lock; undefined when another process holds it
 */
export async function holdInstallation(
  address: SystemDatabaseAddress,
  onLost: (reason: string) => void,
): Promise<(() => Promise<void>) | undefined> {
  let isReleased = false
  let client: pg.Client | undefined
  let retake: NodeJS.Timeout | undefined

  const take = async (attempts: number): Promise<boolean> => {
    const next = await connect(address)
    try {
      for (let attempt = 1; ; attempt += 1) {
        if (await tryLock(next)) break
        if (attempt >= attempts) {
          await next.end()
          return false
        }
        await pause(PAUSE_MS)
      }
    } catch (error) {
      // A lost connection has ended already; one on which the query failed has not.
      await next.end().catch(() => undefined)
      throw error
    }
    client = next
    next.once('end', retakeLater)
    return true
  }
  const retakeLater = () => {
    client = undefined
    if (isReleased) return
    retake = setTimeout(() => {
      take(1).then(
        (isHeld) => {
          if (isHeld) return
          onLost('another Lakegate holds it')
          retakeLater()
        },
        (error: unknown) => {
          onLost(error instanceof Error ? error.message : String(error))
          retakeLater()
        },
      )
    }, RETAKE_MS)
  }

  const isHeld = await askSystemDatabase(() => take(ATTEMPTS))
  if (!isHeld) return undefined
  return async () => {
    isReleased = true
    clearTimeout(retake)
    await client?.end()
  }
}

/** Whether a process holds the lock now. */
export const isInstallationHeld = (database: SystemDatabase): Promise<boolean> =>
  askSystemDatabase(async () => {
    // A lock on one 64-bit number is shown as its two halves (PostgreSQL, pg_locks).
    const { rows } = await sql<{ readonly held: boolean }>`
      SELECT EXISTS (
        SELECT FROM pg_catalog.pg_locks
         WHERE locktype = 'advisory' AND granted AND objsubid = 1
           AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
           AND (classid::bigint << 32) | objid::bigint = ${LOCK}::bigint
      ) AS held`.execute(database)
    return rows[0]?.held === true
  })

/** By itself Linux waits two hours before it asks a silent server whether it is there still. */
const KEEP_ALIVE_MS = 10_000

async function connect(address: SystemDatabaseAddress): Promise<pg.Client> {
  const client = new pg.Client({
    ...clientConfigOf(address),
    application_name: 'lakegate lock',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  })
  // A lost connection also emits `end`, and that is handled.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1::bigint) AS held', [
    LOCK,
  ])
  return rows[0]?.held === true
}
