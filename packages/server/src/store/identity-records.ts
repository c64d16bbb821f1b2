/** Users, service principals and groups as the directory keeps them: read and listed; identity-writes.ts changes them. */
import { sql, type RawBuilder, type Selectable } from 'kysely'
import type { DirectoryScope, GroupReference, IdentityReference } from '../domain/directory.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { IdentityStore } from '../operations/ports/identities.ts'
import { filterCondition, isNarrow, orderColumn } from './identity-filter.ts'
import { toRecord } from './identity-rows.ts'
import { createIdentityWrites } from './identity-writes.ts'
import { ancestorsOfAsked, isInScope } from './membership.ts'
import { hasName, isNamed } from './name-condition.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

/**
 * The groups above each identity. Whether a group is in the scope is checked once for each group found, however many
 * identities it contains, and for no other group: OFFSET 0 keeps the planner from starting with all groups
 * (store/membership.ts).
 */
export const groupsQuery = (ids: readonly IdentityId[], workspaceId: WorkspaceId | undefined) => sql<
  ReferenceRow & { readonly is_direct: boolean }
>`
  WITH RECURSIVE asked (question, id) AS (SELECT id, id FROM unnest(${[...ids]}::bigint[]) AS id),
  ${ancestorsOfAsked},
  reached AS MATERIALIZED (
    SELECT identity.id, identity.type, identity.display_name
      FROM (SELECT DISTINCT id FROM ancestor OFFSET 0) AS found
      CROSS JOIN LATERAL (
        SELECT id, type, display_name, system_group FROM identity WHERE identity.id = found.id OFFSET 0
      ) AS identity
     WHERE identity.type = 'GROUP' AND ${isInScope(workspaceId)}
  )
  SELECT ancestor.question AS about, reached.*,
         EXISTS (SELECT FROM group_member AS direct
                  WHERE direct.group_id = reached.id AND direct.member_id = ancestor.question) AS is_direct
    FROM reached JOIN ancestor ON ancestor.id = reached.id AND ancestor.question <> reached.id
   ORDER BY reached.id`

export function createIdentityStore(database: SystemDatabase): IdentityStore {
  const records = () => database.selectFrom('identity').selectAll('identity')
  return {
    ...createIdentityWrites(database),

    loadRecord: (scope, id) =>
      askSystemDatabase(async () => {
        const row = await records()
          .where('identity.account_id', '=', scope.accountId)
          .where('identity.id', '=', id)
          .where(isInScope(scope.workspaceId))
          .executeTakeFirst()
        return row === undefined ? undefined : toRecord(row)
      }),

    findRecordByName: (accountId, type, name) =>
      askSystemDatabase(async () => {
        const row = await records()
          .where('identity.account_id', '=', accountId)
          .where('identity.type', '=', type)
          .where('identity.system_group', 'is', null)
          .where(hasName(type, name))
          .executeTakeFirst()
        return row === undefined || !isNamed(row, name) ? undefined : toRecord(row)
      }),

    listRecords: (scope, type, question) =>
      askSystemDatabase(async () => {
        const conditions: RawBuilder<boolean>[] = [
          sql<boolean>`identity.account_id = ${scope.accountId}`,
          sql<boolean>`identity.type = ${type}`,
          scopeCondition(scope, isNarrow(question.filter)),
          ...(question.filter === undefined ? [] : [filterCondition(question.filter)]),
        ]
        const matching = sql.join(conditions, sql` AND `)
        const column = question.sortBy === undefined ? undefined : orderColumn(question.sortBy)
        const direction = question.descending ? sql`DESC` : sql`ASC`
        const order = column === undefined ? sql`` : sql`${column} ${direction},`
        const { rows } = await sql<Selectable<SystemSchema['identity']>>`
          SELECT identity.* FROM identity WHERE ${matching}
           ORDER BY ${order} identity.id OFFSET ${question.offset} LIMIT ${question.limit}`.execute(database)
        const isWholeAnswer = question.offset === 0 && rows.length < question.limit
        if (isWholeAnswer) return { total: rows.length, identities: rows.map(toRecord) }
        const counted = await sql<{ total: string }>`
          SELECT count(*) AS total FROM identity WHERE ${matching}`.execute(database)
        return { total: Number(counted.rows[0]?.total ?? 0), identities: rows.map(toRecord) }
      }),

    listMembersOfGroups: (groupIds) =>
      askSystemDatabase(async () => {
        if (groupIds.length === 0) return new Map<IdentityId, IdentityReference[]>()
        const rows = await database
          .selectFrom('group_member')
          .innerJoin('identity', 'identity.id', 'group_member.member_id')
          .select(['group_member.group_id as about', 'identity.id', 'identity.type', 'identity.display_name'])
          .where(sql<boolean>`group_member.group_id = ANY (${[...groupIds]}::bigint[])`)
          .orderBy('identity.id')
          .execute()
        return byIdentity(rows, toReference)
      }),

    listGroupsAbove: ({ workspaceId }, ids) =>
      askSystemDatabase(async () => {
        if (ids.length === 0) return new Map<IdentityId, GroupReference[]>()
        const { rows } = await groupsQuery(ids, workspaceId).execute(database)
        return byIdentity(rows, (row) => ({ ...toReference(row), isDirect: row.is_direct }))
      }),
  }
}

interface ReferenceRow {
  readonly about: string
  readonly id: string
  readonly type: IdentityReference['type']
  readonly display_name: string
}

function byIdentity<Row extends ReferenceRow, Reference>(
  rows: readonly Row[],
  toShown: (row: Row) => Reference,
): ReadonlyMap<IdentityId, readonly Reference[]> {
  const found = new Map<IdentityId, Reference[]>()
  for (const row of rows) {
    const references = found.get(row.about as IdentityId) ?? []
    references.push(toShown(row))
    found.set(row.about as IdentityId, references)
  }
  return found
}

/** Goes downwards from the workspace: the identities assigned to it, and their members. */
const allInside = (workspaceId: WorkspaceId): RawBuilder<boolean> => sql<boolean>`identity.id IN (
  WITH RECURSIVE inside (id) AS (
    SELECT identity_id FROM workspace_assignment WHERE workspace_id = ${workspaceId}::bigint
    UNION
    SELECT group_member.member_id FROM group_member JOIN inside ON inside.id = group_member.group_id
  ) SELECT id FROM inside)`

function scopeCondition({ workspaceId }: DirectoryScope, narrow: boolean): RawBuilder<boolean> {
  return workspaceId === undefined || narrow ? isInScope(workspaceId) : allInside(workspaceId)
}

const toReference = (row: Omit<ReferenceRow, 'about'>): IdentityReference => ({
  id: row.id as IdentityId,
  type: row.type,
  displayName: row.display_name,
})
