/**
 * Attack 69: what the console asks is asked by persons without rights, with guessed names and ids, with SQL and invisible
 * characters in names, and in floods. Other workspaces are attack 35, which calls these routes as well.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  LakegateApiError,
  type InstanceRightsAnswer,
  type LakegateHttp,
  type LoginCheckAnswer,
  type SavedQueriesAnswer,
  type SavedQueryAnswer,
  type ScimGroup,
  type ScimServicePrincipal,
} from '@lakegate/client'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { refusal } from '../stage/refusal.ts'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`
const QUERIES = '/api/2.0/lakegate/saved-queries'

let instance: NativeInstance
let here: string
/** In the workspace, and nothing else. */
let stranger: TestServicePrincipal
/** May manage the instance, and is no administrator. */
let manager: TestServicePrincipal
/** In the account, and not in the workspace. */
let outsider: ScimServicePrincipal

beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
  await instance.switchNativeLogin(false)
  await instance.asOwner((owner) => owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth'))
  here = `/api/2.0/lakegate/instances/${instance.name}`
  stranger = await createServicePrincipal(lakegate, 'stranger')
  manager = await createServicePrincipal(lakegate, 'manager')
  await admin.request('PATCH', `/api/2.0/permissions/database-instances/${instance.name}`, {
    access_control_list: [{ service_principal_name: manager.applicationId, permission_level: 'CAN_MANAGE' }],
  })
  outsider = await admin.request<ScimServicePrincipal>('POST', `${ACCOUNT}/scim/v2/ServicePrincipals`, {
    displayName: `outsider ${randomUUID()}`,
  })
})
afterAll(async () => {
  await instance.remove()
})

const check = (http: LakegateHttp, body: object) =>
  http.request<LoginCheckAnswer>('POST', `${here}/login-check`, body)

/** What was asked for is echoed; all else must be alike. */
const withoutName = (answer: LoginCheckAnswer, name: string): unknown =>
  JSON.parse(JSON.stringify(answer).replaceAll(JSON.stringify(name).slice(1, -1), '<name>'))

/** Names that somebody might try. */
const STRANGE = [
  `'; DROP TABLE identity; --`,
  `" OR 1=1 --`,
  '%',
  '_',
  `\u202Etxt.exe`,
  `admin\u200B@lakegate.local`,
  '\uFEFF',
  '\uD800',
  '🐘'.repeat(60),
  'x'.repeat(255),
  '{role} {who} {{name}}',
  '$&$1',
  '__proto__',
  '0',
  '-1',
  '9223372036854775808',
  '1e3',
]

