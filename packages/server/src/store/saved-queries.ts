/**
 * Saved queries in the system database. A change first locks the row of the owner, as deleting the owner does, so that
 * the two never deadlock; concurrent changes of one owner are serialised, so that each sees what the others have
 * stored.
 */
import { sql, type Selectable } from 'kysely'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { SavedQuery, SavedQueryContent, SavedQueryUsage } from '../domain/saved-query.ts'
import type { SavedQueryStore } from '../operations/ports/saved-queries.ts'
import type { SystemQueries, SystemSchema, SystemTransaction } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

type Row = Selectable<SystemSchema['saved_query']> & { readonly owner_name: string }

export function createSavedQueryStore(database: SystemDatabase): SavedQueryStore {
  const inTransaction = <Result>(work: (transaction: SystemTransaction) => Promise<Result>) =>
    askSystemDatabase(() => database.transaction().execute(work))

  return {
    listVisible: (workspaceId, viewerId, { after, size, mostBytes }) =>
      askSystemDatabase(async () => {
        // Each half is read in the order of its own index, so that the cost of a page depends on its size only.
        const half = (which: ReturnType<typeof sql<boolean>>) => sql`(
          SELECT * FROM saved_query
           WHERE workspace_id = ${workspaceId} AND ${which}
             AND (name, id) > (${after?.name ?? ''}::text COLLATE "C", ${after?.id ?? NO_ID}::uuid)
           ORDER BY name, id LIMIT ${size + 1})`
        const { rows } = await sql<Row & { readonly bytes_before: string }>`
          SELECT found.*, owner.name AS owner_name
            FROM (SELECT visible.*,
                         sum(octet_length(visible.sql)) OVER (ORDER BY visible.name, visible.id)
                           - octet_length(visible.sql) AS bytes_before
                    FROM (${half(sql`owner_id = ${viewerId}`)} UNION ALL
                          ${half(sql`is_shared AND owner_id <> ${viewerId}`)}) AS visible
                   ORDER BY visible.name, visible.id LIMIT ${size + 1}) AS found
            JOIN identity AS owner ON owner.id = found.owner_id
           WHERE found.bytes_before <= ${mostBytes}
           ORDER BY found.name, found.id`.execute(database)
        const page = rows.slice(0, size)
        return { queries: page.map(toQuery), hasMore: rows.length > size || (await isCut(page)) }

        async function isCut(shown: readonly Row[]): Promise<boolean> {
          const last = shown.at(-1)
          if (last === undefined) return false
          const next = await sql`
            SELECT FROM saved_query
             WHERE workspace_id = ${workspaceId} AND (owner_id = ${viewerId} OR is_shared)
               AND (name, id) > (${last.name}::text COLLATE "C", ${last.id}::uuid) LIMIT 1`.execute(database)
          return next.rows.length > 0
        }
      }),

    loadQuery: (id) => askSystemDatabase(() => load(database, id)),

    insertQuery: ({ id, workspaceId, ownerId, now, ...content }, admit) =>
      inTransaction(async (transaction) => {
        await lockOwner(transaction, ownerId)
        const { queries, bytes } = await usageOf(transaction, workspaceId, ownerId)
        admit({ queries: queries + 1, bytes: bytes + bytesOf(content) })
        await transaction
          .insertInto('saved_query')
          .values({
            ...{ id, workspace_id: workspaceId, owner_id: ownerId, created_at: now, updated_at: now },
            ...columnsOf(content),
          })
          .execute()
        return required(await load(transaction, id))
      }),

    changeQuery: (id, now, decide, admit) =>
      inTransaction(async (transaction) => {
        const before = await lock(transaction, id)
        const content = decide(before)
        if (before === undefined) return undefined
        const { queries, bytes } = await usageOf(transaction, before.workspaceId, before.owner.id)
        admit({ queries, bytes: bytes - bytesOf(before) + bytesOf(content) })
        await transaction
          .updateTable('saved_query')
          .set({ ...columnsOf(content), version: before.version + 1, updated_at: now })
          .where('id', '=', id)
          .execute()
        return { before, after: required(await load(transaction, id)) }
      }),

    removeQuery: (id, decide) =>
      inTransaction(async (transaction) => {
        const found = await lock(transaction, id)
        decide(found)
        if (found !== undefined) await transaction.deleteFrom('saved_query').where('id', '=', id).execute()
        return found
      }),
  }
}

/** Sorts before every other id. */
const NO_ID = '00000000-0000-0000-0000-000000000000'

async function load(database: SystemQueries, id: string): Promise<SavedQuery | undefined> {
  const row = await database
    .selectFrom('saved_query')
    .innerJoin('identity', 'identity.id', 'saved_query.owner_id')
    .selectAll('saved_query')
    .select('identity.name as owner_name')
    .where('saved_query.id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : toQuery(row)
}

/** The owner never changes, so it can be read before its row is locked. */
async function lock(transaction: SystemTransaction, id: string): Promise<SavedQuery | undefined> {
  const seen = await load(transaction, id)
  if (seen === undefined) return undefined
  await lockOwner(transaction, seen.owner.id)
  return load(transaction, id)
}

/**
 * With this lock, foreign keys to the row can still be checked. A deleted owner has no row, and inserting a query of
 * that owner fails.
 */
const lockOwner = (transaction: SystemTransaction, ownerId: IdentityId) =>
  transaction.selectFrom('identity').select('id').where('id', '=', ownerId).forNoKeyUpdate().execute()

async function usageOf(
  transaction: SystemTransaction,
  workspaceId: WorkspaceId,
  ownerId: IdentityId,
): Promise<SavedQueryUsage> {
  const { queries, bytes } = await transaction
    .selectFrom('saved_query')
    .select((select) => [
      select.fn.countAll<string>().as('queries'),
      sql<string>`coalesce(sum(octet_length(sql)), 0)`.as('bytes'),
    ])
    .where('workspace_id', '=', workspaceId)
    .where('owner_id', '=', ownerId)
    .executeTakeFirstOrThrow()
  return { queries: Number(queries), bytes: Number(bytes) }
}

const bytesOf = ({ sql: text }: Pick<SavedQueryContent, 'sql'>): number => Buffer.byteLength(text, 'utf8')

function required(query: SavedQuery | undefined): SavedQuery {
  if (query === undefined) throw new Error('the query that was just written is not there')
  return query
}

const columnsOf = (content: SavedQueryContent) => ({
  name: content.name,
  sql: content.sql,
  instance_name: content.instanceName ?? null,
  database_name: content.databaseName ?? null,
  is_shared: content.isShared,
})

const toQuery = (row: Row): SavedQuery => ({
  id: row.id,
  workspaceId: row.workspace_id as WorkspaceId,
  owner: { id: row.owner_id as IdentityId, name: row.owner_name },
  name: row.name,
  sql: row.sql,
  instanceName: row.instance_name ?? undefined,
  databaseName: row.database_name ?? undefined,
  isShared: row.is_shared,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
