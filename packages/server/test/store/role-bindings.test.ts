/** Bindings that the system database keeps: each login gets its own, one binder wins, and a table is taken over once. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentityId, InstanceUid, RoleOid } from '../../src/domain/ids.ts'
import type { KeptBinding, RoleBindingStore } from '../../src/operations/ports/role-bindings.ts'
import { createRoleBindingStore, roleBindingsQuery } from '../../src/store/role-bindings.ts'
import { loadDirectory } from '../stage/large-directory.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let store: RoleBindingStore
let workspaceId: string
let creator: string
beforeAll(async () => {
  system = await startTestSystemDatabase()
  store = createRoleBindingStore(system.database)
  const directory = await loadDirectory(system.database, 1_000)
  workspaceId = directory.workspaceId
  creator = directory.member
})
afterAll(async () => system.stop())

async function newInstance(change: {
  readonly bindings: 'system_database' | 'table' | 'shared_catalog'
  readonly systemIdentifier?: string
}): Promise<InstanceUid> {
  const uid = randomUUID() as InstanceUid
  await system.database
    .insertInto('database_instance')
    .values({
      uid,
      workspace_id: workspaceId,
      name: `i${uid.slice(0, 8)}`,
      creator_id: creator,
      creator_name: 'somebody',
      created_at: new Date(),
      state: 'AVAILABLE',
      listener_host: '127.0.0.1',
      attached_cluster: '{}',
      attached_bindings: change.bindings,
      system_identifier: change.systemIdentifier ?? null,
    })
    .execute()
  return uid
}

const kept = (oid: number, name: string, id = '7', isMadeByLakegate = false): KeptBinding => ({
  role: { oid: String(oid) as RoleOid, name },
  binding: { id: id as IdentityId, type: 'USER' },
  isMadeByLakegate,
})

describe('the bindings of the logins of one moment', () => {
  it('are each those of the instance and of the name that were asked for', async () => {
    const [one, two] = [
      await newInstance({ bindings: 'system_database' }),
      await newInstance({ bindings: 'system_database' }),
    ]
    await store.insertBinding(one, kept(1, 'app', '11'))
    await store.insertBinding(two, kept(1, 'app', '12'))
    await store.insertBinding(two, kept(2, 'App', '13'))
    const found = await Promise.all([
      store.loadBinding(one, 'app'),
      store.loadBinding(two, 'App'),
      store.loadBinding(two, 'app'),
      store.loadBinding(one, 'App'),
      store.loadBinding(one, 'x'.repeat(10_000)),
    ])
    expect(found.map((binding) => binding?.binding.id)).toEqual(['11', '13', '12', undefined, undefined])
  })

  it('are found by index only, however many roles there are', async () => {
    const uid = await newInstance({ bindings: 'system_database' })
    await sql`
      INSERT INTO role_binding SELECT ${uid}::uuid, n, 'role ' || n, n, 'USER', true
        FROM generate_series(1, 50000) AS n`.execute(system.database)
    await sql`ANALYZE role_binding`.execute(system.database)
    const query = roleBindingsQuery({ uids: [uid], roleNames: ['role 4711'] }).compile(system.database)
    const { rows } = await system.database.executeQuery<{ 'QUERY PLAN': string }>({
      ...query,
      sql: `EXPLAIN ${query.sql}`,
    })
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toContain('Index Scan')
    expect(plan).not.toContain('Seq Scan')
  })
})

describe('whoever binds a role', () => {
  it('is one of those who try at once', async () => {
    const uid = await newInstance({ bindings: 'system_database' })
    const tried = await Promise.all(
      Array.from({ length: 8 }, (_, index) => store.insertBinding(uid, kept(5, 'app', String(index + 1)))),
    )
    expect(tried.filter((result) => result === 'inserted')).toHaveLength(1)
    const winner = tried.indexOf('inserted') + 1
    expect((await store.loadBinding(uid, 'app'))?.binding.id).toBe(String(winner))
  })

  it('replaces what was kept of another role under this name, and of this role under another', async () => {
    const uid = await newInstance({ bindings: 'system_database' })
    await store.insertBinding(uid, kept(5, 'app', '1'))
    await store.insertBinding(uid, kept(6, 'other', '2'))
    // 5 was renamed, and 6 took its name.
    expect(await store.insertBinding(uid, kept(6, 'app', '3'))).toBe('inserted')
    expect(await store.listBindings(uid, ['app', 'other'])).toEqual([kept(6, 'app', '3')])
  })

  it('replaces what was kept of a role that Lakegate has just made, and of no other', async () => {
    const uid = await newInstance({ bindings: 'system_database' })
    await store.insertBinding(uid, kept(5, 'app', '1'))
    expect(await store.insertBinding(uid, kept(5, 'app', '2'))).toBe('already_bound')
    expect(await store.insertBinding(uid, kept(5, 'app', '3', true))).toBe('inserted')
    expect(await store.listBoundTo(uid, ['1', '2', '3'] as IdentityId[])).toEqual([kept(5, 'app', '3', true)])
  })
})

describe('bindings from the table of an earlier version', () => {
  it('are taken over once, whatever is found there later', async () => {
    const uid = await newInstance({ bindings: 'table' })
    await store.takeOverBindings(uid, [kept(1, 'a'), kept(2, 'b')])
    await store.takeOverBindings(uid, [kept(3, 'forged')])
    expect(await store.listBindings(uid, ['a', 'b', 'forged'])).toEqual([kept(1, 'a'), kept(2, 'b')])
  })

  it.each(['system_database', 'shared_catalog'] as const)(
    'are not taken over for an instance whose bindings are in the %s',
    async (bindings) => {
      const uid = await newInstance({ bindings })
      await store.takeOverBindings(uid, [kept(3, 'forged')])
      expect(await store.listBindings(uid, ['forged'])).toEqual([])
    },
  )

  it('are all of them taken over, or none', async () => {
    const uid = await newInstance({ bindings: 'table' })
    await expect(store.takeOverBindings(uid, [kept(1, 'a'), kept(1, 'twice')])).rejects.toThrow(/duplicate/)
    await store.takeOverBindings(
      uid,
      Array.from({ length: 12_000 }, (_, n) => kept(n + 1, `r${String(n)}`)),
    )
    expect(await store.listBindings(uid, ['r0', 'r11999'])).toHaveLength(2)
  })

  it('are waited for as long as another instance on the same cluster has its own in the table', async () => {
    const systemIdentifier = '7000000000000000001'
    const [mine, other] = [
      await newInstance({ bindings: 'system_database', systemIdentifier }),
      await newInstance({ bindings: 'table', systemIdentifier }),
    ]
    expect(await store.isTableAwaited(mine, systemIdentifier)).toBe(true)
    expect(await store.isTableAwaited(other, systemIdentifier)).toBe(false)
    await store.takeOverBindings(other, [])
    expect(await store.isTableAwaited(mine, systemIdentifier)).toBe(false)
  })
})
