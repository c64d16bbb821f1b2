/** The numbers of identities, which are never given out twice (behaviour 41). */
import { sql } from 'kysely'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

/**
 * After a restore: clusters that are newer than this system database may have roles of identities that it does not know. A
 * new identity must not get the number of one.
 */
export const skipIdentityNumbers = (database: SystemDatabase, count: number): Promise<void> =>
  askSystemDatabase(async () => {
    await sql`SELECT setval(sequence, nextval(sequence) + ${count}::bigint)
                FROM (SELECT pg_get_serial_sequence('identity', 'id')::regclass AS sequence) AS identity`.execute(
      database,
    )
  })
