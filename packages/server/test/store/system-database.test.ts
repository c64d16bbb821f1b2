/** The system database: its schema as the migrations leave it, and what holds when many ask at once. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountId, WorkspaceId } from '../../src/domain/ids.ts'
import { RefusedError } from '../../src/operations/refused-error.ts'
import { toHttpRefusal } from '../../src/policy/refusals.ts'
import { createIdentityStore } from '../../src/store/identity-records.ts'
import { createInstallationStore } from '../../src/store/installation.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createPersonalAccessTokenStore } from '../../src/store/personal-access-tokens.ts'
import { createSecretStore } from '../../src/store/secrets.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

const SCHEMA_FILE = fileURLToPath(new URL('../../sql/system/schema.txt', import.meta.url))

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(async () => system.stop())

/** Columns, constraints and indexes as PostgreSQL itself writes them, so that a review sees what a migration does. */
async function describeSchema(): Promise<string> {
  const { rows } = await sql<{ line: string }>`
    WITH relations AS (
      SELECT oid, relname FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'kysely%')
    SELECT line FROM (
      SELECT relname, 1 AS part, attnum::text AS position,
             format('%s.%s %s%s%s', relname, attname, format_type(atttypid, atttypmod),
                    CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
                    CASE WHEN atthasdef THEN ' DEFAULT ' || pg_get_expr(adbin, adrelid) ELSE '' END) AS line
        FROM relations JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      UNION ALL
      SELECT relname, 2, conname, format('%s: %s', relname, pg_get_constraintdef(pg_constraint.oid))
        FROM relations JOIN pg_constraint ON conrelid = relations.oid WHERE contype <> 'n'
      UNION ALL
      SELECT tablename, 3, indexname, indexdef FROM pg_indexes
       WHERE schemaname = 'public' AND tablename NOT LIKE 'kysely%') AS lines
    ORDER BY relname COLLATE "C", part, CASE part WHEN 1 THEN lpad(position, 5, '0') ELSE position END COLLATE "C"`.execute(
    system.database,
  )
  return `${rows.map(({ line }) => line).join('\n')}\n`
}

describe('the schema', () => {
  it('is what sql/system/schema.txt says', async () => {
    const schema = await describeSchema()
    if (process.env['UPDATE_DOCS'] === '1') await writeFile(SCHEMA_FILE, schema)
    expect(schema).toBe(await readFile(SCHEMA_FILE, 'utf8'))
  })

  it('is left as it is by a second migration', async () => {
    const before = await describeSchema()
    await migrate(system.database)
    expect(await describeSchema()).toBe(before)
  })
})

describe('when many ask at once', () => {
  const now = new Date()
  const install = () =>
    createInstallationStore(system.database).createInstallation({
      accountId: randomUUID() as AccountId,
      workspaceName: 'default',
      adminUserName: 'admin@example.com',
      createdAt: now,
    })

  it('the installation is made once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, install))
    expect(new Set(made.map(({ accountId }) => accountId)).size).toBe(1)
    expect(new Set(made.map(({ admin }) => admin.id)).size).toBe(1)
  })

  const createServicePrincipal = async (
    { accountId, workspace }: Awaited<ReturnType<typeof install>>,
    name: string,
  ) => {
    const created = await createIdentityStore(system.database).createIdentity(
      {
        accountId,
        type: 'SERVICE_PRINCIPAL',
        name,
        displayName: 'etl',
        active: true,
        externalId: undefined,
        givenName: undefined,
        familyName: undefined,
        homeWorkspaceId: workspace.id,
        isAccountAdmin: false,
      },
      { assignTo: workspace.id, members: [] },
    )
    if ('conflict' in created) throw new Error('the service principal was not made')
    return created
  }

  it('a service principal gets five secrets and no sixth (behaviour 67)', async () => {
    const principal = await createServicePrincipal(await install(), randomUUID())
    const secrets = createSecretStore(system.database)
    const inserted = await Promise.all(
      Array.from({ length: 12 }, () =>
        secrets.insertSecret({
          servicePrincipalId: principal.id,
          hash: randomBytes(32),
          createdAt: now,
          expiresAt: new Date(now.getTime() + 60_000),
          atMost: 5,
        }),
      ),
    )
    expect(inserted.filter((secret) => secret !== undefined)).toHaveLength(5)
    expect(await secrets.listSecrets(principal.id)).toHaveLength(5)
  })

  it('an id that was deleted is never given again (behaviour 41)', async () => {
    const installation = await install()
    const name = randomUUID()
    const first = await createServicePrincipal(installation, name)
    const scope = { accountId: installation.accountId, workspaceId: undefined }
    const removed = await createIdentityStore(system.database).removeIdentity(scope, first, () => ({
      from: 'account',
    }))
    expect(removed).toBe(true)
    const second = await createServicePrincipal(installation, name)
    expect(BigInt(second.id)).toBeGreaterThan(BigInt(first.id))
  })

  it('what would belong to an identity that was deleted meanwhile is refused, as a conflict', async () => {
    const installation = await install()
    const { id } = await createServicePrincipal(installation, randomUUID())
    const scope = { accountId: installation.accountId, workspaceId: undefined }
    await createIdentityStore(system.database).removeIdentity(
      scope,
      { id, type: 'SERVICE_PRINCIPAL' },
      () => ({
        from: 'account',
      }),
    )
    const expiresAt = new Date(now.getTime() + 60_000)
    const secret = createSecretStore(system.database).insertSecret({
      servicePrincipalId: id,
      hash: randomBytes(32),
      createdAt: now,
      expiresAt,
      atMost: 5,
    })
    const token = createPersonalAccessTokenStore(system.database).insertPersonalAccessToken({
      identityId: id,
      workspaceId: installation.workspace.id,
      hash: randomBytes(32),
      comment: '',
      scopes: ['all-apis'],
      createdAt: now,
      createdBy: id,
      expiresAt,
      atMost: 5,
    })
    const refusals = (await Promise.allSettled([secret, token])).map((result) =>
      result.status === 'rejected' && result.reason instanceof RefusedError
        ? toHttpRefusal(result.reason.refusal)?.errorCode
        : result,
    )
    expect(refusals).toEqual(['ABORTED', 'ABORTED'])
  })

  it('two groups cannot be nested in each other, whoever is first (attack 26)', async () => {
    const { accountId, workspace } = await install()
    const store = createIdentityStore(system.database)
    const scope = { accountId, workspaceId: undefined as WorkspaceId | undefined }
    const group = async (name: string) => {
      const made = await store.createIdentity(
        {
          accountId,
          type: 'GROUP',
          name,
          displayName: name,
          active: true,
          externalId: undefined,
          givenName: undefined,
          familyName: undefined,
          homeWorkspaceId: workspace.id,
          isAccountAdmin: false,
        },
        { assignTo: undefined, members: [] },
      )
      if ('conflict' in made) throw new Error('the group was not made')
      return made.id
    }
    const [left, right] = [await group('left'), await group('right')]
    const nest = (outer: typeof left, inner: typeof left) =>
      store.changeIdentity(scope, { type: 'GROUP', id: outer }, () => ({
        attributes: {},
        members: { replace: undefined, add: [inner], remove: [] },
      }))
    const results = await Promise.all([nest(left, right), nest(right, left)])
    expect(
      results.filter((result) => result !== undefined && 'id' in result && 'version' in result),
    ).toHaveLength(1)
    expect(results).toContainEqual({ conflict: 'circle', id: expect.any(String) as string })
  })
})
