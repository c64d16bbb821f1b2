/**
 * What a login reads from the system database, fresh at every login (DESIGN §5, §6): the instance, the identity,
 * whether it is assigned to the workspace, and — for the role of a group — the group, its assignment and the path of
 * membership. Concurrent logins share the query, and each gets the same answer as if alone. The cost of a login depends
 * only on the identity's own ancestors; test/store/query-plans.test.ts checks this.
 */
import { sql } from 'kysely'
import { FOLLOWED_GROUP_NESTING } from '../domain/group-nesting.ts'
import type { Identity } from '../domain/identity.ts'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'
import type { LoginDirectory } from '../operations/ports/directory.ts'
import type { GroupFacts, PrincipalFacts } from '../policy/login.ts'
import { toIdentity, toPrincipal } from './identity-rows.ts'
import { instanceOf, type InstanceRow } from './instances.ts'
import { ancestorsOf, assignmentOf, groupsOf } from './membership.ts'
import { namedQuery } from './named-query.ts'
import { askSystemDatabaseTogether, type SystemDatabase } from './system-database.ts'

interface LoginRow extends Partial<InstanceRow> {
  readonly question: number
  /** Null when no identity has this id any more. */
  readonly identity_id: string | null
  readonly identity_type: Identity['type']
  readonly identity_name: string
  readonly identity_display_name: string
  readonly identity_active: boolean
  readonly assigned: boolean
  readonly group_id: string | null
  readonly group_name: string | null
  readonly group_display_name: string | null
  readonly group_active: boolean | null
  readonly group_assigned: boolean | null
  /** Memberships among the identity and its ancestors: [member, group, name]. Empty unless a group was asked for. */
  readonly memberships: readonly (readonly [string, string, string])[]
}

interface LoginQuestion {
  /** Undefined when the caller has the instance already. */
  readonly instanceUid?: InstanceUid | undefined
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
  readonly groupId: IdentityId | undefined
}

/** Parallel arrays: the elements at one index belong to one login. */
export interface LoginQuestions {
  readonly instanceUids: readonly (InstanceUid | null)[]
  readonly identityIds: readonly IdentityId[]
  readonly workspaceIds: readonly WorkspaceId[]
  readonly groupIds: readonly (IdentityId | null)[]
}

const WORKSPACE = sql`asked.workspace_id`

/**
 * The arrays are in subqueries to hide their length from the planner: otherwise it would plan anew for each length,
 * which costs more than the query.
 */
export const loginFactsQuery = ({
  instanceUids,
  identityIds,
  workspaceIds,
  groupIds,
}: LoginQuestions) => sql<LoginRow>`
  SELECT asked.question::int, facts.*, instance.*
    FROM unnest((SELECT ${instanceUids}::uuid[]), (SELECT ${identityIds}::bigint[]),
                (SELECT ${workspaceIds}::bigint[]), (SELECT ${groupIds}::bigint[]))
         WITH ORDINALITY AS asked (instance_uid, identity_id, workspace_id, group_id, question)
   LEFT JOIN LATERAL (
     WITH RECURSIVE ${ancestorsOf(sql`asked.identity_id`)},
     group_walk (id, depth) AS (
       SELECT asked.group_id, 0 WHERE asked.group_id IS NOT NULL
       UNION
       SELECT above.group_id, group_walk.depth + 1
         FROM group_walk CROSS JOIN LATERAL ${groupsOf(sql`group_walk.id`)} AS above
        WHERE group_walk.depth < ${sql.lit(FOLLOWED_GROUP_NESTING)}
     )
     SELECT identity.id AS identity_id, identity.type AS identity_type, identity.name AS identity_name,
            identity.display_name AS identity_display_name, identity.active AS identity_active,
            EXISTS (
              SELECT FROM ancestor CROSS JOIN LATERAL ${assignmentOf(sql`ancestor.id`, WORKSPACE)} AS assignment
            ) AS assigned,
            login_group.id AS group_id, login_group.name AS group_name,
            login_group.display_name AS group_display_name, login_group.active AS group_active,
            EXISTS (
              SELECT FROM group_walk CROSS JOIN LATERAL ${assignmentOf(sql`group_walk.id`, WORKSPACE)} AS assignment
            ) AS group_assigned,
            CASE WHEN login_group.id IS NULL THEN '[]'::json ELSE (
              SELECT coalesce(json_agg(json_build_array(ancestor.id::text, above.group_id::text,
                     (SELECT name FROM identity WHERE identity.id = above.group_id))), '[]'::json)
                FROM ancestor CROSS JOIN LATERAL ${groupsOf(sql`ancestor.id`)} AS above
            ) END AS memberships
       FROM identity
       LEFT JOIN identity AS login_group ON login_group.id = asked.group_id AND login_group.type = 'GROUP'
      WHERE identity.id = asked.identity_id
     OFFSET 0
   ) AS facts ON true
   LEFT JOIN LATERAL (
     SELECT * FROM database_instance AS instance WHERE instance.uid = asked.instance_uid OFFSET 0
   ) AS instance ON true`

