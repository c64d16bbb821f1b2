/**
 * Directory queries of logins and requests: who an identity is, which identity has a name, and to which groups it
 * belongs.
 */
import { sql } from 'kysely'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { Directory } from '../operations/ports/directory.ts'
import { toIdentity, toPrincipal, type IdentityRow } from './identity-rows.ts'
import { ancestorsOf, ancestorsOfAsked, assignmentOf } from './membership.ts'
import { hasName, isNamed } from './name-condition.ts'
import { namedQuery } from './named-query.ts'
import { askSystemDatabase, askSystemDatabaseTogether, type SystemDatabase } from './system-database.ts'

interface CallerQuestion {
  readonly id: IdentityId
  readonly workspaceId: WorkspaceId
}

/** Parallel arrays: the elements at one index belong to one question. */
interface CallerQuestions {
  readonly ids: readonly IdentityId[]
  readonly workspaceIds: readonly WorkspaceId[]
}

/**
 * The arrays are in subqueries to hide their length from the planner: otherwise it would plan anew for each length,
 * which costs more than the query.
 */
export const callersQuery = ({ ids, workspaceIds }: CallerQuestions) => sql<CallerRow>`
  WITH RECURSIVE asked (id, workspace_id, question) AS (
    SELECT * FROM unnest((SELECT ${ids}::bigint[]),
                         (SELECT ${workspaceIds}::bigint[])) WITH ORDINALITY
  ),
  ${ancestorsOfAsked}
  SELECT asked.question::int, identity.*, found.ancestors
    FROM asked
    CROSS JOIN LATERAL (
      SELECT id, type, name, display_name, active, is_account_admin
        FROM identity WHERE identity.id = asked.id OFFSET 0
    ) AS identity
    JOIN (
      SELECT asked.question, json_agg(json_build_array(ancestor.id::text, assignment.permission)) AS ancestors
        FROM asked JOIN ancestor ON ancestor.question = asked.question
        LEFT JOIN LATERAL ${assignmentOf(sql`ancestor.id`, sql`asked.workspace_id`)} AS assignment ON true
       GROUP BY asked.question
    ) AS found ON found.question = asked.question`

const assignmentQuery = ({ id, workspaceId }: CallerQuestion) => sql<{
  readonly id: string
  readonly permission: 'USER' | 'ADMIN' | null
}>`
  WITH RECURSIVE ${ancestorsOf(sql`${id}::bigint`)}
  SELECT ancestor.id, assignment.permission
    FROM ancestor
    LEFT JOIN LATERAL ${assignmentOf(sql`ancestor.id`, workspaceId)} AS assignment ON true`

export function createDirectory(database: SystemDatabase): Directory {
  const callers = namedQuery(database, 'callers', ['ids', 'workspaceIds'], callersQuery)
  const assignments = namedQuery(database, 'assignment', ['id', 'workspaceId'], assignmentQuery)
  const askForCaller = askSystemDatabaseTogether({
    keyOf: ({ id, workspaceId }: CallerQuestion) => `${id} ${workspaceId}`,
    ask: (questions) =>
      callers({
        ids: questions.map(({ id }) => id),
        workspaceIds: questions.map(({ workspaceId }) => workspaceId),
      }),
    answer: ([row], { id }) => {
      if (row === undefined || row.type === 'GROUP') return undefined
      return {
        principal: { ...toPrincipal({ ...row, type: row.type }), isAccountAdmin: row.is_account_admin },
        ...toAssignment(row.ancestors, id),
      }
    },
  })

  return {
    loadPrincipal: (id) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('identity')
          .select(['id', 'type', 'name', 'display_name', 'active', 'is_account_admin'])
          .where('id', '=', id)
          .executeTakeFirst()
        return row === undefined || row.type === 'GROUP'
          ? undefined
          : { ...toPrincipal({ ...row, type: row.type }), isAccountAdmin: row.is_account_admin }
      }),

    loadNamesOf: (ids) =>
      askSystemDatabase(async () => {
        if (ids.length === 0) return []
        const rows = await database
          .selectFrom('identity')
          .select(['id', 'type', 'name', 'display_name'])
          .where('id', 'in', ids)
          .execute()
        const names = new Map(rows.map((row) => [row.id, row.type === 'GROUP' ? row.display_name : row.name]))
        return ids.flatMap((id) => names.get(id) ?? [])
      }),

    findAssignedByName: (workspaceId, type, name) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('identity')
          .innerJoin('workspace', 'workspace.account_id', 'identity.account_id')
          .select([
            'identity.id',
            'identity.type',
            'identity.name',
            'identity.display_name',
            'identity.active',
          ])
          .where('workspace.id', '=', workspaceId)
          .where('identity.type', '=', type)
          // A system group is found only in its own workspace.
          .where((where) =>
            where.or([
              where('identity.system_group_of', 'is', null),
              where('identity.system_group_of', '=', workspaceId),
            ]),
          )
          .where(hasName(type, name))
          .executeTakeFirst()
        if (row === undefined || !isNamed(row, name)) return undefined
        const { permission } = await loadAssignment(row.id as IdentityId, workspaceId)
        return permission === undefined ? undefined : toIdentity(row)
      }),

    loadCaller: (id, workspaceId) => askForCaller({ id, workspaceId }),

    loadAssignment: (id, workspaceId) => askSystemDatabase(() => loadAssignment(id, workspaceId)),
  }

  /** behaviour 46 and DESIGN §2: an assignment counts directly or through any group above the identity. */
  async function loadAssignment(id: IdentityId, workspaceId: WorkspaceId) {
    const rows = await assignments({ id, workspaceId })
    return toAssignment(
      rows.map((row) => [row.id, row.permission]),
      id,
    )
  }
}

interface CallerRow extends IdentityRow {
  readonly question: number
  readonly is_account_admin: boolean
  readonly ancestors: readonly (readonly [string, 'USER' | 'ADMIN' | null])[]
}

/** @param ancestors the identity itself and every group above it, each with its own assignment */
function toAssignment(ancestors: CallerRow['ancestors'], id: IdentityId) {
  const permissions = ancestors.map(([, permission]) => permission)
  return {
    permission: permissions.includes('ADMIN')
      ? ('ADMIN' as const)
      : permissions.includes('USER')
        ? ('USER' as const)
        : undefined,
    groupIds: ancestors.filter(([ancestor]) => ancestor !== id).map(([ancestor]) => ancestor as IdentityId),
  }
}
