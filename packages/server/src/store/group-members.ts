/** Members of groups, inside a transaction: who may become one, and the change itself. */
import { sql } from 'kysely'
import type { DirectoryScope } from '../domain/directory.ts'
import { DEEPEST_GROUP_NESTING } from '../domain/group-nesting.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { DirectoryConflict, MembershipChange } from '../operations/ports/identities.ts'
import { memberCondition } from './identity-filter.ts'
import { ancestorsOf, isInside } from './membership.ts'
import type { SystemTransaction } from './schema.ts'

/** Two concurrent changes of memberships could together close a cycle that neither closes alone. */
const NESTING_LOCK = 0x67726f7570

/**
 * Serialises all changes of memberships. Taken before any row lock, because such a change locks the rows of several
 * groups, and two of them could deadlock.
 */
export async function lockMemberships(transaction: SystemTransaction): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${NESTING_LOCK}::bigint)`.execute(transaction)
}

/** @returns what prevents the change, in which case nothing is changed */
export async function changeMembers(
  transaction: SystemTransaction,
  scope: DirectoryScope,
  groupId: IdentityId,
  { replace, add, remove, removeWhere }: MembershipChange,
): Promise<DirectoryConflict | undefined> {
  const wanted = [...new Set([...(replace ?? []), ...add])]
  const unknown = await findUnknown(transaction, scope, wanted)
  if (unknown !== undefined) return { conflict: 'unknown_member', id: unknown }
  const problem = await findNestingProblem(transaction, groupId, wanted)
  if (problem !== undefined) return problem
  if (replace !== undefined || remove.length > 0) {
    await transaction
      .deleteFrom('group_member')
      .where('group_id', '=', groupId)
      .$if(replace === undefined, (query) =>
        query.where(sql<boolean>`member_id = ANY (${[...remove]}::bigint[])`),
      )
      .where(sql<boolean>`member_id <> ALL (${wanted}::bigint[])`)
      .execute()
  }
  if (removeWhere !== undefined) {
    await sql`DELETE FROM group_member USING identity AS element
      WHERE group_member.group_id = ${groupId}::bigint AND element.id = group_member.member_id
        AND element.id <> ALL (${wanted}::bigint[]) AND ${memberCondition(removeWhere)}`.execute(transaction)
  }
  if (wanted.length > 0) {
    await sql`INSERT INTO group_member (group_id, member_id)
      SELECT ${groupId}::bigint, unnest(${wanted}::bigint[]) ON CONFLICT DO NOTHING`.execute(transaction)
  }
  return undefined
}

/**
 * Changes the members of `admins` by changing assignments, from which they follow (sql/system/0002-directory.sql).
 * @returns what prevents the change, in which case nothing is changed
 */
export async function changeAdministrators(
  transaction: SystemTransaction,
  scope: DirectoryScope,
  workspaceId: WorkspaceId,
  { add, remove }: Pick<MembershipChange, 'add' | 'remove'>,
): Promise<DirectoryConflict | undefined> {
  const unknown = await findUnknown(transaction, scope, [...add, ...remove])
  if (unknown !== undefined) return { conflict: 'unknown_member', id: unknown }
  if (add.length > 0) {
    await transaction
      .insertInto('workspace_assignment')
      .values(add.map((id) => ({ workspace_id: workspaceId, identity_id: id, permission: 'ADMIN' as const })))
      .onConflict((conflict) =>
        conflict
          .columns(['workspace_id', 'identity_id'])
          .doUpdateSet({ permission: 'ADMIN' })
          .where('workspace_assignment.permission', '<>', 'ADMIN'),
      )
      .execute()
  }
  if (remove.length > 0) {
    await transaction
      .updateTable('workspace_assignment')
      .set({ permission: 'USER' })
      .where('workspace_id', '=', workspaceId)
      .where(sql<boolean>`identity_id = ANY (${[...remove]}::bigint[])`)
      .where('permission', '=', 'ADMIN')
      .execute()
  }
  return undefined
}

/** Locks the members that exist, so that nobody deletes them before they are added. */
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
    .where(sql<boolean>`id = ANY (${[...ids]}::bigint[])`)
    .$if(scope.workspaceId !== undefined, (query) => query.where(isInside(scope.workspaceId)))
    .orderBy('id')
    .forKeyShare()
    .execute()
  const known = new Set(rows.map(({ id }) => id))
  return ids.find((id) => !known.has(id))
}

/** A group may not be nested in a group that it contains, nor deeper than logins follow (attack 26). */
async function findNestingProblem(
  transaction: SystemTransaction,
  groupId: IdentityId,
  members: readonly IdentityId[],
): Promise<DirectoryConflict | undefined> {
  if (members.length === 0) return undefined
  const above = await sql<{ id: string; depth: number }>`
    WITH RECURSIVE ${ancestorsOf(sql`${groupId}::bigint`)} SELECT id, depth FROM ancestor`.execute(
    transaction,
  )
  const ancestors = new Set(above.rows.map(({ id }) => id))
  const circle = members.find((id) => ancestors.has(id))
  if (circle !== undefined) return { conflict: 'circle', id: circle }
  const below = await sql<{ depth: number }>`
    WITH RECURSIVE nested (id, depth) AS (
      SELECT id, 1 FROM identity WHERE id = ANY (${[...members]}::bigint[]) AND type = 'GROUP'
      UNION
      SELECT member.id, nested.depth + 1
        FROM nested JOIN group_member ON group_member.group_id = nested.id
        JOIN identity AS member ON member.id = group_member.member_id AND member.type = 'GROUP'
       WHERE nested.depth <= ${sql.lit(DEEPEST_GROUP_NESTING)}
    ) SELECT coalesce(max(depth), 0) AS depth FROM nested`.execute(transaction)
  const depth = Math.max(...above.rows.map((row) => row.depth)) + (below.rows[0]?.depth ?? 0)
  const [first] = members
  return depth > DEEPEST_GROUP_NESTING && first !== undefined
    ? { conflict: 'too_deep', id: first }
    : undefined
}
