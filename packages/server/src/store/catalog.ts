/** Registered catalogs and tables, who may read them, and the sets of tables that tokens refer to (behaviours 9, 10). */
import { createHash } from 'node:crypto'
import { sql, type Selectable } from 'kysely'
import { parseSecurableName, type CatalogEntry } from '../domain/catalog.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'
import type { CatalogStore } from '../operations/ports/catalog.ts'
import type { ClaimedTableFacts } from '../policy/claims.ts'
import { TOKEN_LIFETIME_SECONDS } from '../tokens/claims.ts'
import { toIdentity } from './identity-rows.ts'
import { ancestorsOf } from './membership.ts'
import { namedQuery } from './named-query.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, isUniqueViolation, type SystemDatabase } from './system-database.ts'

/** After this time no token that refers to the set can still be valid, even if the clocks of the nodes differ. */
const CLAIM_SET_LIFE_MS = 2 * TOKEN_LIFETIME_SECONDS * 1000

interface ClaimedTableRow {
  readonly name: string
  readonly instance_uid: string | null
  readonly database_name: string | null
  readonly creator_ids: readonly string[]
  readonly is_granted: boolean
}

interface ClaimedTablesQuestion {
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
  readonly names: readonly string[]
}

/**
 * One query: each name is looked up as a table, otherwise by its catalog; grants are found by the identity's own few
 * ancestors.
 */
const claimedTablesQuery = ({
  identityId,
  workspaceId,
  names,
}: ClaimedTablesQuestion) => sql<ClaimedTableRow>`
  WITH RECURSIVE ${ancestorsOf(sql`${identityId}::bigint`)},
  wanted AS (
    SELECT name, ordinality, split_part(name, '.', 1) AS catalog,
           split_part(name, '.', 1) || '.' || split_part(name, '.', 2) AS schema
      FROM unnest(${names}::text[]) WITH ORDINALITY AS wanted (name, ordinality))
  SELECT wanted.name, coalesce(own.instance_uid, whole.instance_uid) AS instance_uid,
         coalesce(own.database_name, whole.database_name) AS database_name,
         array_remove(ARRAY[own.creator_id, whole.creator_id], NULL)::text[] AS creator_ids,
         EXISTS (
           SELECT FROM ancestor CROSS JOIN LATERAL (
             SELECT FROM read_grant AS given
              WHERE given.entry_uid IN (own.uid, whole.uid) AND given.identity_id = ancestor.id
                AND given.securable IN (wanted.catalog, wanted.schema, wanted.name) OFFSET 0) AS given
         ) AS is_granted
    FROM wanted
    LEFT JOIN catalog_entry AS own
      ON own.workspace_id = ${workspaceId}::bigint AND own.name = wanted.name AND own.kind = 'TABLE'
    LEFT JOIN catalog_entry AS whole
      ON whole.workspace_id = ${workspaceId}::bigint AND whole.name = wanted.catalog AND whole.kind = 'CATALOG'
   ORDER BY wanted.ordinality`

export const createCatalogStore = (database: SystemDatabase): CatalogStore => ({
  ...claimedTablesOf(database),
  ...entriesOf(database),
  ...readersOf(database),
})

/** The query of a login with claims. */
function claimedTablesOf(
  database: SystemDatabase,
): Pick<CatalogStore, 'loadClaimedTables' | 'loadClaimSet' | 'saveClaimSet'> {
  const claimedTables = namedQuery(
    database,
    'claimed_tables',
    ['identityId', 'workspaceId', 'names'],
    claimedTablesQuery,
  )
  async function loadClaimedTables(
    identityId: IdentityId,
    workspaceId: WorkspaceId,
    names: readonly string[],
  ): Promise<readonly ClaimedTableFacts[]> {
    const rows = await claimedTables({ identityId, workspaceId, names })
    return rows.map(toFacts)
  }

  return {
    loadClaimedTables: (identityId, workspaceId, names) =>
      askSystemDatabase(() => loadClaimedTables(identityId, workspaceId, names)),

    loadClaimSet: (identityId, workspaceId, claimSetId) =>
      askSystemDatabase(async () => {
        const set = await database
          .selectFrom('claim_set')
          .select('table_names')
          .where('id', '=', claimSetId)
          .where('workspace_id', '=', workspaceId)
          .executeTakeFirst()
        return loadClaimedTables(identityId, workspaceId, set?.table_names ?? [claimSetId])
      }),

    saveClaimSet: (workspaceId, names, now) =>
      askSystemDatabase(async () => {
        const sorted = [...new Set(names)].sort()
        const id = createHash('sha256')
          .update(JSON.stringify([workspaceId, sorted]))
          .digest('base64url')
        await database
          .insertInto('claim_set')
          .values({ id, workspace_id: workspaceId, table_names: sorted, last_minted_at: now })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ last_minted_at: now }))
          .execute()
        await database
          .deleteFrom('claim_set')
          .where('last_minted_at', '<', new Date(now.getTime() - CLAIM_SET_LIFE_MS))
          .execute()
        return id
      }),
  }
}

