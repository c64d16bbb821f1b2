/**
 * RFC 7644 §3.5.2: whatever step of a change of the directory fails, nothing of it stays. Each change is made to fail at
 * every table that it writes, before and after the row, as a full disk or a killed connection would.
 */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentityRecord } from '../../src/domain/directory.ts'
import type { IdentityType } from '../../src/domain/identity.ts'
import type { AccountId, IdentityId, WorkspaceId } from '../../src/domain/ids.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import { setPasswordByLink } from '../../src/operations/sign-in/sign-in-links.ts'
import { RefusedError } from '../../src/operations/refused-error.ts'
import { refuse } from '../../src/policy/refusals.ts'
import { createIdentityStore } from '../../src/store/identity-records.ts'
import { createInstallationStore } from '../../src/store/installation.ts'
import { createOAuthRecordStore } from '../../src/store/oauth-records.ts'
import { createPasswordStore } from '../../src/store/passwords.ts'
import { hashSecret } from '../../src/tokens/secret.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let accountId: AccountId
let workspaceId: WorkspaceId
let adminId: IdentityId
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
  adminId = installation.admin.id
  await sql`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'made to fail at %', TG_TABLE_NAME; END $$`.execute(system.database)
})
afterAll(async () => system.stop())

const store = () => createIdentityStore(system.database)
const scope = () => ({ accountId, workspaceId })
const newIdentity = (type: IdentityType, name: string) => ({
  accountId,
  type,
  name,
  displayName: name,
  active: true,
  externalId: undefined,
  givenName: undefined,
  familyName: undefined,
  homeWorkspaceId: workspaceId,
  isAccountAdmin: false,
})
async function make(type: IdentityType, members: readonly IdentityId[] = []): Promise<IdentityRecord> {
  const name = type === 'USER' ? `${randomUUID()}@example.com` : randomUUID()
  const made = await store().createIdentity(newIdentity(type, name), { assignTo: workspaceId, members })
  if ('conflict' in made) throw new Error(`it was not made: ${made.conflict}`)
  return made
}

const TABLES = [
  'identity',
  'group_member',
  'workspace_assignment',
  'user_password',
  'sign_in_link',
  'oauth_record',
]

async function dump(): Promise<readonly unknown[]> {
  return Promise.all(
    TABLES.map(async (table) => {
      const { rows } = await sql`SELECT t.* FROM ${sql.table(table)} AS t ORDER BY t::text`.execute(
        system.database,
      )
      return [table, rows]
    }),
  )
}

/** Makes every row of a table that is written fail, by one kind of statement. */
async function whileFailing<Result>(
  table: string,
  timing: 'BEFORE' | 'AFTER',
  event: 'INSERT' | 'UPDATE' | 'DELETE',
  work: () => Promise<Result>,
): Promise<Result> {
  // The last of its timing to run.
  await sql`CREATE TRIGGER zz_fail ${sql.raw(timing)} ${sql.raw(event)} ON ${sql.table(table)}
    FOR EACH ROW EXECUTE FUNCTION fail()`.execute(system.database)
  try {
    return await work()
  } finally {
    await sql`DROP TRIGGER zz_fail ON ${sql.table(table)}`.execute(system.database)
  }
}

/** Each makes what it needs, and says what is to be done. */
const CHANGES: readonly (readonly [string, () => Promise<() => Promise<unknown>>])[] = [
  [
    'a group is made, assigned and filled',
    async () => {
      const member = await make('USER')
      const identity = newIdentity('GROUP', randomUUID())
      return () => store().createIdentity(identity, { assignTo: workspaceId, members: [member.id] })
    },
  ],
  [
    'a user of the account is taken into the workspace',
    async () => {
      const identity = { ...newIdentity('USER', `${randomUUID()}@example.com`), homeWorkspaceId: undefined }
      await store().createIdentity(identity, { assignTo: undefined, members: [] })
      return () => store().createIdentity(identity, { assignTo: workspaceId, members: [] })
    },
  ],
  [
    'a group is renamed, loses a member and gets another one',
    async () => {
      const [before, after] = [await make('USER'), await make('USER')]
      const group = await make('GROUP', [before.id])
      const name = randomUUID()
      return () =>
        store().changeIdentity(scope(), group, () => ({
          attributes: { name, displayName: name },
          members: { replace: [after.id], add: [], remove: [] },
        }))
    },
  ],
  [
    'an administrator comes and another one goes',
    async () => {
      const [comes, goes] = [await make('USER'), await make('USER')]
      const { id } = await system.database
        .selectFrom('identity')
        .select('id')
        .where('system_group', '=', 'admins')
        .executeTakeFirstOrThrow()
      const admins = { type: 'GROUP', id: id as IdentityId } as const
      const change = (add: IdentityId, remove: readonly IdentityId[]) =>
        store().changeIdentity(scope(), admins, () => ({
          attributes: {},
          members: undefined,
          administrators: { workspaceId, change: { add: [add], remove } },
        }))
      await change(goes.id, [])
      return () => change(comes.id, [goes.id])
    },
  ],
  [
    'a member of groups is deleted',
    async () => {
      const user = await make('USER')
      await make('GROUP', [user.id])
      return () => store().removeIdentity(scope(), user, () => ({ from: 'account' }))
    },
  ],
  [
    'a member is taken out of the workspace',
    async () => {
      const user = await make('USER')
      return () => store().removeIdentity(scope(), user, () => ({ from: 'workspace', workspaceId }))
    },
  ],
  [
    'a password is set by a link, which ends all sessions',
    async () => {
      const { token } = await withSessionAndLink()
      return () => setPassword(token)
    },
  ],
  [
    'a password is changed, which ends all other sessions',
    async () => {
      const { userId } = await withSessionAndLink()
      return () =>
        createPasswordStore(system.database).changePassword(userId, '$argon2id$new', new Date(), 'this one')
    },
  ],
]

