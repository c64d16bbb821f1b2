/** What PostgreSQL is at work on in the first instance. */
import type { Lakegate } from './lakegate.ts'
import { asOwner } from './service-principal.ts'
import { waitFor } from './wait-for.ts'

/** @param query to the letter */
export const isActive = (lakegate: Lakegate, query: string): Promise<boolean> =>
  asOwner(lakegate, async (owner) => {
    const { rowCount } = await owner.query(
      `SELECT FROM pg_stat_activity WHERE query = $1 AND state = 'active'`,
      [query],
    )
    return rowCount === 1
  })

export const waitUntilActive = (lakegate: Lakegate, query: string): Promise<boolean> =>
  waitFor(query, () => isActive(lakegate, query))
