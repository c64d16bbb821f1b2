/** Users, service principals and groups as the directory keeps them: made, read, listed, changed, removed. */
import { sql, type RawBuilder, type Selectable, type Transaction } from 'kysely'
import type { DirectoryScope, IdentityRecord, IdentityReference } from '../domain/directory.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { IdentityStore } from '../operations/ports/identities.ts'
import { filterCondition, isNarrow, orderColumn } from './identity-filter.ts'
import { toIdentity } from './identities.ts'
import { ancestorsOf, assignmentOf } from './membership.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, isUniqueViolation, type SystemDatabase } from './system-database.ts'

/** Serialises changes of memberships: two of them together could close a circle that neither closes alone. */
const NESTING_LOCK = 0x67726f7570

/** Deeper nesting is refused; logins follow 50 levels (store/membership.ts). */
const DEEPEST_NESTING = 40

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
    createIdentity: (identity, assignment) =>
      orNameTaken(() =>
        database.transaction().execute(async (transaction) => {
          const row = await transaction
            .insertInto('identity')
            .values({
              account_id: identity.accountId,
              type: identity.type,
              name: identity.name,
              display_name: identity.displayName,
              active: identity.active,
              external_id: identity.externalId ?? null,
              given_name: identity.givenName ?? null,
              family_name: identity.familyName ?? null,
              home_workspace_id: identity.homeWorkspaceId ?? null,
              is_account_admin: identity.isAccountAdmin,
            })
            .returningAll()
            .executeTakeFirstOrThrow()
          if (assignment !== undefined) {
            await transaction
              .insertInto('workspace_assignment')
              .values({
                workspace_id: assignment.workspaceId,
                identity_id: row.id,
                permission: assignment.permission,
              })
              .execute()
          }
          return toRecord(row)
        }),
      ),

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
          .where(
            type === 'USER' ? sql<string>`lower(identity.name)` : 'identity.name',
            '=',
            type === 'GROUP' ? name : name.toLowerCase(),
          )
          .executeTakeFirst()
        return row === undefined ? undefined : toRecord(row)
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

    updateIdentity: (id, change, expectedVersion) =>
      orNameTaken(async () => {
        const row = await database
          .updateTable('identity')
          .set((set) => ({
            ...(change.name === undefined ? {} : { name: change.name }),
            ...(change.displayName === undefined ? {} : { display_name: change.displayName }),
            ...(change.active === undefined ? {} : { active: change.active }),
            ...('externalId' in change ? { external_id: change.externalId ?? null } : {}),
            ...('givenName' in change ? { given_name: change.givenName ?? null } : {}),
            ...('familyName' in change ? { family_name: change.familyName ?? null } : {}),
            ...(change.isAccountAdmin === undefined ? {} : { is_account_admin: change.isAccountAdmin }),
            version: set('version', '+', '1'),
            updated_at: sql<Date>`now()`,
          }))
          .where('id', '=', id)
          .$if(expectedVersion !== undefined, (query) => query.where('version', '=', expectedVersion ?? ''))
          .returningAll()
          .executeTakeFirst()
        return row === undefined ? undefined : toRecord(row)
      }),

    deleteIdentity: (id) =>
      askSystemDatabase(async () => {
        const result = await database
          .deleteFrom('identity')
          .where('id', '=', id)
          .where('system_group', 'is', null)
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),

    listMembers: (groupIds) => listReferences(groupIds, 'group_id', 'member_id'),

    listDirectGroups: ({ workspaceId }, ids) => listReferences(ids, 'member_id', 'group_id', workspaceId),

    changeMembers: (scope, groupId, { replace, add, remove }) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          await sql`SELECT pg_advisory_xact_lock(${NESTING_LOCK}::bigint)`.execute(transaction)
          const wanted = [...new Set([...(replace ?? []), ...add])]
          const unknown = await findUnknown(transaction, scope, wanted)
          if (unknown !== undefined) return { problem: 'unknown_member', id: unknown } as const
          const problem = await findNestingProblem(transaction, groupId, wanted)
          if (problem !== undefined) return problem
          if (replace !== undefined || remove.length > 0) {
            await transaction
              .deleteFrom('group_member')
              .where('group_id', '=', groupId)
              .$if(replace === undefined, (query) => query.where('member_id', 'in', [...remove]))
              .$if(wanted.length > 0, (query) => query.where('member_id', 'not in', wanted))
              .execute()
          }
          if (wanted.length > 0) {
            await sql`INSERT INTO group_member (group_id, member_id)
              SELECT ${groupId}::bigint, unnest(${wanted}::bigint[]) ON CONFLICT DO NOTHING`.execute(
              transaction,
            )
          }
          await sql`UPDATE identity SET version = version + 1, updated_at = now() WHERE id = ${groupId}::bigint`.execute(
            transaction,
          )
          return 'changed' as const
        }),
      ),
  }
}