async function withSessionAndLink() {
  const { id: userId } = await make('USER')
  const token = randomUUID()
  const now = new Date()
  const later = new Date(now.getTime() + 60_000)
  await createPasswordStore(system.database).insertLink({
    userId,
    hash: hashSecret(token),
    createdAt: now,
    expiresAt: later,
  })
  await createOAuthRecordStore(system.database).save({
    workspaceId,
    kind: 'Session',
    idHash: hashSecret(randomUUID()),
    payload: {},
    origin: undefined,
    identityId: userId,
    grantId: undefined,
    uid: randomUUID(),
    userCode: undefined,
    now,
    expiresAt: later,
  })
  return { userId, token }
}

const setPassword = (token: string) =>
  setPasswordByLink(
    {
      passwords: createPasswordStore(system.database),
      hasher: {
        hash: () => Promise.resolve('$argon2id$new'),
        verify: () => Promise.resolve(false),
        isOutdated: () => false,
      },
      audit: { record: () => undefined },
      clock: () => new Date(),
    },
    token,
    new Redacted(`correct horse ${randomUUID()}`),
  )

describe.each(CHANGES)('when %s', (_what, prepare) => {
  it('and any of its steps fails, nothing of it stays', async () => {
    const failedAt: string[] = []
    for (const table of TABLES) {
      for (const event of ['INSERT', 'UPDATE', 'DELETE'] as const) {
        for (const timing of ['BEFORE', 'AFTER'] as const) {
          const act = await prepare()
          const before = await dump()
          const failure = await whileFailing(table, timing, event, () =>
            act().then(
              () => undefined,
              (error: unknown) => error,
            ),
          )
          // It does not write there.
          if (failure === undefined) continue
          expect(failure).toMatchObject({ message: `made to fail at ${table}` })
          expect(await dump()).toEqual(before)
          failedAt.push(`${timing} ${event} ${table}`)
        }
      }
    }
    expect(failedAt.length).toBeGreaterThan(1)
  })
})

describe('a decision', () => {
  it('that refuses changes nothing, whatever its words', async () => {
    const group = await make('GROUP')
    const before = await dump()
    // Words that a lost connection has, too.
    const refusal = new RefusedError(
      refuse('identity_already_exists', { type: 'GROUP', name: 'connection pool timeout' }),
    )
    const refused = store().changeIdentity(scope(), group, () => {
      throw refusal
    })
    await expect(refused).rejects.toBe(refusal)
    expect(await dump()).toEqual(before)
  })

  it('is made on what the change before it left, not on what was there when it was asked for', async () => {
    const group = await make('GROUP')
    const seen: (string | undefined)[] = []
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store().changeIdentity(scope(), group, (current) => {
          seen.push(current.externalId)
          return { attributes: { externalId: String(index) }, members: undefined }
        }),
      ),
    )
    expect(new Set(seen).size).toBe(8)
  })

  it('about members that overlap waits for no other one for ever', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, () => make('USER')))
    const groups = await Promise.all(
      Array.from({ length: 6 }, () =>
        make(
          'GROUP',
          users.map(({ id }) => id),
        ),
      ),
    )
    const results = await Promise.allSettled([
      ...users.map((user) => store().removeIdentity(scope(), user, () => ({ from: 'account' }))),
      ...groups.map((group) =>
        store().changeIdentity(scope(), group, () => ({
          attributes: { externalId: 'x' },
          members: { replace: undefined, add: [adminId], remove: users.map(({ id }) => id) },
        })),
      ),
      ...groups.map((group) => store().removeIdentity(scope(), group, () => ({ from: 'account' }))),
    ])
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
  })
})
