/** SQL that people keep: for themselves, or for their workspace; changed by nobody but its owner; never with a password. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type {
  AuditAnswer,
  LakegateHttp,
  SavedQueriesAnswer,
  SavedQueryAnswer,
  SavedQueryChangeRequest,
  SavedQueryRequest,
} from '@lakegate/client'
import { refusal } from '../stage/refusal.ts'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const { admin, ...shared } = sharedLakegate()
const lakegate = { admin, ...shared }
const QUERIES = '/api/2.0/lakegate/saved-queries'

let alice: TestServicePrincipal
let bob: TestServicePrincipal
beforeAll(async () => {
  alice = await createServicePrincipal(lakegate, 'Alice')
  bob = await createServicePrincipal(lakegate, 'Bob')
})

const save = (http: LakegateHttp, query: Partial<SavedQueryRequest> = {}) =>
  http.request<SavedQueryAnswer>('POST', QUERIES, { name: 'a query', sql: 'SELECT 1', ...query })
const read = (http: LakegateHttp, id: string) => http.request<SavedQueryAnswer>('GET', `${QUERIES}/${id}`)
const change = (http: LakegateHttp, id: string, body: SavedQueryChangeRequest) =>
  http.request<SavedQueryAnswer>('PATCH', `${QUERIES}/${id}`, body)
const remove = (http: LakegateHttp, id: string) => http.request('DELETE', `${QUERIES}/${id}`)

/** Page by page. */
async function list(http: LakegateHttp): Promise<readonly SavedQueryAnswer[]> {
  const found: SavedQueryAnswer[] = []
  for (let token = ''; ;) {
    const page = await http.request<SavedQueriesAnswer>('GET', `${QUERIES}?page_size=20${token}`)
    found.push(...page.queries)
    if (page.next_page_token === undefined) return found
    token = `&page_token=${page.next_page_token}`
  }
}