describe('a login check', () => {
  it('tells a manager the same of an identity outside the workspace and of none', async () => {
    const role = ready.admin_user
    const answers = []
    // By id, by application id; the same of ids and names that nobody has.
    for (const identity of [outsider.id, outsider.applicationId, '9223372036854775806', randomUUID()]) {
      const answer = await check(manager.http, { identity, role })
      expect(answer.identity).toEqual({ name: identity })
      expect(answer.refusal?.name).toBe('identity_not_in_workspace')
      answers.push(withoutName(answer, identity))
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(JSON.stringify(answers)).not.toContain(outsider.displayName)
    // Of whom nobody may see, it is not told whether it is active.
    expect(JSON.stringify(answers)).toContain('"identity_is_active","outcome":"not_reached"')
  })

  it('refuses somebody without rights the same whoever is named, and tells nothing', async () => {
    const texts = new Set<string>()
    for (const identity of [outsider.id, manager.id, ready.admin_user, randomUUID(), '1', ...STRANGE]) {
      const { status, message } = await refusal(check(stranger.http, { identity, role: 'x' }))
      expect(status).toBe(403)
      texts.add(message)
    }
    expect(texts.size).toBe(1)
  })

  it('tells no group of another workspace by name, though a role is bound to it', async () => {
    const group = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
      displayName: `Confidential ${randomUUID().slice(0, 8)}`,
    })
    const role = `bound ${randomUUID().slice(0, 8)}`
    await instance.asOwner(async (owner) => {
      await owner.query('SELECT databricks_create_role($1, $2)', [group.displayName, 'GROUP'])
      await owner.query(`ALTER ROLE "${group.displayName}" RENAME TO "${role}"`)
    })
    await admin.request(
      'DELETE',
      `${ACCOUNT}/workspaces/${ready.workspace_id}/permissionassignments/principals/${group.id}`,
    )
    const answer = await check(manager.http, { role })
    expect(answer.refusal?.name).toBe('group_not_in_workspace')
    expect(JSON.stringify(answer)).not.toContain(group.displayName)
  })

  it('takes every name for a name, as identity, role and database', async () => {
    for (const name of STRANGE) {
      const identity = await check(manager.http, { identity: name, role: 'x' })
      expect(identity.refusal?.name, name).toBe('identity_not_in_workspace')
      const role = await check(manager.http, { role: name, database: name })
      expect(role.refusal?.name, name).toBe('role_does_not_exist')
      expect(role.steps.filter(({ outcome }) => outcome === 'no')).toHaveLength(1)
      expect(JSON.stringify(role.steps)).not.toContain('undefined')
    }
  })

  it.each([
    ['a zero character', { role: 'a\u0000b' }],
    ['a zero character in the identity', { identity: 'a\u0000b', role: 'x' }],
    ['a name of 257 characters', { role: 'x'.repeat(257) }],
    ['no role', {}],
    ['an empty role', { role: '' }],
    ['a role that is an object', { role: { toString: 'x' } }],
    ['a field that there is not', { role: 'x', token: 'y' }],
  ])('refuses %s', async (_what, body) => {
    expect(await refusal(check(manager.http, body))).toMatchObject({ status: 400 })
  })

  it('opens nothing: it is no login, and no token comes of it', async () => {
    const answer = await check(manager.http, { identity: ready.admin_user, role: ready.admin_user })
    expect(answer.outcome).toBe('admitted')
    expect(JSON.stringify(answer)).not.toMatch(/eyJ|scram|not issued/i)
    const { sessions } = await admin.request<{ sessions: unknown[] }>('GET', `${here}/sessions`)
    expect(sessions).toEqual([])
  })
})

describe('somebody without any right on an instance', () => {
  it('learns of it no more than every member of the workspace does', async () => {
    const rights = await stranger.http.request<InstanceRightsAnswer>('GET', `${here}/rights`)
    const seen = await stranger.http.request('GET', `/api/2.0/database/instances/${instance.name}`)
    expect(rights).toMatchObject({ level: 'NONE', is_owner: false })
    expect(rights.actions).toEqual(['see', 'check_own_login'])
    expect(JSON.stringify(seen)).toContain(rights.owner)
    await expect(stranger.http.request('GET', `${here}/sign-in-roles`)).resolves.toEqual({ roles: [] })
    expect(await refusal(stranger.http.request('GET', `${here}/databases`))).toMatchObject({ status: 403 })
  })

  it('guesses no instance: a wrong name is a wrong name on each of the routes', async () => {
    for (const name of [randomUUID(), `dev'--`, 'x'.repeat(300), '%2e%2e', '\u202Edev']) {
      const at = `/api/2.0/lakegate/instances/${encodeURIComponent(name)}`
      for (const path of ['rights', 'sign-in-roles', 'databases'])
        expect((await refusal(stranger.http.request('GET', `${at}/${path}`))).status).toBeOneOf([400, 404])
      const checked = stranger.http.request('POST', `${at}/login-check`, { role: 'x' })
      expect((await refusal(checked)).status).toBeOneOf([400, 404])
    }
  })
})

