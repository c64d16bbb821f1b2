/** behaviours 13, 23, 24, 25, 26, 27, 28, 29: what a password can be and what it opens. */
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
let principal: TestServicePrincipal
let credential: string

beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'login')
  await createRoleFor(lakegate, principal)
  credential = await mintCredential(principal.http, lakegate.ready.instance.name)
})

const sessionUser = async (password: string) =>
  inSession(lakegate, { user: principal.applicationId, password }, async (client) => {
    const result = await client.query<{ session: string; current: string; superuser: string }>(
      `SELECT session_user AS session, current_user AS current, current_setting('is_superuser') AS superuser`,
    )
    return result.rows[0]
  })

describe('a login', () => {
  it('with a database credential opens a session that really is the role (behaviour 13)', async () => {
    await expect(sessionUser(credential)).resolves.toEqual({
      session: principal.applicationId,
      current: principal.applicationId,
      superuser: 'off',
    })
  })

  it('with a workspace token does the same (behaviour 24)', async () => {
    await expect(sessionUser(await principal.workspaceToken())).resolves.toMatchObject({
      session: principal.applicationId,
    })
  })

  it("with a personal access token is refused in the vendor's words (behaviour 25)", async () => {
    const error = await refusedLogin(lakegate, {
      user: principal.applicationId,
      password: lakegate.ready.admin_token,
    })
    expect(error.code).toBe('28P01')
    expect(error.message).toBe(
      `Failed to decode token for role "${principal.applicationId}" and native postgres login was either not attempted due to configuration or failed.`,
    )
    expect(error.detail).toContain('personal access token')
  })

  it.each([
    ['garbage', () => 'garbage'],
    ['three dots of garbage', () => 'a.b.c'],
    [
      'a token whose signature was changed',
      () => `${credential.slice(0, -6)}${credential.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`,
    ],
    ['a token whose claims were changed', () => changeClaims(credential)],
    [
      'alg none',
      () =>
        `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${credential.split('.')[1] ?? ''}.`,
    ],
  ])('with %s is refused as not decodable (behaviour 26)', async (_case, password) => {
    const error = await refusedLogin(lakegate, { user: principal.applicationId, password: password() })
    expect(error.code).toBe('28P01')
    expect(error.message).toContain(`Failed to decode token for role "${principal.applicationId}"`)
  })

  it('as the role of another identity is refused (behaviour 23)', async () => {
    const error = await refusedLogin(lakegate, { user: lakegate.ready.admin_user, password: credential })
    expect(error.code).toBe('28000')
    expect(error.detail).toContain('bound to another identity')
  })

  it('as a role that does not exist is told so only with a genuine token (behaviour 28)', async () => {
    const genuine = await refusedLogin(lakegate, { user: 'nobody-here', password: credential })
    expect(genuine).toMatchObject({ code: '28000', message: 'role "nobody-here" does not exist' })
    const garbage = await refusedLogin(lakegate, { user: 'nobody-here', password: 'garbage' })
    expect(garbage.code).toBe('28P01')
    expect(garbage.message).not.toContain('exist')
  })

  it("as a role without a label is refused in the vendor's words (behaviour 27)", async () => {
    await asOwner(lakegate, async (client) => client.query('CREATE ROLE "unlabelled" LOGIN'))
    const error = await refusedLogin(lakegate, { user: 'unlabelled', password: credential })
    expect(error).toMatchObject({
      code: '28000',
      message:
        'An oauth token was supplied but no role security label was configured in postgres for role "unlabelled"',
    })
  })

  it('as a role with a native password is refused while native login is off (behaviour 50)', async () => {
    await asOwner(lakegate, async (client) =>
      client.query(`CREATE ROLE "native-role" LOGIN PASSWORD 'correct horse battery staple'`),
    )
    const error = await refusedLogin(lakegate, {
      user: 'native-role',
      password: 'correct horse battery staple',
    })
    expect(error.code).toBe('28P01')
    expect(error.message).toContain(
      'native postgres login was either not attempted due to configuration or failed',
    )
  })

  it('as a role that may not log in is refused (behaviour 29)', async () => {
    const sleeper = await createServicePrincipal(lakegate, 'nologin')
    await createRoleFor(lakegate, sleeper)
    await asOwner(lakegate, async (client) => client.query(`ALTER ROLE "${sleeper.applicationId}" NOLOGIN`))
    const error = await refusedLogin(lakegate, {
      user: sleeper.applicationId,
      password: await sleeper.workspaceToken(),
    })
    expect(error).toMatchObject({
      code: '28000',
      message: `role "${sleeper.applicationId}" is not permitted to log in`,
    })
  })

  it('as a role past its VALID UNTIL is refused, and let in again when that is lifted (attack 28)', async () => {
    const late = await createServicePrincipal(lakegate, 'late')
    await createRoleFor(lakegate, late)
    const until = (moment: string) =>
      asOwner(lakegate, (client) =>
        client.query(`ALTER ROLE "${late.applicationId}" VALID UNTIL '${moment}'`),
      )
    const login = { user: late.applicationId, password: await late.workspaceToken() }
    await until('2020-01-01')
    expect(await refusedLogin(lakegate, login)).toMatchObject({
      code: '28000',
      detail: 'The role is past its VALID UNTIL.',
    })
    await until('infinity')
    await expect(inSession(lakegate, login, (client) => client.query('SELECT 1'))).resolves.toBeDefined()
  })

  it('cannot become more than its role by any SET (attack 29)', async () => {
    const statements = [
      `SET SESSION AUTHORIZATION "${lakegate.ready.admin_user}"`,
      `SET ROLE "${lakegate.ready.admin_user}"`,
      'SET ROLE cloud_admin',
      'SET SESSION AUTHORIZATION cloud_admin',
      'SET ROLE databricks_superuser',
    ]
    await inSession(lakegate, { user: principal.applicationId, password: credential }, async (client) => {
      for (const statement of statements)
        await expect(client.query(statement), statement).rejects.toMatchObject({ code: '42501' })
      await client.query('RESET ROLE')
      await client.query('RESET SESSION AUTHORIZATION')
      const { rows } = await client.query('SELECT session_user AS session, current_user AS current')
      expect(rows).toEqual([{ session: principal.applicationId, current: principal.applicationId }])
    })
  })

  it.each([
    'cloud_admin',
    'databricks_superuser',
    'databricks_control_plane',
    'databricks_monitor',
    'databricks_gateway',
  ])('as the system role %s is refused (behaviours 55, 56)', async (role) => {
    const owner = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    const error = await refusedLogin(lakegate, { user: role, password: owner })
    expect(error.code).toBe('28000')
  })
})

function changeClaims(token: string): string {
  const [header, payload, signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8')) as Record<
    string,
    unknown
  >
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: '1' })).toString('base64url')
  return `${header ?? ''}.${changed}.${signature ?? ''}`
}
