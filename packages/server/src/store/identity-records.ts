/** Users, service principals and groups as the directory keeps them: read and listed; identity-writes.ts changes them. */
import { sql, type RawBuilder, type Selectable } from 'kysely'
import type { DirectoryScope, IdentityReference } from '../domain/directory.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { IdentityStore } from '../operations/ports/identities.ts'
import { filterCondition, isNarrow, orderColumn } from './identity-filter.ts'
import { toRecord } from './identities.ts'
import { createIdentityWrites } from './identity-writes.ts'
import { isInside } from './membership.ts'
import { hasName, isNamed } from './name-condition.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createIdentityStore(database: SystemDatabase): IdentityStore {
  const records = () => database.selectFrom('identity').selectAll('identity')
  type End = 'group_id' | 'member_id'
  /** The identities at the other end of each membership. */
  const listReferences = (ids: readonly IdentityId[], from: End, to: End, workspaceId?: WorkspaceId) =>
    askSystemDatabase(async () => {
      const found = new Map<IdentityId, IdentityReference[]>()
      if (ids.length === 0) return found
      const rows = await database
        .selectFrom('group_member')
        .innerJoin('identity', 'identity.id', `group_member.${to}`)
        .select([`group_member.${from} as from`, 'identity.id', 'identity.type', 'identity.display_name'])
        .where(sql<boolean>`${sql.ref(`group_member.${from}`)} = ANY (${[...ids]}::bigint[])`)
        .$if(workspaceId !== undefined, (query) => query.where(isInside(workspaceId)))
        .orderBy('identity.id')
        .execute()
      for (const row of rows) {
        const references = found.get(row.from as IdentityId) ?? []
        references.push(toReference(row))
        found.set(row.from as IdentityId, references)
      }
      return found
    })

  return {
    ...createIdentityWrites(database),

    loadIdentity: (scope, id) =>
      askSystemDatabase(async () => {
        const row = await records()
          .where('identity.account_id', '=', scope.accountId)
          .where('identity.id', '=', id)
          .$if(scope.workspaceId !== undefined, (query) => query.where(isInside(scope.workspaceId)))
          .executeTakeFirst()
        return row === undefined ? undefined : toRecord(row)
      }),

    findIdentity: (accountId, type, name) =>
      askSystemDatabase(async () => {
        const row = await records()
          .where('identity.account_id', '=', accountId)
          .where('identity.type', '=', type)
          .where('identity.system_group', 'is', null)
          .where(hasName(type, name))
          .executeTakeFirst()
        return row === undefined || !isNamed(row, name) ? undefined : toRecord(row)
      }),

    listIdentities: (scope, type, question) =>
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

    listMembers: (groupIds) => listReferences(groupIds, 'group_id', 'member_id'),

    listDirectGroups: ({ workspaceId }, ids) => listReferences(ids, 'member_id', 'group_id', workspaceId),
  }
}

/** Downwards from the workspace: whatever is assigned to it, and the members of that. */
const allInside = (workspaceId: WorkspaceId): RawBuilder<boolean> => sql<boolean>`identity.id IN (
  WITH RECURSIVE inside (id) AS (
    SELECT identity_id FROM workspace_assignment WHERE workspace_id = ${workspaceId}::bigint
    UNION
    SELECT group_member.member_id FROM group_member JOIN inside ON inside.id = group_member.group_id
  ) SELECT id FROM inside)`

function scopeCondition({ workspaceId }: DirectoryScope, narrow: boolean): RawBuilder<boolean> {
  if (workspaceId === undefined) return sql<boolean>`identity.system_group IS NULL`
  return narrow ? isInside(workspaceId) : allInside(workspaceId)
}

const toReference = (row: {
  readonly id: string
  readonly type: IdentityReference['type']
  readonly display_name: string
}): IdentityReference => ({ id: row.id as IdentityId, type: row.type, displayName: row.display_name })
