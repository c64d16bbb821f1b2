/**
 * May this role open a session in this database? PostgreSQL decides that when it opens a backend; a pooled login that
 * uses an open backend is judged here, by the same facts, in the same order and with the same messages (`InitPostgres`,
 * `CheckMyDatabase`). CONNECTION LIMIT is counted afterwards. Superusers, whom PostgreSQL exempts, cannot log in
 * through Lakegate at all.
 */
import type { DatabaseFacts } from '../domain/database-facts.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface AdmittedToDatabase {
  readonly outcome: 'admitted'
  readonly database: DatabaseFacts
}

/** @param name as the client sent it; the refusals quote it */
// One fact per line, the verdicts in one column:
// prettier-ignore
export function decidePooledLogin(name: string, database: DatabaseFacts | undefined): AdmittedToDatabase | Refusal {
  if (database === undefined)       return refuse('database_does_not_exist', { database: name })
  if (database.isInvalid)           return refuse('database_invalid', { database: name })
  if (!database.allowsConnections)  return refuse('database_takes_no_connections', { database: name })
  if (!database.mayConnect)         return refuse('connect_not_granted', { database: name })
  return { outcome: 'admitted', database }
}

/**
 * A PostgreSQL connection limit as a number of places: -1 means no limit. Finite, because it is sent to another process
 * as JSON.
 */
export const placesOf = (connectionLimit: number): number =>
  connectionLimit < 0 ? Number.MAX_SAFE_INTEGER : connectionLimit
