/** What requests ask of the system database in one query for all of a moment: answers are never mixed up, nor old. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentityId, InstanceUid, WorkspaceId } from '../../src/domain/ids.ts'
import { createDirectory } from '../../src/store/directory.ts'
import { createInstanceStore } from '../../src/store/instances.ts'
import { createPersonalAccessTokenStore } from '../../src/store/personal-access-tokens.ts'
import { loadDirectory } from '../stage/large-directory.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let workspaceId: WorkspaceId
let users: readonly { readonly id: IdentityId; readonly name: string }[]
beforeAll(async () => {
  system = await startTestSystemDatabase()
  workspaceId = (await loadDirectory(system.database, 1_000)).workspaceId as WorkspaceId
  const { rows } = await sql<{ id: IdentityId; name: string }>`
    SELECT id, name FROM identity WHERE type = 'USER' ORDER BY id LIMIT 250`.execute(system.database)
  users = rows
})
afterAll(async () => system.stop())

const TOO_LARGE = '9223372036854775808' as IdentityId

describe('the callers of one moment', () => {
  it('each get their own name, groups and permission, more of them than one batch holds', async () => {
    const directory = createDirectory(system.database)
    const known = await Promise.all(users.map(({ id }) => directory.loadCaller(id, workspaceId)))
    expect(known.map((caller) => caller?.principal.name)).toEqual(users.map(({ name }) => name))
    const alone = await directory.loadAssignment(users[7]?.id ?? TOO_LARGE, workspaceId)
    expect(known[7]?.permission).toBe('USER')
    expect(known[7]?.groupIds.toSorted()).toEqual(alone.groupIds.toSorted())
  })

  it('do not suffer from one that nobody knows, nor from one that is no id at all', async () => {
    const directory = createDirectory(system.database)
    const [user] = users
    const ids = [user?.id ?? TOO_LARGE, '1' as IdentityId, TOO_LARGE]
    const settled = await Promise.allSettled(ids.map((id) => directory.loadCaller(id, workspaceId)))
    expect(settled).toMatchObject([
      { status: 'fulfilled', value: { principal: { name: user?.name } } },
      { status: 'fulfilled', value: undefined },
      { status: 'rejected' },
    ])
  })

  it('are seen as they are now: whoever was deactivated a moment ago is', async () => {
    const directory = createDirectory(system.database)
    const ids = users.slice(10, 20).map(({ id }) => id)
    const ask = async () =>
      (await Promise.all(ids.map((id) => directory.loadCaller(id, workspaceId)))).map(
        (caller) => caller?.principal.active,
      )
    expect(await ask()).toEqual(ids.map(() => true))
    await system.database
      .updateTable('identity')
      .set({ active: false })
      .where('id', '=', ids[4] ?? '')
      .execute()
    expect(await ask()).toEqual(ids.map((_id, index) => index !== 4))
  })

  it('are told apart by workspace', async () => {
    const directory = createDirectory(system.database)
    const id = users[0]?.id ?? TOO_LARGE
    const [here, elsewhere] = await Promise.all([
      directory.loadCaller(id, workspaceId),
      directory.loadCaller(id, '1' as WorkspaceId),
    ])
    expect(here?.permission).toBe('USER')
    expect(elsewhere).toMatchObject({ principal: { id }, permission: undefined })
  })
})

it('personal access tokens of one moment are each of their own owner, and an expired one is of nobody', async () => {
  const tokens = createPersonalAccessTokenStore(system.database)
  const now = new Date('2026-01-01T00:00:00Z')
  const owners = users.slice(0, 30)
  const hashOf = (id: string) => Buffer.from(id.padStart(32, '0'), 'utf8')
  for (const [index, { id }] of owners.entries()) {
    await tokens.insertPersonalAccessToken({
      identityId: id,
      workspaceId,
      hash: hashOf(id),
      comment: '',
      scopes: ['all-apis'],
      createdAt: new Date(now.getTime() - 1000),
      createdBy: id,
      expiresAt: index === 3 ? now : undefined,
      atMost: 5,
    })
  }
  const found = await Promise.all(
    [...owners.map(({ id }) => hashOf(id)), hashOf('unknown')].map((hash) =>
      tokens.findPersonalAccessToken(hash, now),
    ),
  )
  expect(found.map((token) => token?.ownerName)).toEqual([
    ...owners.map(({ name }, index) => (index === 3 ? undefined : name)),
    undefined,
  ])
})

it('instances and permissions of one moment are each those that were asked for', async () => {
  const store = createInstanceStore(system.database)
  const names = ['one', 'two', 'three']
  const [creator, friend] = users
  if (creator === undefined || friend === undefined) throw new Error('there are no users')
  const uids: InstanceUid[] = []
  for (const name of names) {
    const uid = crypto.randomUUID() as InstanceUid
    uids.push(uid)
    await store.insert(
      {
        uid,
        workspaceId,
        name,
        settings: {
          capacity: undefined,
          stopped: undefined,
          nodeCount: undefined,
          enableReadableSecondaries: undefined,
          enablePgNativeLogin: undefined,
          retentionWindowInDays: undefined,
          usagePolicyId: undefined,
          customTags: undefined,
          sessionPolicy: undefined,
          enableLogicalReplication: undefined,
        },
        state: 'STARTING',
        creatorId: creator.id,
        creatorName: creator.name,
        createdAt: new Date(),
        listener: { host: '127.0.0.1', port: undefined },
      },
      { atMost: 10 },
    )
  }
  const found = await Promise.all([...names, 'four'].map((name) => store.findByName(workspaceId, name)))
  expect(found.map((instance) => instance?.uid)).toEqual([...uids, undefined])

  const [one, two, three] = uids
  if (one === undefined || two === undefined || three === undefined) throw new Error('an instance is missing')
  await store.replacePermissions(one, [{ identityId: friend.id, level: 'CAN_USE' }], { keepOthers: true })
  await store.replacePermissions(
    two,
    [
      { identityId: friend.id, level: 'CAN_USE' },
      { identityId: creator.id, level: 'CAN_MANAGE' },
    ],
    { keepOthers: true },
  )
  await expect(
    Promise.all([
      store.loadPermission(one, [friend.id]),
      store.loadPermission(two, [friend.id]),
      store.loadPermission(two, [friend.id, creator.id]),
      store.loadPermission(three, [friend.id, creator.id]),
      store.loadPermission(one, []),
    ]),
  ).resolves.toEqual(['CAN_USE', 'CAN_USE', 'CAN_MANAGE', undefined, undefined])
})
