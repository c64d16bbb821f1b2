/** Attack 35: fields that a caller may not write, through every door that takes a field by its name. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type {
  LakegateHttp,
  ScimGroup,
  ScimListResponse,
  ScimServicePrincipal,
  ScimUser,
} from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'

const lakegate = sharedLakegate()
const { admin } = lakegate
const SCIM = '/api/2.0/preview/scim/v2'

const patch = (http: LakegateHttp, path: string, ...Operations: object[]) =>
  http.request('PATCH', path, { Operations })
const createUser = () =>
  admin.request<ScimUser>('POST', `${SCIM}/Users`, { userName: `${randomUUID()}@example.com` })
const createGroup = (http = admin) =>
  http.request<ScimGroup>('POST', `${SCIM}/Groups`, { displayName: `group ${randomUUID()}` })
const systemGroup = async (name: string) => {
  const filter = encodeURIComponent(`displayName eq "${name}"`)
  const { Resources } = await admin.request<ScimListResponse<ScimGroup>>(
    'GET',
    `${SCIM}/Groups?filter=${filter}`,
  )
  return Resources
}

let manager: TestServicePrincipal
beforeAll(async () => {
  manager = await createServicePrincipal(lakegate, 'administrator of the workspace')
  const [admins] = await systemGroup('admins')
  await patch(admin, `${SCIM}/Groups/${admins?.id ?? ''}`, {
    op: 'add',
    path: 'members',
    value: [{ value: manager.id }],
  })
})

describe('an administrator of a workspace, by PATCH', () => {
  it.each([
    ['id', '1'],
    ['meta.version', '1'],
    ['account_id', randomUUID()],
    ['isAccountAdmin', true],
    ['is_account_admin', true],
    ['homeWorkspaceId', '1'],
    ['systemGroup', 'admins'],
    ['version', '1'],
    ['type', 'GROUP'],
    ['applicationId', randomUUID()],
    ['groups', [{ value: '1' }]],
    ['members', [{ value: '1' }]],
    ['password', 'a password of my choice'],
    ['roles', [{ value: 'account_admin' }]],
    ['roles[value eq "account_admin"]', undefined],
    ['ROLES', [{ value: 'account_admin' }]],
    ['urn:ietf:params:scim:schemas:core:2.0:User:roles', [{ value: 'account_admin' }]],
    ['__proto__', { isAccountAdmin: true }],
    ['constructor', { prototype: {} }],
  ])('writes no %s of a user, with a path or without', async (path, value) => {
    const user = await createUser()
    const before = await admin.request('GET', `${SCIM}/Users/${user.id}`)
    for (const operation of [
      { op: 'add', path, value },
      { op: 'replace', path, value },
      {
        op: 'add',
        value: JSON.parse(`{${JSON.stringify(path)}: ${JSON.stringify(value ?? null)}}`) as object,
      },
    ]) {
      // Some are refused, some are kept nowhere; none may change anything.
      await patch(manager.http, `${SCIM}/Users/${user.id}`, operation).catch((error: unknown) => {
        expect(error).toMatchObject({ status: expect.toBeOneOf([400, 403]) as number })
      })
    }
    const after = await admin.request<ScimUser>('GET', `${SCIM}/Users/${user.id}`)
    expect({ ...after, meta: undefined }).toEqual({ ...(before as ScimUser), meta: undefined })
  })

  it('does not deactivate a group, which has no such attribute', async () => {
    const group = await createGroup(manager.http)
    const error = await refusal(
      patch(manager.http, `${SCIM}/Groups/${group.id}`, { op: 'replace', path: 'active', value: false }),
    )
    expect(error.status).toBe(400)
  })

  it.each(['admins', 'users'])('does not call a group %s, which is a group of the system', async (name) => {
    const before = await systemGroup(name)
    const group = await createGroup(manager.http)
    const path = `${SCIM}/Groups/${group.id}`
    for (const act of [
      () => patch(manager.http, path, { op: 'replace', path: 'displayName', value: name }),
      () => patch(manager.http, path, { op: 'replace', value: { displayName: name } }),
      () => manager.http.request('PUT', path, { displayName: name }),
      () => manager.http.request('POST', `${SCIM}/Groups`, { displayName: name }),
    ])
      expect((await refusal(act())).status).toBe(400)
    // Removing the name is no way around it either.
    await patch(manager.http, path, { op: 'remove', path: 'displayName' }).catch(() => undefined)
    expect(await systemGroup(name)).toHaveLength(before.length)
  })

  it('fills the system group users with nobody', async () => {
    const [users] = await systemGroup('users')
    const stranger = await createUser()
    for (const operation of [
      { op: 'add', path: 'members', value: [{ value: stranger.id }] },
      { op: 'replace', path: 'displayName', value: 'everybody' },
    ])
      expect(
        (await refusal(patch(manager.http, `${SCIM}/Groups/${users?.id ?? ''}`, operation))).status,
      ).toBe(403)
  })
})

describe('an administrator of a workspace, by POST and PUT', () => {
  it('chooses no id, and gives no role of the account', async () => {
    const user = await createUser()
    const made = await manager.http.request<ScimUser>('POST', `${SCIM}/Users`, {
      userName: `${randomUUID()}@example.com`,
      id: user.id,
      meta: { version: 'W/"7"' },
      account_id: randomUUID(),
    })
    expect(made.id).not.toBe(user.id)
    expect(made.account_id).toBe(lakegate.ready.account_id)
    for (const type of ['Users', 'ServicePrincipals', 'Groups']) {
      const name = `${randomUUID()}@example.com`
      const body = { userName: name, displayName: name, roles: [{ value: 'account_admin' }] }
      const known = type === 'Users' ? body : { displayName: name, roles: body.roles }
      expect((await refusal(manager.http.request('POST', `${SCIM}/${type}`, known))).status).toBeOneOf([
        400, 403,
      ])
    }
  })

  it('changes no id and no application id of what is there', async () => {
    const created = await manager.http.request<ScimServicePrincipal>('POST', `${SCIM}/ServicePrincipals`, {
      displayName: 'a program',
    })
    const path = `${SCIM}/ServicePrincipals/${created.id}`
    await manager.http.request('PUT', path, {
      id: manager.id,
      applicationId: manager.applicationId,
      displayName: 'a program',
    })
    expect(await admin.request('GET', path)).toMatchObject({
      id: created.id,
      applicationId: created.applicationId,
    })
    const climb = manager.http.request('PUT', path, {
      displayName: 'a program',
      roles: [{ value: 'account_admin' }],
    })
    expect((await refusal(climb)).status).toBe(403)
  })
})

describe('a filter', () => {
  it.each([
    `isAccountAdmin eq true`,
    `is_account_admin eq true`,
    `password_hash pr`,
    `identity.id eq "1"`,
    `id) OR (1=1`,
    `"1" eq "1"`,
    `userName eq "x" ; DROP TABLE identity`,
    `userName eq 'x'`,
    `userName like "x"`,
    `__proto__ eq "x"`,
    `constructor pr`,
    `urn:x:y:homeWorkspaceId eq "1"`,
    `${'('.repeat(50)}userName pr${')'.repeat(50)}`,
    `${'not ('.repeat(50)}userName pr${')'.repeat(50)}`,
    `userName eq "${'x'.repeat(5000)}"`,
  ])('cannot ask %s', async (filter) => {
    const error = await refusal(
      manager.http.request('GET', `${SCIM}/Users?filter=${encodeURIComponent(filter)}`),
    )
    expect(error).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE' })
  })

  it.each([`sortBy=is_account_admin`, `sortBy=id%3B%20DROP`, `sortOrder=asc`, `count=x`, `startIndex=x`])(
    'goes with no %s',
    async (query) => {
      expect((await refusal(manager.http.request('GET', `${SCIM}/Users?${query}`))).status).toBe(400)
    },
  )
})