/** Upwards from one identity: cheap for one, dear for all. */
const isInside = (workspaceId: WorkspaceId | undefined): RawBuilder<boolean> => sql<boolean>`EXISTS (
  WITH RECURSIVE ${ancestorsOf(sql`identity.id`)}
  SELECT FROM ancestor CROSS JOIN LATERAL ${assignmentOf(sql`ancestor.id`, workspaceId)} AS assignment)`

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

type SystemTransaction = Transaction<SystemSchema>

async function findUnknown(
  transaction: SystemTransaction,
  scope: DirectoryScope,
  ids: readonly IdentityId[],
): Promise<IdentityId | undefined> {
  if (ids.length === 0) return undefined
  const rows = await transaction
    .selectFrom('identity')
    .select('id')
    .where('account_id', '=', scope.accountId)
    .where('system_group', 'is', null)
    .where('id', 'in', [...ids])
    .$if(scope.workspaceId !== undefined, (query) => query.where(isInside(scope.workspaceId)))
    .execute()
  const known = new Set(rows.map(({ id }) => id))
  return ids.find((id) => !known.has(id))
}

/** A group may be nested in no group that it contains, nor deeper than logins follow (attack 26). */
async function findNestingProblem(
  transaction: SystemTransaction,
  groupId: IdentityId,
  members: readonly IdentityId[],
) {
  if (members.length === 0) return undefined
  const above = await sql<{ id: string; depth: number }>`
    WITH RECURSIVE ${ancestorsOf(sql`${groupId}::bigint`)} SELECT id, depth FROM ancestor`.execute(
    transaction,
  )
  const ancestors = new Set(above.rows.map(({ id }) => id))
  const circle = members.find((id) => ancestors.has(id))
  if (circle !== undefined) return { problem: 'circle', id: circle } as const
  const below = await sql<{ depth: number }>`
    WITH RECURSIVE nested (id, depth) AS (
      SELECT id, 1 FROM identity WHERE id = ANY (${[...members]}::bigint[]) AND type = 'GROUP'
      UNION
      SELECT member.id, nested.depth + 1
        FROM nested JOIN group_member ON group_member.group_id = nested.id
        JOIN identity AS member ON member.id = group_member.member_id AND member.type = 'GROUP'
       WHERE nested.depth <= ${sql.lit(DEEPEST_NESTING)}
    ) SELECT coalesce(max(depth), 0) AS depth FROM nested`.execute(transaction)
  const depth = Math.max(...above.rows.map((row) => row.depth)) + (below.rows[0]?.depth ?? 0)
  const [first] = members
  return depth > DEEPEST_NESTING && first !== undefined
    ? ({ problem: 'too_deep', id: first } as const)
    : undefined
}

async function orNameTaken<Result>(work: () => Promise<Result>): Promise<Result | 'name_taken'> {
  return askSystemDatabase(async () => {
    try {
      return await work()
    } catch (error) {
      if (isUniqueViolation(error)) return 'name_taken' as const
      throw error
    }
  })
}

const toReference = (row: {
  readonly id: string
  readonly type: IdentityReference['type']
  readonly display_name: string
}): IdentityReference => ({ id: row.id as IdentityId, type: row.type, displayName: row.display_name })

function toRecord(row: Selectable<SystemSchema['identity']>): IdentityRecord {
  return {
    ...toIdentity(row),
    externalId: row.external_id ?? undefined,
    givenName: row.given_name ?? undefined,
    familyName: row.family_name ?? undefined,
    version: row.version,
    homeWorkspaceId: (row.home_workspace_id ?? undefined) as WorkspaceId | undefined,
    systemGroup: row.system_group ?? undefined,
    isAccountAdmin: row.is_account_admin,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