describe('nobody', () => {
  it.each([
    ['GET', '/api/2.0/lakegate/rights'],
    ['GET', '/api/2.0/lakegate/refusals'],
    ['GET', QUERIES],
    ['POST', QUERIES],
    ['GET', '/api/2.0/lakegate/instances/dev/rights'],
    ['GET', '/api/2.0/lakegate/instances/dev/sign-in-roles'],
    ['GET', '/api/2.0/lakegate/instances/dev/databases'],
    ['POST', '/api/2.0/lakegate/instances/dev/login-check'],
  ] as const)('is answered %s %s without a bearer', async (method, path) => {
    const anonymous = createLakegateHttp(ready.http_url, () => '')
    const asked = anonymous.request(method, path, method === 'POST' ? {} : undefined)
    expect(await refusal(asked)).toMatchObject({ status: 401 })
  })
})

describe('saved queries', () => {
  const save = (http: LakegateHttp, query: object) => http.request<SavedQueryAnswer>('POST', QUERIES, query)

  it.each([
    ['a right-to-left override', 'sales\u202Ecod.sql'],
    ['a zero-width blank', 'sales\u200B'],
    ['a line end', 'sales\nforged line'],
    ['two alphabets in one word', 'sаles'],
    ['nothing that is seen', '\u2800'],
    ['a zero character', 'a\u0000b'],
  ])('have no name with %s, which others would choose by', async (_what, name) => {
    expect(await refusal(save(stranger.http, { name, sql: 'SELECT 1', is_shared: true }))).toMatchObject({
      status: 400,
    })
  })

  it('are not found by ids that are none, nor by page tokens that were made up', async () => {
    for (const id of [`x' OR '1'='1`, randomUUID().toUpperCase(), 'x'.repeat(300)])
      expect(
        (await refusal(stranger.http.request('GET', `${QUERIES}/${encodeURIComponent(id)}`))).status,
      ).toBeOneOf([400, 404])
    const tokens = ['x', randomUUID(), `${randomUUID()}/a\u0000`, `'/'`, `${'0'.repeat(36)}/x`]
    for (const token of tokens) {
      const encoded = Buffer.from(token).toString('base64url')
      expect(await refusal(stranger.http.request('GET', `${QUERIES}?page_token=${encoded}`))).toMatchObject({
        status: 400,
      })
    }
  })

  it('take nobody else’s place: owner, id and version are not for the caller to say', async () => {
    for (const field of ['id', 'owner', 'owner_id', 'workspace_id', 'version', 'is_own'])
      expect(
        await refusal(save(stranger.http, { name: 'x', sql: 'SELECT 1', [field]: manager.id })),
      ).toMatchObject({ status: 400 })
  })

  it('are no more than 16 MiB of one person, however many come at once', async () => {
    const flooder = await createServicePrincipal(lakegate, 'flooder')
    const token = await flooder.workspaceToken()
    const http = createLakegateHttp(ready.http_url, () => token)
    const sql = 'x'.repeat(256 * 1024)
    const saved = await Promise.allSettled(
      Array.from({ length: 70 }, (_, index) => save(http, { name: `flood ${String(index)}`, sql })),
    )
    const refused = saved.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    expect(saved.length - refused.length).toBe(64)
    expect(
      refused.every((error) => error instanceof LakegateApiError && error.errorCode === 'QUOTA_EXCEEDED'),
    ).toBe(true)
    // And no page is larger than what a server can hold for many.
    const page = await http.request<SavedQueriesAnswer>('GET', QUERIES)
    expect(JSON.stringify(page).length).toBeLessThan(2 * 1024 * 1024)
    expect(page.next_page_token).toBeDefined()
  })

  it('are no more than 500 of one person in one workspace', async () => {
    const collector = await createServicePrincipal(lakegate, 'collector')
    const token = await collector.workspaceToken()
    const http = createLakegateHttp(ready.http_url, () => token)
    const saved: PromiseSettledResult<unknown>[] = []
    for (let round = 0; round < 13; round += 1)
      saved.push(
        ...(await Promise.allSettled(
          Array.from({ length: 40 }, (_, index) =>
            save(http, { name: `${String(round)} ${String(index)}`, sql: 'SELECT 1' }),
          ),
        )),
      )
    expect(saved.filter(({ status }) => status === 'fulfilled')).toHaveLength(500)
  })
})