export function createLoginDirectory(database: SystemDatabase): LoginDirectory {
  const ask = namedQuery(
    database,
    'login_facts',
    ['instanceUids', 'identityIds', 'workspaceIds', 'groupIds'],
    loginFactsQuery,
  )
  return {
    loadLoginFacts: askSystemDatabaseTogether({
      keyOf: ({ instanceUid, identityId, workspaceId, groupId }: LoginQuestion) =>
        `${instanceUid ?? ''} ${identityId} ${workspaceId} ${groupId ?? ''}`,
      ask: (questions) =>
        ask({
          instanceUids: questions.map(({ instanceUid }) => instanceUid ?? null),
          identityIds: questions.map(({ identityId }) => identityId),
          workspaceIds: questions.map(({ workspaceId }) => workspaceId),
          groupIds: questions.map(({ groupId }) => groupId ?? null),
        }),
      answer: ([row]) =>
        row === undefined
          ? { instance: undefined, identity: undefined, group: undefined }
          : { instance: askedInstanceOf(row), identity: principalOf(row), group: groupOf(row) },
      mostUnderWay: 1,
    }),
  }
}

const askedInstanceOf = (row: LoginRow): DatabaseInstance | undefined =>
  // In a row without an instance, the columns of the instance are null.
  typeof row.uid === 'string' ? instanceOf(row as InstanceRow) : undefined

function principalOf(row: LoginRow): PrincipalFacts | undefined {
  if (row.identity_id === null || row.identity_type === 'GROUP') return undefined
  return {
    ...toPrincipal({
      id: row.identity_id,
      type: row.identity_type,
      name: row.identity_name,
      display_name: row.identity_display_name,
      active: row.identity_active,
    }),
    assignedToWorkspace: row.assigned,
  }
}

function groupOf(row: LoginRow): GroupFacts | undefined {
  const { group_id, group_name, group_display_name, group_active } = row
  if (row.identity_id === null) return undefined
  if (group_id === null || group_name === null || group_display_name === null || group_active === null)
    return undefined
  const group = {
    id: group_id,
    type: 'GROUP' as const,
    name: group_name,
    display_name: group_display_name,
    active: group_active,
  }
  const path = shortestPath(row.memberships, row.identity_id, group_id)
  const names = new Map([
    [row.identity_id, row.identity_name],
    ...row.memberships.map(([, id, name]) => [id, name] as const),
  ])
  return {
    ...toIdentity(group),
    assignedToWorkspace: row.group_assigned === true,
    membershipPath: path,
    ...(path === undefined ? {} : { membershipNames: path.map((id) => names.get(id) ?? id) }),
  }
}

/** A breadth-first search over at most the identity's own ancestors; from the group down to the identity. */
function shortestPath(
  memberships: LoginRow['memberships'],
  identityId: string,
  groupId: string,
): readonly string[] | undefined {
  const groupsOf = new Map<string, string[]>()
  for (const [member, group] of memberships) {
    const known = groupsOf.get(member)
    if (known === undefined) groupsOf.set(member, [group])
    else known.push(group)
  }
  const reachedFrom = new Map<string, string | undefined>([[identityId, undefined]])
  const queue = [identityId]
  for (let current = queue.shift(); current !== undefined && current !== groupId; current = queue.shift()) {
    for (const group of groupsOf.get(current) ?? []) {
      if (reachedFrom.has(group)) continue
      reachedFrom.set(group, current)
      queue.push(group)
    }
  }
  if (!reachedFrom.has(groupId)) return undefined
  const path: string[] = []
  for (let step: string | undefined = groupId; step !== undefined; step = reachedFrom.get(step))
    path.push(step)
  return path
}
