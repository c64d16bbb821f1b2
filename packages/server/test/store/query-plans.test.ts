/**
 * The queries of a login touch what belongs to the identity that logs in, and nothing that grows with the directory
 * (DESIGN §9). Loaded: users, groups nested ten deep, every user in one chain; measured: rows, never time.
 */
import { sql, type CompiledQuery } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentityId, WorkspaceId } from '../../src/domain/ids.ts'
import { callersQuery, createDirectory } from '../../src/store/directory.ts'
import { groupsQuery } from '../../src/store/identity-records.ts'
import { createLoginDirectory, loginFactsQuery } from '../../src/store/login-facts.ts'
import { tokensQuery } from '../../src/store/personal-access-tokens.ts'
import { loadDirectory } from '../stage/large-directory.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(async () => system.stop())

async function explain(query: CompiledQuery): Promise<readonly PlanNode[]> {
  const { rows } = await system.database.executeQuery<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>({
    ...query,
    sql: `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${query.sql}`,
  })
  const nodes: PlanNode[] = []
  const visit = (node: PlanNode) => {
    nodes.push(node)
    node.Plans?.forEach(visit)
  }
  rows[0]?.['QUERY PLAN'].forEach(({ Plan }) => {
    visit(Plan)
  })
  return nodes
}

const rowsTouched = (nodes: readonly PlanNode[]): number =>
  nodes
    .filter((node) => node['Relation Name'] !== undefined)
    .reduce(
      (sum, node) =>
        sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      0,
    )

describe('the query of a login', () => {
  it('reads by index only, and as many rows with 100,000 identities as with 1,000', async () => {
    const touched: number[] = []
    for (const identities of [1_000, 100_000]) {
      const { workspaceId, member, topGroup } = await loadDirectory(system.database, identities)
      const query = loginFactsQuery({
        instanceUids: [null],
        identityIds: [member as IdentityId],
        workspaceIds: [workspaceId as WorkspaceId],
        groupIds: [topGroup as IdentityId],
      }).compile(system.database)
      const nodes = await explain(query)
      if (identities === 100_000) {
        const sequential = nodes.filter((node) => node['Node Type'] === 'Seq Scan')
        // Of instances there are few here, in one page; their number does not grow with that of identities.
        const relations = sequential.map((node) => node['Relation Name'])
        expect(relations.filter((relation) => relation !== 'database_instance')).toEqual([])
      }
      touched.push(rowsTouched(nodes))
    }
    const [few = 0, many = 0] = touched
    expect(few).toBeGreaterThan(0)
    expect(many).toBeLessThanOrEqual(few * 2)
  })

  it('is not outdone by that of the groups of somebody, which Me shows', async () => {
    const touched: number[] = []
    for (const identities of [1_000, 100_000]) {
      const { workspaceId, member } = await loadDirectory(system.database, identities)
      const query = groupsQuery([member as IdentityId], workspaceId as WorkspaceId).compile(system.database)
      const nodes = await explain(query)
      const sequential = nodes.filter((node) => node['Node Type'] === 'Seq Scan')
      if (identities === 100_000) expect(sequential.map((node) => node['Relation Name'])).toEqual([])
      touched.push(rowsTouched(nodes))
    }
    const [few = 0, many = 0] = touched
    expect(few).toBeGreaterThan(0)
    expect(many).toBeLessThanOrEqual(few * 2)
  })

  it('finds the path of a membership ten groups deep', async () => {
    const { workspaceId, member, topGroup, chain } = await loadDirectory(system.database, 1_000)
    const facts = await createLoginDirectory(system.database).loadLoginFacts({
      identityId: member as IdentityId,
      workspaceId: workspaceId as WorkspaceId,
      groupId: topGroup as IdentityId,
    })
    expect(facts.identity).toMatchObject({ id: member, assignedToWorkspace: true })
    expect(facts.group).toMatchObject({
      id: topGroup,
      assignedToWorkspace: true,
      membershipPath: [...chain.toReversed(), member],
      membershipNames: [
        ...chain.map((_id, level) => `group ${String(level)}`).toReversed(),
        'user0@example.com',
      ],
    })
  })

  it('ends on a cycle, which only somebody below our API can make', async () => {
    const { workspaceId, member, topGroup, chain } = await loadDirectory(system.database, 1_000)
    await sql`INSERT INTO group_member (group_id, member_id) VALUES (${chain[0]}::bigint, ${topGroup}::bigint)`.execute(
      system.database,
    )
    const facts = await createLoginDirectory(system.database).loadLoginFacts({
      identityId: member as IdentityId,
      workspaceId: workspaceId as WorkspaceId,
      groupId: topGroup as IdentityId,
    })
    expect(facts.group?.membershipPath).toHaveLength(11)
    const membership = await createDirectory(system.database).loadAssignment(
      member as IdentityId,
      workspaceId as WorkspaceId,
    )
    // The ten of the chain, and the users of the workspace.
    expect(membership.groupIds).toHaveLength(11)
  })

  it('knows nobody who was deleted', async () => {
    const { workspaceId, member } = await loadDirectory(system.database, 1_000)
    await system.database.deleteFrom('identity').where('id', '=', member).execute()
    await expect(
      createLoginDirectory(system.database).loadLoginFacts({
        identityId: member as IdentityId,
        workspaceId: workspaceId as WorkspaceId,
        groupId: undefined,
      }),
    ).resolves.toEqual({ instance: undefined, identity: undefined, group: undefined })
  })
})

describe('the questions of a request, for many callers at once', () => {
  it('read by index only, and as many rows with 100,000 identities as with 1,000', async () => {
    const touched: number[][] = []
    for (const identities of [1_000, 100_000]) {
      const { workspaceId, member } = await loadDirectory(system.database, identities)
      const twenty = <Value>(value: Value): readonly Value[] => Array.from({ length: 20 }, () => value)
      const queries = [
        callersQuery({
          ids: twenty(member as IdentityId),
          workspaceIds: twenty(workspaceId as WorkspaceId),
        }),
        tokensQuery({ hashes: twenty(Buffer.alloc(32)) }),
      ]
      const plans = await Promise.all(queries.map((query) => explain(query.compile(system.database))))
      if (identities === 100_000) {
        const sequential = plans.flat().filter((node) => node['Node Type'] === 'Seq Scan')
        // Of tokens there are none, and an empty table is read as it is.
        expect(sequential.map((node) => node['Relation Name'])).not.toContain('identity')
        expect(sequential.map((node) => node['Relation Name'])).not.toContain('group_member')
        expect(sequential.map((node) => node['Relation Name'])).not.toContain('workspace_assignment')
      }
      touched.push(plans.map(rowsTouched))
    }
    const [few = [], many = []] = touched
    expect(few[0]).toBeGreaterThan(0)
    for (const [index, rows] of many.entries()) expect(rows).toBeLessThanOrEqual((few[index] ?? 0) * 2)
  })
})
