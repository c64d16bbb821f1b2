/** wire-contract §4.4, behaviour 65: the directory through SCIM, as SDKs, terraform and identity providers use it. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ScimGroup, ScimListResponse, ScimPatch, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createServicePrincipal } from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const WORKSPACE = '/api/2.0/preview/scim/v2'
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}/scim/v2`
const CORE = 'urn:ietf:params:scim:schemas:core:2.0'

const someone = () => `${randomUUID()}@example.com`
const createUser = (body: object = {}, base = WORKSPACE) =>
  admin.request<ScimUser>('POST', `${base}/Users`, { userName: someone(), ...body })
const createGroup = (body: object = {}, base = WORKSPACE) =>
  admin.request<ScimGroup>('POST', `${base}/Groups`, { displayName: `group ${randomUUID()}`, ...body })
const patch = (path: string, ...Operations: ScimPatch['Operations']) =>
  admin.request('PATCH', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })
const find = <Resource>(path: string, query: Record<string, string>) =>
  admin.request<ScimListResponse<Resource>>('GET', `${path}?${new URLSearchParams(query).toString()}`)
const raw = (method: string, path: string, headers: Record<string, string> = {}, body?: object) =>
  fetch(`${ready.http_url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${ready.admin_token}`,
      'content-type': 'application/scim+json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

describe('a user', () => {
  it('is made with what was written and shown with what the server knows', async () => {
    const userName = someone()
    const user = await createUser({
      userName,
      displayName: 'Ada',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      externalId: 'idp-7',
    })
    expect(user).toMatchObject({
      schemas: [`${CORE}:User`],
      id: expect.stringMatching(/^\d+$/) as string,
      userName,
      displayName: 'Ada',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      externalId: 'idp-7',
      active: true,
      emails: [{ value: userName, type: 'work', primary: true }],
      meta: { resourceType: 'User' },
      account_id: ready.account_id,
    })
    expect(await admin.request('GET', `${WORKSPACE}/Users/${user.id}`)).toMatchObject({ id: user.id })
  })

  it('is one whatever the letter case of its name (RFC 7643 §4.1.1)', async () => {
    const { userName } = await createUser()
    const error = await refusal(createUser({ userName: userName.toUpperCase() }))
    expect(error.status).toBe(409)
    expect(error.errorCode).toBe('RESOURCE_ALREADY_EXISTS')
    const found = await find<ScimUser>(`${WORKSPACE}/Users`, {
      filter: `userName eq "${userName.toUpperCase()}"`,
    })
    expect(found.Resources.map((user) => user.userName)).toEqual([userName])
  })

  it('is in the group users of its workspace, and not in admins', async () => {
    const { id } = await createUser()
    const user = await admin.request<ScimUser>('GET', `${WORKSPACE}/Users/${id}`)
    expect(user.groups.map(({ display }) => display)).toEqual(['users'])
  })

  it.each([
    ['no user name', { userName: undefined }, 'userName'],
    ['a user name that is no e-mail address', { userName: 'ada' }, 'userName'],
    ['a field that nobody knows', { nickname_: 'x' }, 'nickname_'],
    ['a user name that is null', { userName: null }, 'userName'],
    ['a role without a value', { roles: [{ display: 'god' }] }, 'roles'],
    ['an entitlement of unseen characters', { entitlements: [{ value: 'a\u200bb' }] }, 'entitlements'],
    ['the wrong type', { active: 'yes' }, 'active'],
    ['one attribute in two letter cases', { active: true, ACTIVE: false }, 'ACTIVE'],
  ])('with %s is refused, and the field is named (attack 35)', async (_what, body, field) => {
    const error = await refusal(createUser(body))
    expect(error.status).toBe(400)
    expect(error.message).toContain(field)
  })

  it('takes what identity providers send beyond it: extensions, and attributes that are kept nowhere', async () => {
    const user = await createUser({
      schemas: [`${CORE}:User`, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'R&D' },
      title: 'Countess',
      preferredLanguage: 'en',
    })
    expect(user).not.toHaveProperty('title')
  })

  it.each([
    ['is', 'Users', () => ({ userName: someone() })],
    ['of a service principal is', 'ServicePrincipals', () => ({ displayName: 'program' })],
    ['of a group is', 'Groups', () => ({ displayName: `group ${randomUUID()}` })],
  ])(
    'whose password %s taken and ignored, by POST, PUT and PATCH, at every path',
    async (_what, type, body) => {
      for (const base of [WORKSPACE, '/scim/v2', '/api/2.0/account/scim/v2', ACCOUNT]) {
        for (const password of ['Placeholder-1', null]) {
          const written = { ...body(), password }
          const made = await admin.request<{ id: string }>('POST', `${base}/${type}`, written)
          const path = `${base}/${type}/${made.id}`
          const replaced = await admin.request('PUT', path, written)
          await patch(path, { op: 'replace', path: 'password', value: password })
          await patch(path, { op: 'add', value: { password } })
          for (const shown of [made, replaced, await admin.request('GET', path)])
            expect(shown).not.toHaveProperty('password')
          expect(JSON.stringify([made, replaced])).not.toContain('Placeholder')
        }
      }
    },
  )

  it('is made the same by null as by nothing (RFC 7643 §2.5)', async () => {
    const nothing = {
      ...{ displayName: null, active: null, externalId: null, name: null, emails: null, roles: null },
      ...{ entitlements: null, groups: null, title: null, schemas: null, id: null, password: null },
    }
    const userName = someone()
    const user = await createUser({ ...nothing, userName })
    expect(user).toMatchObject({ userName, displayName: userName, active: true, name: {}, roles: [] })
    expect(user).not.toHaveProperty('externalId')
    const path = `${WORKSPACE}/Users/${user.id}`
    await admin.request('PUT', path, { ...nothing, userName, name: { givenName: null } })
    expect(await admin.request('GET', path)).toMatchObject({ displayName: userName, active: true })
    const principal = await admin.request<ScimServicePrincipal>('POST', `${WORKSPACE}/ServicePrincipals`, {
      ...nothing,
      applicationId: null,
    })
    expect(principal.displayName).toBe(principal.applicationId)
    const group = await createGroup({ ...nothing, displayName: `group ${randomUUID()}`, members: null })
    expect(group.members).toEqual([])
  })

  it('loses by PATCH what is replaced by null, and nothing by adding null', async () => {
    const { id, userName } = await createUser({
      ...{ externalId: 'before', displayName: 'Grace', name: { givenName: 'Grace', familyName: 'Hopper' } },
      entitlements: [{ value: 'workspace-access' }],
    })
    const path = `${WORKSPACE}/Users/${id}`
    await patch(path, {
      op: 'add',
      value: {
        externalId: null,
        displayName: null,
        active: null,
        name: null,
        entitlements: null,
        userName: null,
      },
    })
    expect(await admin.request('GET', path)).toMatchObject({
      ...{ externalId: 'before', displayName: 'Grace', active: true, userName },
      entitlements: [{ value: 'workspace-access' }],
    })
    await patch(
      path,
      { op: 'replace', path: 'externalId', value: null },
      { op: 'replace', value: { displayName: null, 'name.givenName': null, entitlements: null } },
    )
    const user = await admin.request<ScimUser>('GET', path)
    expect(user).toMatchObject({ displayName: userName, name: { familyName: 'Hopper' }, entitlements: [] })
    expect(user).not.toHaveProperty('externalId')
    const locked = await refusal(patch(path, { op: 'replace', path: 'userName', value: null }))
    expect(locked.status).toBe(400)
  })

  it('takes booleans as the texts that some identity providers send, in POST and PUT too', async () => {
    const user = await createUser({ active: 'False' })
    expect(user.active).toBe(false)
    const path = `${WORKSPACE}/Users/${user.id}`
    const written = { userName: user.userName, active: 'True' }
    expect(await admin.request('PUT', path, written)).toMatchObject({ active: true })
    expect(await admin.request('PUT', path, { ...written, active: 'false' })).toMatchObject({ active: false })
  })

  it('has attributes in any letter case (RFC 7643 §2.1)', async () => {
    const userName = someone()
    expect(
      await createUser({
        userName: undefined,
        USERNAME: userName,
        Active: false,
        Name: { GivenName: 'Ada' },
      }),
    ).toMatchObject({ userName, active: false, name: { givenName: 'Ada' } })
  })

  it('keeps entitlements and roles that it is given, and shows them', async () => {
    const user = await createUser({
      entitlements: [{ value: 'workspace-access' }, { value: 'databricks-sql-access', display: 'SQL' }],
      roles: [{ value: 'User', primary: true }],
    })
    const path = `${WORKSPACE}/Users/${user.id}`
    expect(await admin.request('GET', path)).toMatchObject({
      entitlements: [{ value: 'workspace-access' }, { value: 'databricks-sql-access', display: 'SQL' }],
      roles: [{ value: 'User', primary: true }],
    })
    // Whoever replaces a user and says nothing of them takes none.
    await admin.request('PUT', path, { userName: user.userName })
    await patch(
      path,
      { op: 'add', path: 'entitlements', value: [{ value: 'allow-cluster-create' }] },
      { op: 'remove', path: 'entitlements[value eq "workspace-access" or display eq "sql"]' },
      { op: 'replace', path: 'roles[primary eq "True"].value', value: 'Manager' },
    )
    expect(await admin.request('GET', path)).toMatchObject({
      entitlements: [{ value: 'allow-cluster-create' }],
      roles: [{ value: 'Manager', primary: true }],
    })
    const found = await find<ScimUser>(`${WORKSPACE}/Users`, {
      filter: `id eq "${user.id}" and entitlements[value eq "allow-cluster-create"] and not (roles.value eq "User")`,
    })
    expect(found.totalResults).toBe(1)
    await admin.request('PUT', path, { userName: user.userName, entitlements: [], roles: [] })
    expect(await admin.request('GET', path)).toMatchObject({ entitlements: [], roles: [] })
  })

  it('is changed by PATCH in every form that identity providers use', async () => {
    const { id } = await createUser({ externalId: 'before' })
    const path = `${WORKSPACE}/Users/${id}`
    await patch(
      path,
      { op: 'Replace' as 'replace', path: 'active', value: 'False' },
      { op: 'add', path: 'name.givenName', value: 'Grace' },
      { op: 'replace', value: { displayName: 'Grace', 'name.familyName': 'Hopper' } },
      { op: 'remove', path: 'externalId' },
    )
    const user = await admin.request<ScimUser>('GET', path)
    expect(user).toMatchObject({
      active: false,
      displayName: 'Grace',
      name: { givenName: 'Grace', familyName: 'Hopper' },
    })
    expect(user).not.toHaveProperty('externalId')
  })

  it('is replaced whole by PUT', async () => {
    const { id, userName } = await createUser({ externalId: 'before', name: { givenName: 'Grace' } })
    await admin.request('PUT', `${WORKSPACE}/Users/${id}`, { id, userName, displayName: 'Only this' })
    const user = await admin.request<ScimUser>('GET', `${WORKSPACE}/Users/${id}`)
    expect(user).toMatchObject({ displayName: 'Only this', active: true, name: {} })
    expect(user).not.toHaveProperty('externalId')
  })

  it('is shown as far as it is asked for', async () => {
    const { id } = await createUser()
    const some = await admin.request<object>(
      'GET',
      `${WORKSPACE}/Users/${id}?attributes=userName,name.givenName`,
    )
    expect(Object.keys(some).sort()).toEqual(['id', 'name', 'schemas', 'userName'])
    const less = await admin.request<object>(
      'GET',
      `${WORKSPACE}/Users/${id}?excludedAttributes=groups,roles`,
    )
    expect(less).not.toHaveProperty('groups')
    expect(less).toHaveProperty('userName')
  })

  it('has an ETag that lets two writers notice each other', async () => {
    const { id } = await createUser()
    const path = `${WORKSPACE}/Users/${id}`
    const etag = (await raw('GET', path)).headers.get('etag') ?? ''
    expect(etag).toMatch(/^W\/"\d+"$/)
    expect((await raw('GET', path, { 'if-none-match': etag })).status).toBe(304)
    const change = { Operations: [{ op: 'replace', path: 'displayName', value: 'x' }] }
    expect((await raw('PATCH', path, { 'if-match': etag }, change)).status).toBe(204)
    expect((await raw('PATCH', path, { 'if-match': etag }, change)).status).toBe(412)
    expect((await raw('DELETE', path, { 'if-match': etag })).status).toBe(412)
  })

  it('cannot lock itself out', async () => {
    const me = await admin.request<{ id: string }>('GET', `${WORKSPACE}/Me`)
    const path = `${ACCOUNT}/Users/${me.id}`
    for (const act of [
      () => patch(path, { op: 'replace', path: 'active', value: false }),
      () => patch(path, { op: 'remove', path: 'roles' }),
      () => admin.request('DELETE', path),
    ]) {
      expect((await refusal(act())).status).toBe(403)
    }
  })
})

describe('a service principal', () => {
  it('has an application id for ever', async () => {
    const created = await admin.request<ScimServicePrincipal>('POST', `${WORKSPACE}/ServicePrincipals`, {
      displayName: 'etl',
    })
    expect(created.applicationId).toMatch(/^[0-9a-f-]{36}$/)
    const path = `${WORKSPACE}/ServicePrincipals/${created.id}`
    await admin.request('PUT', path, { displayName: 'renamed', applicationId: randomUUID() })
    expect(await admin.request('GET', path)).toMatchObject({
      applicationId: created.applicationId,
      displayName: 'renamed',
    })
  })

  it('that is replaced without a display name is shown by its application id', async () => {
    const path = `${WORKSPACE}/ServicePrincipals`
    const { id, applicationId } = await admin.request<ScimServicePrincipal>('POST', path, {
      displayName: 'etl',
    })
    expect(await admin.request('PUT', `${path}/${id}`, { active: true })).toMatchObject({
      applicationId,
      displayName: applicationId,
    })
  })
})

describe('a list', () => {
  it('goes on until a page is empty, as SDKs read it', async () => {
    const marker = randomUUID()
    for (let index = 0; index < 5; index += 1) await createUser({ externalId: marker })
    const seen: string[] = []
    for (let startIndex = 1; ;) {
      const page = await find<ScimUser>(`${WORKSPACE}/Users`, {
        filter: `externalId eq "${marker}"`,
        startIndex: String(startIndex),
        count: '2',
      })
      expect(page).toMatchObject({ totalResults: 5, startIndex })
      if (page.Resources.length === 0) break
      seen.push(...page.Resources.map(({ id }) => id))
      startIndex += page.Resources.length
    }
    expect(new Set(seen).size).toBe(5)
  })

  it('is filtered and sorted as asked', async () => {
    const marker = randomUUID()
    for (const displayName of ['beta', 'Alpha', 'gamma'])
      await createUser({ externalId: marker, displayName })
    const list = async (query: Record<string, string>) =>
      (await find<ScimUser>(`${WORKSPACE}/Users`, query)).Resources.map(({ displayName }) => displayName)
    const mine = `externalId eq "${marker}"`
    expect(await list({ filter: mine, sortBy: 'displayName' })).toEqual(['Alpha', 'beta', 'gamma'])
    expect(await list({ filter: mine, sortBy: 'displayName', sortOrder: 'descending' })).toEqual([
      'gamma',
      'beta',
      'Alpha',
    ])
    expect(await list({ filter: `${mine} and displayName sw "AL"` })).toEqual(['Alpha'])
    expect(await list({ filter: `${mine} and not (displayName co "a%")` })).toHaveLength(3)
    expect(await list({ filter: `${mine} and displayName ew "ma"` })).toEqual(['gamma'])
  })

  it.each([`userName eq "x' OR 1=1 --"`, `userName eq "x\\" or \\"1\\"=\\"1"`, `displayName co "%"`])(
    'takes %s for a text and nothing else (attack 35)',
    async (filter) => {
      const marker = randomUUID()
      await createUser({ externalId: marker })
      const found = await find(`${WORKSPACE}/Users`, { filter: `externalId eq "${marker}" and ${filter}` })
      expect(found.totalResults).toBe(0)
    },
  )
})

describe('the account path', () => {
  it('keeps identities that no workspace has, and a workspace takes them in by their name', async () => {
    const { id, userName } = await createUser({}, ACCOUNT)
    expect((await refusal(admin.request('GET', `${WORKSPACE}/Users/${id}`))).status).toBe(404)
    expect((await createUser({ userName })).id).toBe(id)
    expect(await admin.request('GET', `${WORKSPACE}/Users/${id}`)).toMatchObject({ userName })
  })

  it('is for administrators of the account', async () => {
    const principal = await createServicePrincipal(lakegate, 'curious')
    expect((await refusal(principal.http.request('GET', `${ACCOUNT}/Users`))).status).toBe(403)
  })

  it('makes and unmakes administrators of the account', async () => {
    const principal = await createServicePrincipal(lakegate, 'second')
    const path = `${ACCOUNT}/ServicePrincipals/${principal.id}`
    const role = [{ value: 'account_admin' }]
    await patch(path, { op: 'add', path: 'roles', value: role })
    await expect(principal.http.request('GET', `${ACCOUNT}/Users?count=1`)).resolves.toBeDefined()
    await patch(path, { op: 'remove', path: 'roles[value eq "account_admin"]' })
    expect((await refusal(principal.http.request('GET', `${ACCOUNT}/Users`))).status).toBe(403)
  })

  it.each(['account_admin', 'Account_Admin', 'ACCOUNT_ADMIN'])(
    'knows the role %s in every form of a change (attack 35)',
    async (value) => {
      const principal = await createServicePrincipal(lakegate, 'climber by forms')
      const { Resources } = await find<ScimGroup>(`${WORKSPACE}/Groups`, {
        filter: 'displayName eq "admins"',
      })
      await patch(`${WORKSPACE}/Groups/${Resources[0]?.id ?? ''}`, {
        op: 'add',
        path: 'members',
        value: [{ value: principal.id }],
      })
      const { id, userName } = await principal.http.request<ScimUser>('POST', `${WORKSPACE}/Users`, {
        userName: someone(),
        roles: [{ value: 'User', primary: true }],
      })
      const path = `${WORKSPACE}/Users/${id}`
      const operations = [
        { op: 'add', path: 'roles', value: [{ value }] },
        { op: 'add', path: 'roles', value },
        { op: 'replace', path: 'roles', value: { value } },
        { op: 'replace', path: 'roles[primary eq "True"].value', value },
        { op: 'replace', path: 'roles[primary eq true]', value: { value } },
        { op: 'add', path: `roles[value eq "${value}"]` },
        { op: 'add', path: `roles[value eq "${value}" and primary eq true].display`, value: 'x' },
        { op: 'replace', value: { 'roles[primary eq true].value': value } },
        { op: 'replace', value: { ROLES: [{ value }] } },
      ]
      for (const operation of operations) {
        const act = principal.http.request('PATCH', path, { Operations: [operation] })
        expect((await refusal(act)).status).toBe(403)
      }
      const put = principal.http.request('PUT', path, { userName, Roles: [{ value }] })
      expect((await refusal(put)).status).toBe(403)
      expect((await admin.request<ScimUser>('GET', path)).roles).toEqual([{ value: 'User', primary: true }])
    },
  )

  it('is not a way up for an administrator of a workspace (attack 35)', async () => {
    const principal = await createServicePrincipal(lakegate, 'climber')
    const { Resources } = await find<ScimGroup>(`${WORKSPACE}/Groups`, { filter: 'displayName eq "admins"' })
    await patch(`${WORKSPACE}/Groups/${Resources[0]?.id ?? ''}`, {
      op: 'add',
      path: 'members',
      value: [{ value: principal.id }],
    })
    const { id } = await createUser()
    const climb = (path: string) =>
      principal.http.request('PATCH', path, {
        Operations: [{ op: 'add', path: 'roles', value: [{ value: 'account_admin' }] }],
      })
    expect((await refusal(climb(`${WORKSPACE}/Users/${id}`))).status).toBe(403)
    expect((await refusal(climb(`${WORKSPACE}/ServicePrincipals/${principal.id}`))).status).toBe(403)
    const made = principal.http.request('POST', `${WORKSPACE}/Users`, {
      userName: someone(),
      roles: [{ value: 'account_admin' }],
    })
    expect((await refusal(made)).status).toBe(403)
    // Nor by acting as somebody who is up there already.
    const me = await admin.request<{ id: string }>('GET', `${WORKSPACE}/Me`)
    const administrator = await createServicePrincipal(lakegate, 'up there')
    await patch(`${ACCOUNT}/ServicePrincipals/${administrator.id}`, {
      op: 'add',
      path: 'roles',
      value: [{ value: 'account_admin' }],
    })
    for (const act of [
      () =>
        principal.http.request(
          'POST',
          `/api/2.0/accounts/servicePrincipals/${administrator.id}/credentials/secrets`,
          {},
        ),
      () =>
        principal.http.request('POST', '/api/2.0/token-management/on-behalf-of/tokens', {
          application_id: administrator.applicationId,
        }),
      () => principal.http.request('POST', `/api/2.0/lakegate/users/${me.id}/sign-in-link`, {}),
    ])
      expect((await refusal(act())).status).toBe(403)
  })
})

describe('what identity providers ask first', () => {
  it('is answered: configuration, schemas and resource types', async () => {
    expect(await admin.request('GET', `${WORKSPACE}/ServiceProviderConfig`)).toMatchObject({
      patch: { supported: true },
      etag: { supported: true },
    })
    const schemas = await admin.request<ScimListResponse<{ id: string }>>('GET', `${ACCOUNT}/Schemas`)
    expect(schemas.Resources.map(({ id }) => id)).toEqual([
      `${CORE}:User`,
      `${CORE}:ServicePrincipal`,
      `${CORE}:Group`,
    ])
    expect(await admin.request('GET', `${WORKSPACE}/Schemas/${CORE}:User`)).toMatchObject({ name: 'User' })
    const types = await admin.request<ScimListResponse<{ id: string }>>('GET', `${WORKSPACE}/ResourceTypes`)
    expect(types.totalResults).toBe(3)
  })

  it('is an error of SCIM and of Databricks in one when there is no such resource', async () => {
    const response = await raw('GET', `${WORKSPACE}/Users/1`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      error_code: 'RESOURCE_DOES_NOT_EXIST',
    })
  })
})