describe('a saved query', () => {
  it('is kept as it was written, and read, listed, changed and deleted by its owner', async () => {
    const sql = `SELECT '{ä, "quoted"}'::text, 1e400::numeric;\n\\d\n-- «end» ${randomUUID()}`
    const saved = await save(alice.http, {
      name: 'Sales — «März»',
      sql,
      database_instance_name: 'dev',
      database: 'Sales DB',
    })
    expect(saved).toMatchObject({
      name: 'Sales — «März»',
      sql,
      database_instance_name: 'dev',
      database: 'Sales DB',
      is_shared: false,
      is_own: true,
      may_delete: true,
      owner: { id: alice.id, name: alice.applicationId },
      version: 1,
    })
    await expect(read(alice.http, saved.id)).resolves.toEqual(saved)
    expect(await list(alice.http)).toContainEqual(saved)
    const changed = await change(alice.http, saved.id, { version: 1, name: 'renamed', database: null })
    expect(changed).toMatchObject({ name: 'renamed', sql, database_instance_name: 'dev', version: 2 })
    expect(changed.database).toBeUndefined()
    await remove(alice.http, saved.id)
    expect(await refusal(read(alice.http, saved.id))).toMatchObject({ status: 404 })
  })

  it('is nobody else’s until it is shared, and not even seen', async () => {
    const { id } = await save(alice.http)
    const unknown = await refusal(read(bob.http, randomUUID()))
    for (const http of [bob.http, admin]) {
      const acts = [
        () => read(http, id),
        () => change(http, id, { version: 1, name: 'x' }),
        () => remove(http, id),
      ]
      for (const act of acts)
        expect(await refusal(act())).toMatchObject({ status: 404, errorCode: unknown.errorCode })
      expect((await list(http)).map((query) => query.id)).not.toContain(id)
    }
    await expect(read(alice.http, id)).resolves.toMatchObject({ version: 1 })
  })

  it('that is shared is read by the workspace and changed by its owner only', async () => {
    const { id } = await save(alice.http, { name: `shared ${randomUUID()}`, is_shared: true })
    await expect(read(bob.http, id)).resolves.toMatchObject({
      is_own: false,
      may_delete: false,
      owner: { name: alice.applicationId },
    })
    expect((await list(bob.http)).map((query) => query.id)).toContain(id)
    for (const http of [bob.http, admin])
      expect(await refusal(change(http, id, { version: 1, sql: 'DROP TABLE x' }))).toMatchObject({
        status: 403,
      })
    expect(await refusal(remove(bob.http, id))).toMatchObject({ status: 403 })
    await change(alice.http, id, { version: 1, is_shared: false })
    expect(await refusal(read(bob.http, id))).toMatchObject({ status: 404 })
  })

  it('that is shared is deleted by administrators of the workspace, and that is on record', async () => {
    const name = `unwanted ${randomUUID()}`
    const { id } = await save(alice.http, { name, is_shared: true })
    await expect(read(admin, id)).resolves.toMatchObject({ is_own: false, may_delete: true })
    await remove(admin, id)
    expect(await refusal(read(alice.http, id))).toMatchObject({ status: 404 })
    const details = await waitFor('its records', async () => {
      const answer = await admin.request<AuditAnswer>(
        'GET',
        '/api/2.0/lakegate/audit?event=saved_query&page_size=1000',
      )
      const ofThis = answer.records.filter(({ detail = '' }) => detail.includes(id))
      return ofThis.length >= 2 ? ofThis : undefined
    })
    expect(details.map(({ detail, identity_name }) => [detail, identity_name])).toEqual([
      [`deleted: ${name} (${id}) of ${alice.applicationId}`, lakegate.ready.admin_user],
      [`shared: ${name} (${id}) of ${alice.applicationId}`, alice.applicationId],
    ])
  })

  it('is changed only by who has read it as it is', async () => {
    const { id } = await save(alice.http)
    await change(alice.http, id, { version: 1, sql: 'SELECT 2' })
    expect(await refusal(change(alice.http, id, { version: 1, sql: 'SELECT 3' }))).toMatchObject({
      status: 412,
      errorCode: 'ABORTED',
    })
    const unversioned = alice.http.request('PATCH', `${QUERIES}/${id}`, { sql: 'SELECT 3' })
    expect(await refusal(unversioned)).toMatchObject({ status: 400 })
    await expect(read(alice.http, id)).resolves.toMatchObject({ sql: 'SELECT 2', version: 2 })
  })

  it.each([
    ['CREATE ROLE', "CREATE ROLE x LOGIN PASSWORD 'pl@in-Secret-9'"],
    [
      'ALTER USER in the middle of a script',
      "SELECT 1; alter user x with password 'pl@in-Secret-9'; SELECT 2",
    ],
    ['a user mapping', "CREATE USER MAPPING FOR x SERVER s OPTIONS (user 'u', password 'pl@in-Secret-9')"],
    ['a subscription', "CREATE SUBSCRIPTION s CONNECTION 'host=h password=pl@in-Secret-9' PUBLICATION p"],
  ])('holds no password: not that of %s', async (_what, sql) => {
    const refused = await refusal(save(alice.http, { sql }))
    expect(refused).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE' })
    expect(refused.message).toContain('password')
    expect(refused.message).not.toContain('pl@in-Secret-9')
    const { id } = await save(alice.http)
    expect(await refusal(change(alice.http, id, { version: 1, sql }))).toMatchObject({ status: 400 })
    await expect(read(alice.http, id)).resolves.toMatchObject({ sql: 'SELECT 1', version: 1 })
  })

  it('is at most 256 KiB of SQL with a name of at most 255 characters', async () => {
    const largest = await save(alice.http, { name: 'n'.repeat(255), sql: 'x'.repeat(256 * 1024) })
    expect(largest.sql).toHaveLength(256 * 1024)
    await remove(alice.http, largest.id)
    const wrong: Partial<SavedQueryRequest>[] = [
      { sql: 'x'.repeat(256 * 1024 + 1) },
      { sql: 'ä'.repeat(128 * 1024 + 1) },
      { sql: ' \n ' },
      { name: 'n'.repeat(256) },
      { name: '' },
      { database_instance_name: 'no such; name' },
      { database: 'd'.repeat(64) },
    ]
    for (const query of wrong)
      expect(await refusal(save(alice.http, query)), JSON.stringify(query).slice(0, 80)).toMatchObject({
        status: 400,
        errorCode: 'INVALID_PARAMETER_VALUE',
      })
  })
})
