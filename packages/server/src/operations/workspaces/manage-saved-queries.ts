/**
 * Saved queries of console users. Sharing a query, ending that, and changing or deleting a shared one leave audit
 * records, because other users rely on it.
 */
import { findSecrets } from '@lakegate/sql-text'
import { isUuid } from '../../domain/ids.ts'
import type { SavedQuery, SavedQueryContent, SavedQueryUsage } from '../../domain/saved-query.ts'
import type { Caller } from '../../policy/permissions.ts'
import {
  decideChangeQuery,
  decideQueryContent,
  decideQueryUsage,
  decideReadQuery,
  decideRemoveQuery,
} from '../../policy/saved-queries.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { SavedQueryPage, SavedQueryStore } from '../ports/saved-queries.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

export interface SavedQueryPorts {
  readonly queries: SavedQueryStore
  readonly audit: AuditLog
  readonly clock: Clock
  readonly randomUuid: () => string
}

const LARGEST_PAGE = 100
/** A page is held in memory completely, and written as JSON. */
const MOST_BYTES_OF_PAGE = 1024 * 1024

/** The caller's own queries, and those shared with the workspace, ordered by name. */
export async function listSavedQueries(
  { queries }: SavedQueryPorts,
  caller: Caller,
  request: { readonly after: SavedQueryPage['after']; readonly size: number | undefined },
): Promise<{ readonly queries: readonly SavedQuery[]; readonly hasMore: boolean }> {
  const size = Math.min(Math.max(request.size ?? LARGEST_PAGE, 1), LARGEST_PAGE)
  const page = { after: request.after, size, mostBytes: MOST_BYTES_OF_PAGE }
  return queries.listVisible(caller.workspaceId, caller.identity.id, page)
}

/** @throws RefusedError saved_query_not_found */
export async function getSavedQuery(
  { queries }: SavedQueryPorts,
  caller: Caller,
  id: string,
): Promise<SavedQuery> {
  const query = isUuid(id) ? await queries.loadQuery(id) : undefined
  requirePermitted(decideReadQuery(caller, id, query))
  if (query === undefined) throw notFound(id)
  return query
}

/** @throws RefusedError invalid_parameter, also for SQL that holds a password; quota_exceeded */
export async function createSavedQuery(
  ports: SavedQueryPorts,
  caller: Caller,
  content: SavedQueryContent,
): Promise<SavedQuery> {
  requireContent(content)
  const made = await ports.queries.insertQuery(
    {
      ...normal(content),
      id: ports.randomUuid(),
      workspaceId: caller.workspaceId,
      ownerId: caller.identity.id,
      now: ports.clock(),
    },
    admit,
  )
  if (made.isShared) record(ports, caller, made, 'shared')
  return made
}

/**
 * @throws RefusedError saved_query_not_found, permission_denied, version_conflict, invalid_parameter, quota_exceeded
 */
export async function changeSavedQuery(
  ports: SavedQueryPorts,
  caller: Caller,
  request: {
    readonly id: string
    /** The version of the query that the caller has read. */
    readonly version: number
    readonly change: Partial<SavedQueryContent>
  },
): Promise<SavedQuery> {
  const { id, version, change } = request
  if (!isUuid(id)) throw notFound(id)
  const decide = (current: SavedQuery | undefined): SavedQueryContent => {
    requirePermitted(decideChangeQuery(caller, id, current))
    if (current === undefined) throw notFound(id)
    if (current.version !== version) throw refused('version_conflict', { type: 'Saved query', id })
    const content = { ...current, ...change }
    requireContent(content)
    return normal(content)
  }
  const changed = await ports.queries.changeQuery(id, ports.clock(), decide, admit)
  if (changed === undefined) throw notFound(id)
  const { before, after } = changed
  if (after.isShared !== before.isShared)
    record(ports, caller, after, after.isShared ? 'shared' : 'no longer shared')
  else if (after.isShared) record(ports, caller, after, 'changed')
  return after
}

/** @throws RefusedError saved_query_not_found, permission_denied */
export async function removeSavedQuery(ports: SavedQueryPorts, caller: Caller, id: string): Promise<void> {
  if (!isUuid(id)) throw notFound(id)
  const removed = await ports.queries.removeQuery(id, (current) => {
    requirePermitted(decideRemoveQuery(caller, id, current))
  })
  if (removed === undefined) throw notFound(id)
  if (removed.isShared) record(ports, caller, removed, 'deleted')
}

const requireContent = (content: SavedQueryContent): void => {
  requirePermitted(decideQueryContent(content, findSecrets(content.sql)))
}

/** Names in Unicode's composed form (NFC), like all stored names. */
const normal = (content: SavedQueryContent): SavedQueryContent => ({
  name: content.name.normalize('NFC'),
  sql: content.sql,
  instanceName: content.instanceName,
  databaseName: content.databaseName,
  isShared: content.isShared,
})

const admit = (after: SavedQueryUsage): void => {
  requirePermitted(decideQueryUsage(after))
}

/** Never records the SQL, which may contain what only its readers may see. */
function record({ audit }: SavedQueryPorts, caller: Caller, query: SavedQuery, what: string): void {
  audit.record({
    event: 'saved_query',
    outcome: 'admitted',
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    workspaceId: caller.workspaceId,
    detail: `${what}: ${query.name} (${query.id}) of ${query.owner.name}`,
  })
}

const notFound = (id: string): RefusedError => refused('saved_query_not_found', { id: id.slice(0, 64) })
