/** Identities of older versions: judged at a start, in batches, and left as they are (attack 58). */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIdentityStore } from '../../src/store/identity-records.ts'
import { createInstallationStore } from '../../src/store/installation.ts'
import { judgeNames, listMarkedIdentities } from '../../src/store/name-judgement.ts'
import type { AccountId, IdentityId } from '../../src/domain/ids.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let accountId: AccountId
beforeAll(async () => {
  system = await startTestSystemDatabase()
  const installation = await createInstallationStore(system.database).createInstallation({
    accountId: randomUUID() as AccountId,
    workspaceName: 'default',
    adminUserName: 'admin@example.com',
    createdAt: new Date(),
  })
  accountId = installation.accountId
})
afterAll(async () => system.stop())
beforeEach(async () => {
  await sql`DELETE FROM identity WHERE type = 'GROUP' AND system_group IS NULL`.execute(system.database)
})

/** As an older version wrote them. @returns their ids, in order */
async function insertOld(...names: readonly string[]): Promise<readonly IdentityId[]> {
  const rows = await system.database
    .insertInto('identity')
    .values(
      names.map((name) => ({
        account_id: accountId,
        type: 'GROUP' as const,
        name,
        display_name: name,
        external_id: null,
      })),
    )
    .returning('id')
    .execute()
  return rows.map(({ id }) => id as IdentityId)
}
const problems = async () =>
  (await listMarkedIdentities(system.database, 100)).identities.map(({ id, problem }) => [id, problem])
const unjudged = async () => {
  const { rows } = await sql<{ left: string }>`
    SELECT count(*) AS left FROM identity WHERE name_canonical IS NULL AND system_group IS NULL`.execute(
    system.database,
  )
  return Number(rows[0]?.left)
}

describe('at a start', () => {
  it('what nobody could object to is judged and not marked, however many there are', async () => {
    await insertOld(...Array.from({ length: 2500 }, (_, index) => `group ${String(index)}`))
    await judgeNames(system.database)
    expect(await unjudged()).toBe(0)
    expect(await problems()).toEqual([])
  })

  it('the older of two that look alike keeps its name to itself, and the other is marked', async () => {
    const [first, second, third] = await insertOld('Scope', 'scope', 'ѕсоре')
    await judgeNames(system.database)
    expect(await problems()).toEqual([
      [second, `cannot be told from the name of the identity ${String(first)}.`],
      [third, `cannot be told from the name of the identity ${String(first)}.`],
    ])
  })

  it('one that looks like an identity that was made since is marked, whichever is older', async () => {
    const [old] = await insertOld('Ѕсоре')
    const made = await createIdentityStore(system.database).createIdentity(
      {
        accountId,
        type: 'GROUP',
        name: 'Scope',
        displayName: 'Scope',
        active: true,
        externalId: undefined,
        givenName: undefined,
        familyName: undefined,
        homeWorkspaceId: undefined,
        isAccountAdmin: false,
      },
      { assignTo: undefined, members: [] },
    )
    if ('conflict' in made) throw new Error('it was not made')
    await judgeNames(system.database)
    expect(await problems()).toEqual([[old, `cannot be told from the name of the identity ${made.id}.`]])
  })

  it('one whose namesake has gone is marked no more', async () => {
    const [first, second] = await insertOld('scope', 'SCOPE')
    await judgeNames(system.database)
    await system.database.deleteFrom('identity').where('id', '=', String(first)).execute()
    await judgeNames(system.database)
    expect(await problems()).toEqual([])
    expect(await unjudged()).toBe(0)
    expect(second).toBeDefined()
  })

  it('one with a name too long to be compared is marked, and does not end the start', async () => {
    const [long] = await insertOld('\ufdfa'.repeat(256))
    await judgeNames(system.database)
    expect(await problems()).toEqual([[long, 'displayName: is longer than 256 characters.']])
  })

  it('several control planes at once come to the same result', async () => {
    await insertOld(...Array.from({ length: 1200 }, (_, index) => `g ${String(index)}`), 'G 7', 'a\u200b')
    await Promise.all([1, 2, 3].map(() => judgeNames(system.database)))
    expect((await problems()).length).toBe(2)
  })

  it('a system group is nobody’s name, and looks like none', async () => {
    const [looksSo] = await insertOld('Admins')
    await judgeNames(system.database)
    expect(await problems()).toEqual([[looksSo, expect.stringContaining('groups of the system') as string]])
  })
})
