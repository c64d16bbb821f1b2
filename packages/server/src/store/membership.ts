/**
 * Membership is asked upwards: from an identity to the groups that contain it, and the groups that contain
 * those. The cost is the number of its own ancestors; the size of the directory does not enter (DESIGN §9).
 */
import { sql, type RawBuilder } from 'kysely'
import type { IdentityId } from '../domain/ids.ts'

/** Deeper nesting than this is not followed; real directories stay below twenty. */
const DEEPEST_NESTING = 50

/**
 * A common table expression `ancestor(id, depth)`: the identity itself and every group above it, once each.
 * UNION removes what was seen at the same depth; the bound ends cycles, which the directory refuses but a
 * provisioned one might hold.
 */
export const ancestorsOf = (id: IdentityId): RawBuilder<unknown> => sql`
  walk (id, depth) AS (
    SELECT ${id}::bigint, 0
    UNION
    SELECT member.group_id, walk.depth + 1
      FROM walk JOIN group_member AS member ON member.member_id = walk.id
     WHERE walk.depth < ${sql.lit(DEEPEST_NESTING)}
  ),
  ancestor (id, depth) AS (SELECT id, min(depth) FROM walk GROUP BY id)`
