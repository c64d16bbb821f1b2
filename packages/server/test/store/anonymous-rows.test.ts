/** Attack 57: what belongs to nobody yet is bounded by where it comes from, and in all, by two control planes together. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId, WorkspaceId } from '../../src/domain/ids.ts'
import { createOAuthRecordStore } from '../../src/store/oauth-records.ts'
import { createSignInBrake } from '../../src/store/sign-in-failures.ts'
import { openSystemDatabase, type SystemDatabase } from '../../src/store/system-database.ts'
import { hashSecret } from '../../src/tokens/secret.ts'
import { loadDirectory } from '../stage/large-directory.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let other: SystemDatabase
let workspaceId: WorkspaceId
let identityId: IdentityId
beforeAll(async () => {
  system = await startTestSystemDatabase()
  other = openSystemDatabase(system.address, () => undefined)
  const directory = await loadDirectory(system.database, 1_000)
  workspaceId = directory.workspaceId as WorkspaceId
  identityId = directory.member as IdentityId
})
afterAll(async () => {
  await other.destroy()
  await system.stop()
})
beforeEach(async () => {
  await system.database.deleteFrom('oauth_record').execute()
})

const NOW = new Date('2026-01-31T12:00:00Z')
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

/** @returns the seconds to wait, if it was not kept */
const begin = (
  key: string | undefined,
  changes: {
    readonly most?: number
    readonly mostOfAll?: number | undefined
    readonly id?: string
    readonly now?: Date
    readonly owner?: IdentityId
    readonly in?: SystemDatabase
  } = {},
) =>
  createOAuthRecordStore(changes.in ?? system.database).save({
    workspaceId,
    kind: 'Interaction',
    idHash: hashSecret(changes.id ?? randomUUID()),
    payload: {},
    identityId: changes.owner,
    grantId: undefined,
    uid: undefined,
    userCode: undefined,
    now: changes.now ?? NOW,
    expiresAt: new Date((changes.now ?? NOW).getTime() + 600_000),
    origin: key === undefined ? undefined : { key, most: changes.most ?? 3, mostOfAll: changes.mostOfAll },
  })
const kept = async () => (await system.database.selectFrom('oauth_record').selectAll().execute()).length

describe('what one origin begins', () => {
  it('is kept up to its bound, and refused until the first of it expires', async () => {
    expect(await begin('one')).toBeUndefined()
    for (let count = 0; count < 2; count += 1) expect(await begin('one', { now: later(100) })).toBeUndefined()
    expect(await begin('one', { now: later(200) })).toBe(400)
    expect(await begin('two', { now: later(200) })).toBeUndefined()
    expect(await begin('one', { now: later(601) })).toBeUndefined()
  })

  it('makes room when it becomes somebody’s, or is finished', async () => {
    for (const id of ['a', 'b', 'c']) await begin('one', { id })
    expect(await begin('one')).toBe(600)
    await begin('one', { id: 'a', owner: identityId })
    expect(await begin('one')).toBeUndefined()
    await createOAuthRecordStore(system.database).remove(workspaceId, 'Interaction', hashSecret('b'))
    expect(await begin('one')).toBeUndefined()
  })

  it('may go on when there is no room for more', async () => {
    for (const id of ['a', 'b', 'c']) await begin('one', { id })
    expect(await begin('one', { id: 'b' })).toBeUndefined()
    expect(await kept()).toBe(3)
  })

  it('is counted for two control planes together', async () => {
    for (const id of ['a', 'b', 'c']) await begin('one', { id })
    expect(await begin('one', { in: other })).toBe(600)
  })

  it('does not overrun its bound by many at once, but for what both write at the same moment', async () => {
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        begin('one', { most: 20, in: index % 2 === 0 ? other : system.database }),
      ),
    )
    expect(await kept()).toBeGreaterThanOrEqual(20)
    // Each has ten connections.
    expect(await kept()).toBeLessThanOrEqual(40)
  })
})

describe('what all begin together', () => {
  it('is kept up to its bound, which is none for those that are counted apart', async () => {
    for (let count = 0; count < 5; count += 1)
      expect(await begin(`origin ${String(count)}`, { mostOfAll: 5 })).toBeUndefined()
    expect(await begin('another', { mostOfAll: 5 })).toBe(600)
    expect(await begin('a browser that is known')).toBeUndefined()
    expect(await begin(undefined)).toBeUndefined()
  })
})

describe('what has expired', () => {
  it('is removed, so many at a time, and nothing else is', async () => {
    for (let count = 0; count < 5; count += 1) await begin(undefined)
    await begin(undefined, { now: later(300) })
    const store = createOAuthRecordStore(system.database)
    expect(await store.removeExpired(later(601), 3)).toBe(3)
    expect(await store.removeExpired(later(601), 3)).toBe(2)
    expect(await kept()).toBe(1)
  })
})

describe('a brake', () => {
  const brake = () => createSignInBrake(system.database)
  const limits = (name: string) => [
    { key: `pair ${name}`, failures: 5, windowSeconds: 900 },
    { key: 'address', failures: 10, windowSeconds: 900 },
  ]
  const rows = async () => (await system.database.selectFrom('sign_in_failure').selectAll().execute()).length

  it('keeps nothing of what a closed limit refuses, and forgets what counts no more', async () => {
    for (let count = 0; count < 50; count += 1) await brake().admitAttempt(limits(String(count)), NOW)
    expect(await rows()).toBe(11)
    expect(await brake().admitAttempt(limits('another'), later(901))).toBe(true)
    await brake().forgetOld(later(2 * 3600))
    expect(await rows()).toBe(0)
  })
})
