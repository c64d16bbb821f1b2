/** Saved queries in the system database: limits hold for many at once, pages are bounded, and they go with their owner. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountId, IdentityId, WorkspaceId } from '../../src/domain/ids.ts'
import type { SavedQueryUsage } from '../../src/domain/saved-query.ts'
import { createIdentityStore } from '../../src/store/identity-records.ts'
import { createInstallationStore } from '../../src/store/installation.ts'
import { createSavedQueryStore } from '../../src/store/saved-queries.ts'
import { createWorkspaceStore } from '../../src/store/workspaces.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let accountId: AccountId
let workspaceId: WorkspaceId
beforeAll(async () => {
  system = await startTestSystemDatabase()
  const installation = await createInstallationStore(system.database).createInstallation({
    accountId: randomUUID() as AccountId,
    workspaceName: 'default',
    adminUserName: 'admin@example.com',
    createdAt: new Date(),
  })
  accountId = installation.accountId
  workspaceId = installation.workspace.id
})
afterAll(async () => system.stop())

const NOW = new Date('2026-03-01T12:00:00Z')
const LATER = new Date('2026-03-01T13:00:00Z')
const store = () => createSavedQueryStore(system.database)
const identities = () => createIdentityStore(system.database)
const admit = () => undefined

async function makePerson(): Promise<IdentityId> {
  const name = `${randomUUID()}@example.com`
  const made = await identities().createIdentity(
    {
      ...{ accountId, type: 'USER', name, displayName: name, active: true, externalId: undefined },
      ...{ givenName: undefined, familyName: undefined, homeWorkspaceId: workspaceId, isAccountAdmin: false },
    },
    { assignTo: workspaceId, members: [] },
  )
  if ('conflict' in made) throw new Error(`nobody was made: ${made.conflict}`)
  return made.id
}
const contentOf = (name: string, sql = 'SELECT 1', isShared = false) => ({
  name,
  sql,
  instanceName: undefined,
  databaseName: undefined,
  isShared,
})
const save = (
  ownerId: IdentityId,
  content = contentOf('a query'),
  decide: (after: SavedQueryUsage) => void = admit,
  where = workspaceId,
) => store().insertQuery({ ...content, id: randomUUID(), workspaceId: where, ownerId, now: NOW }, decide)
const listOf = async (viewer: IdentityId, size = 100, mostBytes = 1_000_000) =>
  store().listVisible(workspaceId, viewer, { after: undefined, size, mostBytes })

describe('saved queries', () => {
  it('are counted for everybody at once: of twenty who save the last one that fits, one does', async () => {
    const owner = await makePerson()
    const atMostOne = ({ queries }: SavedQueryUsage) => {
      if (queries > 1) throw new Error('full')
    }
    const tried = await Promise.allSettled(
      Array.from({ length: 20 }, () => save(owner, contentOf('one'), atMostOne)),
    )
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await listOf(owner)).queries).toHaveLength(1)
  })

  it('count the bytes of their SQL, also when one grows', async () => {
    const owner = await makePerson()
    const { id } = await save(owner, contentOf('one', 'ä'.repeat(10)))
    const seen: SavedQueryUsage[] = []
    const look = (usage: SavedQueryUsage) => {
      seen.push(usage)
    }
    await save(owner, contentOf('two', 'x'.repeat(5)), look)
    await store().changeQuery(id, LATER, () => contentOf('one', 'x'.repeat(7)), look)
    expect(seen).toEqual([
      { queries: 2, bytes: 25 },
      { queries: 2, bytes: 12 },
    ])
  })

  it('are changed one after the other, and each change counts', async () => {
    const owner = await makePerson()
    const { id } = await save(owner)
    const add = () =>
      store().changeQuery(
        id,
        LATER,
        (current) => ({ ...contentOf('x'), sql: `${current?.sql ?? ''}+` }),
        admit,
      )
    await Promise.all(Array.from({ length: 10 }, add))
    await expect(store().loadQuery(id)).resolves.toMatchObject({
      sql: `SELECT 1${'+'.repeat(10)}`,
      version: 11,
      createdAt: NOW,
      updatedAt: LATER,
    })
  })

  it('stay as they are when a change is refused in the middle', async () => {
    const owner = await makePerson()
    const { id } = await save(owner)
    const refused = store().changeQuery(
      id,
      LATER,
      () => contentOf('changed'),
      () => {
        throw new Error('no')
      },
    )
    await expect(refused).rejects.toThrow('no')
    await expect(store().loadQuery(id)).resolves.toMatchObject({ name: 'a query', version: 1 })
    const kept = store().removeQuery(id, () => {
      throw new Error('no')
    })
    await expect(kept).rejects.toThrow('no')
    await expect(store().loadQuery(id)).resolves.toBeDefined()
  })

  it('are listed for their owner, and for others when they are shared, in pages that miss none', async () => {
    const [owner, viewer] = [await makePerson(), await makePerson()]
    const mine = await Promise.all(['b', 'd', 'd', 'B'].map((name) => save(viewer, contentOf(name))))
    const shared = await Promise.all(['a', 'c', 'd'].map((name) => save(owner, contentOf(name, 'x', true))))
    const hidden = await save(owner, contentOf('c'))
    const seen: string[] = []
    let after: { readonly name: string; readonly id: string } | undefined
    for (;;) {
      const page = await store().listVisible(workspaceId, viewer, { after, size: 2, mostBytes: 1000 })
      expect(page.queries.length).toBeLessThanOrEqual(2)
      seen.push(...page.queries.map(({ id }) => id))
      after = page.queries.at(-1)
      if (!page.hasMore) break
    }
    expect(seen).toHaveLength(new Set(seen).size)
    expect(seen).not.toContain(hidden.id)
    const all = [...mine, ...shared].map(({ id }) => id)
    expect(seen.filter((id) => all.includes(id)).sort()).toEqual([...all].sort())
  })

  it('end a page early when their SQL is large, and go on behind it', async () => {
    const owner = await makePerson()
    for (const name of ['1', '2', '3']) await save(owner, contentOf(`large ${name}`, 'x'.repeat(600)))
    const own = (queries: readonly { readonly owner: { readonly id: string } }[]) =>
      queries.filter((query) => query.owner.id === owner)
    const page = { after: { name: 'large ', id: '00000000-0000-0000-0000-000000000000' }, size: 100 }
    const first = await store().listVisible(workspaceId, owner, { ...page, mostBytes: 700 })
    expect(own(first.queries)).toHaveLength(2)
    expect(first.hasMore).toBe(true)
    const last = first.queries.at(-1)
    const second = await store().listVisible(workspaceId, owner, { ...page, after: last, mostBytes: 700 })
    expect(own(second.queries)).toHaveLength(1)
    // One that is larger than a page is a page.
    const single = await store().listVisible(workspaceId, owner, { ...page, mostBytes: 0 })
    expect(own(single.queries)).toHaveLength(1)
  })

  it('go with their owner', async () => {
    const owner = await makePerson()
    const { id } = await save(owner, contentOf('shared', 'x', true))
    await identities().removeIdentity({ accountId, workspaceId }, { type: 'USER', id: owner }, () => ({
      from: 'account',
    }))
    await expect(store().loadQuery(id)).resolves.toBeUndefined()
    await expect(save(owner)).rejects.toMatchObject({ refusal: { name: 'deleted_meanwhile' } })
  })

  it('go with their workspace, and only those that were kept there', async () => {
    const owner = await makePerson()
    const workspaces = createWorkspaceStore(system.database)
    const other = await workspaces.createWorkspace({
      ...{ accountId, name: `other ${randomUUID()}`, host: '127.0.0.9', deploymentName: 'other' },
      ...{ createdAt: NOW, creatorId: owner },
    })
    if (other === 'name_taken') throw new Error('the workspace was not made')
    const gone = await save(owner, contentOf('there'), admit, other.id)
    const kept = await save(owner, contentOf('here'))
    await expect(workspaces.deleteWorkspace(other.id)).resolves.toBe(true)
    await expect(store().loadQuery(gone.id)).resolves.toBeUndefined()
    await expect(store().loadQuery(kept.id)).resolves.toBeDefined()
  })

  it('and their owner are deleted and changed at once without waiting for one another', async () => {
    const owner = await makePerson()
    const { id } = await save(owner)
    const settled = await Promise.allSettled([
      ...Array.from({ length: 10 }, () => store().changeQuery(id, LATER, () => contentOf('x'), admit)),
      identities().removeIdentity({ accountId, workspaceId }, { type: 'USER', id: owner }, () => ({
        from: 'account',
      })),
      ...Array.from({ length: 10 }, () => store().removeQuery(id, admit)),
    ])
    expect(settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([])
  })
})
