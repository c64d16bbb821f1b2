/**
 * Counts failed sign-ins in the system database, so that the counts survive a restart and are shared by all processes.
 */
import { sql } from 'kysely'
import type { SignInBrake, SignInBrakeUpkeep, SignInLimit } from '../operations/ports/sign-in.ts'
import { hashSecret } from '../tokens/secret.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

/** Longer than the window of any limit. */
const KEPT_MS = 60 * 60 * 1000
/** A row is about a hundred bytes. One address can cause at most a hundred rows in fifteen minutes. */
const MOST_KEPT = 100_000

const hashesOf = (limits: readonly SignInLimit[]): Buffer[] =>
  limits.map(({ key }) => Buffer.from(hashSecret(key)))

export function createSignInBrake(database: SystemDatabase): SignInBrake & SignInBrakeUpkeep {
  return {
    isClosed: (limits, now) => askSystemDatabase(() => isClosed(limits, now)),

    countFailure: (limits, now) =>
      askSystemDatabase(async () => {
        for (const limit of limits) await count(limit, now)
      }),

    admitAttempt: (limits, now) =>
      askSystemDatabase(async () => {
        // User names can be made up faster than they are counted, so nothing is recorded for an address that is closed
        // (attack 57).
        if (await isClosed(limits, now)) return false
        for (const limit of limits) {
          if ((await count(limit, now)) > limit.failures) return false
        }
        return true
      }),

    forgetOld: (now) =>
      askSystemDatabase(async () => {
        await database
          .deleteFrom('sign_in_failure')
          .where('since', '<', new Date(now.getTime() - KEPT_MS))
          .execute()
        await sql`
          DELETE FROM sign_in_failure WHERE key_hash IN (
            SELECT key_hash FROM sign_in_failure ORDER BY since DESC OFFSET ${MOST_KEPT}
          )`.execute(database)
      }),

    release: (limits) =>
      askSystemDatabase(async () => {
        // Deletes only the pair of this account and this address: a success must not reset the counts that others
        // caused.
        const [narrowest, ...others] = hashesOf(limits)
        if (narrowest === undefined) return
        await database.deleteFrom('sign_in_failure').where('key_hash', '=', narrowest).execute()
        if (others.length === 0) return
        await database
          .updateTable('sign_in_failure')
          .set({ failures: sql<number>`greatest(failures - 1, 0)` })
          .where('key_hash', 'in', others)
          .execute()
      }),
  }

  /** @returns the count including this failure; one statement, so that two concurrent failures count as two */
  async function count(limit: SignInLimit, now: Date): Promise<number> {
    const windowStart = new Date(now.getTime() - limit.windowSeconds * 1000)
    // Counted by a clock that was ahead and has been set right since: such a count keeps nobody out (attack 40).
    const windowEnd = new Date(now.getTime() + limit.windowSeconds * 1000)
    const isOver = sql`sign_in_failure.since < ${windowStart} OR sign_in_failure.since > ${windowEnd}`
    const { failures } = await database
      .insertInto('sign_in_failure')
      .values({ key_hash: Buffer.from(hashSecret(limit.key)), failures: 1, since: now })
      .onConflict((conflict) =>
        conflict.column('key_hash').doUpdateSet({
          failures: sql<number>`CASE WHEN ${isOver} THEN 1
                                     ELSE sign_in_failure.failures + 1 END`,
          since: sql<Date>`CASE WHEN ${isOver} THEN ${now}
                                ELSE sign_in_failure.since END`,
        }),
      )
      .returning('failures')
      .executeTakeFirstOrThrow()
    return failures
  }

  async function isClosed(limits: readonly SignInLimit[], now: Date): Promise<boolean> {
    const hashes = hashesOf(limits)
    const rows = await database
      .selectFrom('sign_in_failure')
      .selectAll()
      .where('key_hash', 'in', hashes)
      .execute()
    return rows.some((row) => {
      const limit = limits[hashes.findIndex((hash) => hash.equals(row.key_hash))]
      if (limit === undefined) return false
      const isRecent = Math.abs(now.getTime() - row.since.getTime()) < limit.windowSeconds * 1000
      return isRecent && row.failures >= limit.failures
    })
  }
}