/** The registered catalogs and tables. */
const entriesOf = (
  database: SystemDatabase,
): Pick<CatalogStore, 'insertEntry' | 'findEntry' | 'listEntries' | 'removeEntry'> => ({
  insertEntry: (entry) =>
    askSystemDatabase(async () => {
      try {
        const row = await database
          .insertInto('catalog_entry')
          .values({
            workspace_id: entry.workspaceId,
            kind: entry.kind,
            name: entry.name,
            instance_uid: entry.instanceUid,
            database_name: entry.databaseName,
            creator_id: entry.creatorId,
            created_at: entry.createdAt,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        return toEntry(row)
      } catch (error) {
        if (isUniqueViolation(error)) return 'name_taken' as const
        throw error
      }
    }),

  findEntry: (workspaceId, kind, name) =>
    askSystemDatabase(async () => {
      const row = await database
        .selectFrom('catalog_entry')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('kind', '=', kind)
        .where('name', '=', name)
        .executeTakeFirst()
      return row === undefined ? undefined : toEntry(row)
    }),

  listEntries: (instanceUid, kind, { after, size }) =>
    askSystemDatabase(async () => {
      let query = database
        .selectFrom('catalog_entry')
        .selectAll()
        .where('instance_uid', '=', instanceUid)
        .where('kind', '=', kind)
      if (after !== undefined) query = query.where('name', '>', after)
      return (await query.orderBy('name').limit(size).execute()).map(toEntry)
    }),

  removeEntry: (uid) =>
    askSystemDatabase(async () => {
      const { numDeletedRows } = await database
        .deleteFrom('catalog_entry')
        .where('uid', '=', uid)
        .executeTakeFirst()
      return numDeletedRows > 0n
    }),
})

/** The grants to read them. */
const readersOf = (database: SystemDatabase): Pick<CatalogStore, 'listReaders' | 'changeReaders'> => ({
  listReaders: (entryUid, securable) =>
    askSystemDatabase(async () => {
      const rows = await database
        .selectFrom('read_grant')
        .innerJoin('identity', 'identity.id', 'read_grant.identity_id')
        .select(['identity.id', 'identity.type', 'identity.name', 'identity.display_name', 'identity.active'])
        .where('entry_uid', '=', entryUid)
        .where('securable', '=', securable)
        .orderBy('identity.id')
        .execute()
      return rows.map(toIdentity)
    }),

  changeReaders: (entryUid, securable, { add, remove }) =>
    askSystemDatabase(async () => {
      await database.transaction().execute(async (transaction) => {
        if (remove.length > 0) {
          await transaction
            .deleteFrom('read_grant')
            .where('entry_uid', '=', entryUid)
            .where('securable', '=', securable)
            .where('identity_id', 'in', [...remove])
            .execute()
        }
        if (add.length > 0) {
          await transaction
            .insertInto('read_grant')
            .values(add.map((identityId) => ({ entry_uid: entryUid, securable, identity_id: identityId })))
            .onConflict((conflict) => conflict.doNothing())
            .execute()
        }
      })
    }),
})

function toFacts(row: ClaimedTableRow): ClaimedTableFacts {
  const { name, instance_uid, database_name } = row
  const { schema, table } = parseSecurableName(name) ?? {}
  const isLocated =
    instance_uid !== null && database_name !== null && schema !== undefined && table !== undefined
  return {
    name,
    location: isLocated
      ? {
          name,
          instanceUid: instance_uid as InstanceUid,
          databaseName: database_name,
          schemaName: schema,
          tableName: table,
        }
      : undefined,
    creatorIds: row.creator_ids.map((id) => id as IdentityId),
    isGranted: row.is_granted,
  }
}

const toEntry = (row: Selectable<SystemSchema['catalog_entry']>): CatalogEntry => ({
  uid: row.uid,
  workspaceId: row.workspace_id as WorkspaceId,
  kind: row.kind,
  name: row.name,
  instanceUid: row.instance_uid as InstanceUid,
  databaseName: row.database_name,
  creatorId: row.creator_id === null ? undefined : (row.creator_id as IdentityId),
})
