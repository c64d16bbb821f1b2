/**
 * Membership is followed upwards: from an identity to the groups that contain it, and to the groups that contain those.
 * The cost is the number of its own ancestors, and does not depend on the size of the directory (DESIGN §9).
 */
import { sql, type RawBuilder } from 'kysely'
import { FOLLOWED_GROUP_NESTING } from '../domain/group-nesting.ts'
import type { WorkspaceId } from '../domain/ids.ts'

/**
 * The groups that directly contain an identity, and the assignment of an identity to a workspace, as subqueries for
 * LATERAL. The planner cannot know that an identity has few ancestors, and would at some point scan a whole table;
 * OFFSET 0 keeps each subquery separate, so that only an index scan is reasonable.
 */
export const groupsOf = (member: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  (SELECT member.group_id FROM group_member AS member WHERE member.member_id = ${member} OFFSET 0)`
export const assignmentOf = (
  identity: RawBuilder<unknown>,
  workspaceId: WorkspaceId | undefined | RawBuilder<unknown>,
): RawBuilder<unknown> => sql`
  (SELECT assignment.permission FROM workspace_assignment AS assignment
    WHERE assignment.workspace_id = ${workspaceId ?? null}::bigint AND assignment.identity_id = ${identity} OFFSET 0)`

/**
 * A common table expression `ancestor(id, depth)`: the identity itself and every group above it, once each. UNION
 * removes duplicates at the same depth; the depth limit ends cycles, which the directory refuses but provisioned data
 * might contain.
 */
export const ancestorsOf = (id: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  walk (id, depth) AS (
    SELECT ${id}, 0
    UNION
    SELECT above.group_id, walk.depth + 1
      FROM walk CROSS JOIN LATERAL ${groupsOf(sql`walk.id`)} AS above
     WHERE walk.depth < ${sql.lit(FOLLOWED_GROUP_NESTING)}
  ),
  ancestor (id, depth) AS (SELECT id, min(depth) FROM walk GROUP BY id)`

/**
 * The same for many identities at once: `ancestor(question, id)`, from a relation `asked(question, id)`; each is
 * computed as if alone.
 */
export const ancestorsOfAsked = sql`
  walk (question, id, depth) AS (
    SELECT asked.question, asked.id, 0 FROM asked
    UNION
    SELECT walk.question, above.group_id, walk.depth + 1
      FROM walk CROSS JOIN LATERAL ${groupsOf(sql`walk.id`)} AS above
     WHERE walk.depth < ${sql.lit(FOLLOWED_GROUP_NESTING)}
  ),
  ancestor (question, id) AS (SELECT DISTINCT question, id FROM walk)`

/**
 * Whether the `identity` of the query is in the scope: in the workspace or, without a workspace, in the account: all
 * identities but the system groups.
 */
export const isInScope = (workspaceId: WorkspaceId | undefined): RawBuilder<boolean> =>
  workspaceId === undefined ? sql<boolean>`identity.system_group IS NULL` : isInside(workspaceId)

/**
 * Whether the `identity` of the query is in the workspace. Goes upwards from the identity: cheap for one identity,
 * expensive for all.
 */
export const isInside = (workspaceId: WorkspaceId | undefined): RawBuilder<boolean> => sql<boolean>`EXISTS (
  WITH RECURSIVE ${ancestorsOf(sql`identity.id`)}
  SELECT FROM ancestor CROSS JOIN LATERAL ${assignmentOf(sql`ancestor.id`, workspaceId)} AS assignment)`
