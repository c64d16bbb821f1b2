/** Answers of the catalog in the person's own session: only what the role may see, cached for a minute. */
import type { SqlCatalogQuestion } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { queryClient } from './query-client.ts'
import type { SqlSession } from './sql-session.ts'

const KEPT_FOR = 60_000

const numbers = new WeakMap<SqlSession, number>()
let last = 0

/**
 * Each session object has a number of its own; a PostgreSQL session that was opened again is distinguished by its
 * process id.
 */
function numberOf(session: SqlSession): number {
  const known = numbers.get(session)
  if (known !== undefined) return known
  last += 1
  numbers.set(session, last)
  return last
}

export const catalogKeyOf = (session: SqlSession) => ['sql-catalog', numberOf(session)] as const

const processOf = (session: SqlSession): number | undefined => {
  const { connection } = session.getState()
  return connection.kind === 'open' ? connection.processId : undefined
}

export const catalogQuery = (session: SqlSession, question: SqlCatalogQuestion) =>
  queryOptions({
    queryKey: [...catalogKeyOf(session), processOf(session), question],
    queryFn: () => session.ask(question),
    staleTime: KEPT_FOR,
    retry: false,
    refetchOnWindowFocus: false,
  })

/** For the completion: empty when no session is open, or the role may not see the answer. */
export async function askCatalog(
  session: SqlSession | undefined,
  question: SqlCatalogQuestion,
): Promise<readonly (readonly (string | null)[])[]> {
  if (session === undefined || processOf(session) === undefined || session.getState().isRunning) return []
  try {
    return await queryClient.query(catalogQuery(session, question))
  } catch {
    // Then there is one suggestion less; the schema browser shows the reason.
    return []
  }
}
