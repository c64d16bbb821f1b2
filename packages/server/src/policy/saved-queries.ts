/**
 * Who may do what with SQL saved in the console: the owner may do everything, every member of the workspace may read
 * shared queries, and its administrators may delete those. Queries that are not shared are invisible to others: the
 * answer is the same as for one that does not exist.
 */
import { isInstanceName } from '../domain/database-instance.ts'
import { judgeDisplayName } from '../domain/names.ts'
import { LONGEST_NAME_BYTES } from '../domain/role.ts'
import type { SavedQuery, SavedQueryContent, SavedQueryUsage } from '../domain/saved-query.ts'
import type { Caller } from './permissions.ts'
import { refuse, type Refusal } from './refusals.ts'

type Facts = Pick<SavedQuery, 'id' | 'workspaceId' | 'owner' | 'isShared'>

export const isOwnQuery = (caller: Caller, query: Pick<SavedQuery, 'owner'>): boolean =>
  query.owner.id === caller.identity.id

/** @param query undefined when no query has that id */
export function decideReadQuery(caller: Caller, id: string, query: Facts | undefined): 'permitted' | Refusal {
  const isSeen = query?.workspaceId === caller.workspaceId && (isOwnQuery(caller, query) || query.isShared)
  return isSeen ? 'permitted' : refuse('saved_query_not_found', { id: id.slice(0, 64) })
}

/** Changing its text, its name, and whether it is shared. */
export function decideChangeQuery(
  caller: Caller,
  id: string,
  query: Facts | undefined,
): 'permitted' | Refusal {
  const seen = decideReadQuery(caller, id, query)
  if (seen !== 'permitted' || query === undefined || isOwnQuery(caller, query)) return seen
  return refuse('permission_denied', {
    reason: `Only ${query.owner.name} may change this query. Save a copy of it instead.`,
  })
}

export function decideRemoveQuery(
  caller: Caller,
  id: string,
  query: Facts | undefined,
): 'permitted' | Refusal {
  const seen = decideReadQuery(caller, id, query)
  if (seen !== 'permitted' || query === undefined || isOwnQuery(caller, query) || caller.isWorkspaceAdmin)
    return seen
  return refuse('permission_denied', {
    reason: `Only ${query.owner.name} and administrators of the workspace may delete this query.`,
  })
}

const LONGEST_QUERY_NAME = 255
/** As long as a script may be that people still read; larger ones belong in files. */
export const LARGEST_QUERY_BYTES = 256 * 1024
const MOST_QUERIES = 500
const MOST_BYTES = 16 * 1024 * 1024

/** @param secrets positions of passwords in the SQL */
export function decideQueryContent(
  content: SavedQueryContent,
  secrets: readonly { readonly start: number }[],
): 'permitted' | Refusal {
  const problem =
    inField('name', problemOfName(content.name)) ??
    inField('sql', problemOfSql(content.sql, secrets)) ??
    inField('database_instance_name', problemOfInstance(content.instanceName)) ??
    inField('database', problemOfDatabase(content.databaseName))
  return problem === undefined ? 'permitted' : refuse('invalid_parameter', problem)
}

/** @param after the owner's usage in the workspace after the change */
export function decideQueryUsage(after: SavedQueryUsage): 'permitted' | Refusal {
  if (after.queries > MOST_QUERIES)
    return refuse('quota_exceeded', {
      problem: `A person keeps at most ${String(MOST_QUERIES)} queries in a workspace. Delete some first.`,
    })
  return after.bytes > MOST_BYTES
    ? refuse('quota_exceeded', {
        problem: `A person keeps at most ${String(MOST_BYTES / 1024 / 1024)} MiB of SQL in a workspace. Delete some first.`,
      })
    : 'permitted'
}

const inField = (field: string, problem: string | undefined) =>
  problem === undefined ? undefined : { field, problem }

/** Other users choose a query by its name, so it must be readable. */
function problemOfName(name: string): string | undefined {
  if (name.length > LONGEST_QUERY_NAME) return `is longer than ${String(LONGEST_QUERY_NAME)} characters.`
  const verdict = judgeDisplayName(name)
  return 'problem' in verdict ? verdict.problem : undefined
}

function problemOfSql(sql: string, secrets: readonly { readonly start: number }[]): string | undefined {
  if (sql.trim() === '') return 'is empty.'
  if (Buffer.byteLength(sql, 'utf8') > LARGEST_QUERY_BYTES)
    return `is larger than ${String(LARGEST_QUERY_BYTES / 1024)} KiB.`
  if (sql.includes('\0')) return 'holds a zero character.'
  return secrets.length > 0
    ? 'holds a password, which is not saved. Take it out; it can be typed again when the query runs.'
    : undefined
}

const problemOfInstance = (name: string | undefined): string | undefined =>
  name === undefined || isInstanceName(name) ? undefined : 'is not the name of a database instance.'

const problemOfDatabase = (name: string | undefined): string | undefined =>
  name === undefined ||
  (name !== '' && !name.includes('\0') && Buffer.byteLength(name, 'utf8') <= LONGEST_NAME_BYTES)
    ? undefined
    : `is not the name of a database, which has 1 to ${String(LONGEST_NAME_BYTES)} bytes.`
