/** behaviour 65: two identity providers provision by SCIM, each with the requests that its connector really sends. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ScimGroup, ScimListResponse, ScimUser } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const { ready } = sharedLakegate()
const BASE = `${ready.http_url}/api/2.0/preview/scim/v2`
const CORE = 'urn:ietf:params:scim:schemas:core:2.0'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

interface Answer<Resource> {
  readonly status: number
  readonly etag: string | null
  readonly body: Resource
}

/** With the content type of SCIM and the token of an administrator, as a connector is set up. */
async function send<Resource = unknown>(
  method: string,
  path: string,
  body?: object,
): Promise<Answer<Resource>> {
  const response = await fetch(`${BASE}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${ready.admin_token}`,
      'content-type': 'application/scim+json; charset=utf-8',
      accept: 'application/scim+json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: (text === '' ? undefined : JSON.parse(text)) as Resource,
  }
}
const find = async <Resource>(path: string, filter: string, more = '') =>
  (await send<ScimListResponse<Resource>>('GET', `${path}?filter=${encodeURIComponent(filter)}${more}`)).body
const patch = (path: string, ...Operations: object[]) => send('PATCH', path, { schemas: [PATCH], Operations })
const user = async (id: string) => (await send<ScimUser>('GET', `/Users/${id}`)).body
const members = async (id: string) =>
  (await send<ScimGroup>('GET', `/Groups/${id}`)).body.members.map(({ value }) => value).sort()

describe('Entra ID', () => {
  const createUser = async () => {
    const mailNickname = randomUUID()
    const made = await send<ScimUser>('POST', '/Users', {
      schemas: [`${CORE}:User`, ENTERPRISE],
      externalId: mailNickname,
      userName: `${mailNickname}@contoso.example`,
      active: true,
      displayName: 'Ada Lovelace',
      emails: [{ primary: true, type: 'work', value: `${mailNickname}@contoso.example` }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Ada Lovelace', familyName: 'Lovelace', givenName: 'Ada' },
      title: 'Countess',
      [ENTERPRISE]: { department: 'Mathematics', employeeNumber: '7' },
    })
    expect(made.status).toBe(201)
    return made.body
  }

  it('tests the connection by asking for somebody who is not there', async () => {
    expect(await find('/Users', `userName eq "${randomUUID()}"`)).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      Resources: [],
    })
  })

  it('makes a user and finds it by its own id', async () => {
    const made = await createUser()
    const found = await find<ScimUser>('/Users', `externalId eq "${made.externalId ?? ''}"`)
    expect(found.Resources.map(({ id }) => id)).toEqual([made.id])
    expect(made.meta).toMatchObject({ version: expect.stringMatching(/^W\/"\d+"$/) as string })
  })

  it('changes a user with one PATCH of everything that differs, in its own capital letters', async () => {
    const { id } = await createUser()
    const renamed = `${randomUUID()}@contoso.example`
    const answer = await patch(
      `/Users/${id}`,
      // The address may come before the name that it follows.
      { op: 'Replace', path: 'emails[type eq "work"].value', value: renamed },
      { op: 'Replace', path: 'userName', value: renamed },
      { op: 'Replace', path: 'displayName', value: 'Ada King' },
      { op: 'Add', path: 'name.familyName', value: 'King' },
      { op: 'Add', path: 'name.formatted', value: 'Ada King' },
      { op: 'Add', path: 'title', value: 'Countess of Lovelace' },
      { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '1' },
      { op: 'Add', path: 'addresses[type eq "work"].country', value: 'GB' },
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'User' },
      { op: 'Add', path: 'emails[type eq "home" and not (primary eq true)].value', value: 'x@y.example' },
      { op: 'Replace', path: `${ENTERPRISE}:department`, value: 'Computing' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: [{ value: '1' }] },
    )
    expect(answer).toMatchObject({ status: 204, etag: expect.stringMatching(/^W\//) as string })
    expect(await user(id)).toMatchObject({
      userName: renamed,
      displayName: 'Ada King',
      name: { familyName: 'King', givenName: 'Ada' },
      emails: [{ value: renamed }],
      roles: [{ value: 'User', primary: true }],
    })
  })

  it('changes a user without a path too, extensions among it', async () => {
    const { id } = await createUser()
    const answer = await patch(`/Users/${id}`, {
      op: 'Add',
      value: {
        'name.givenName': 'Augusta',
        displayName: 'Augusta',
        title: 'Countess',
        [ENTERPRISE]: { department: 'Computing' },
        [`${ENTERPRISE}:costCenter`]: '7',
        [`${CORE}:User:externalId`]: 'by its whole name',
      },
    })
    expect(answer.status).toBe(204)
    expect(await user(id)).toMatchObject({
      displayName: 'Augusta',
      name: { givenName: 'Augusta' },
      externalId: 'by its whole name',
    })
  })

  it('disables with the text "False", and an extension that has the same name disables nobody', async () => {
    const { id } = await createUser()
    await patch(`/Users/${id}`, { op: 'Replace', path: `${ENTERPRISE}:active`, value: 'False' })
    expect((await user(id)).active).toBe(true)
    await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' })
    expect((await user(id)).active).toBe(false)
    await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'True' })
    expect((await user(id)).active).toBe(true)
  })

  it('makes a group, adds members one by one and removes them by a list of values', async () => {
    const [one, two] = [await createUser(), await createUser()]
    const { status, body: group } = await send<ScimGroup>('POST', '/Groups', {
      schemas: [`${CORE}:Group`, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: randomUUID(),
      displayName: `Mathematicians ${randomUUID()}`,
      meta: { resourceType: 'Group' },
    })
    expect(status).toBe(201)
    const path = `/Groups/${group.id}`
    for (const { id } of [one, two])
      expect(
        (await patch(path, { op: 'Add', path: 'members', value: [{ $ref: null, value: id }] })).status,
      ).toBe(204)
    expect(await members(group.id)).toEqual([one.id, two.id].sort())
    const isMember = await find<ScimGroup>('/Groups', `id eq "${group.id}" and members eq "${one.id}"`)
    expect(isMember.totalResults).toBe(1)
    await patch(path, { op: 'Remove', path: 'members', value: [{ $ref: null, value: one.id }] })
    expect(await members(group.id)).toEqual([two.id])
    const found = await find<ScimGroup>(
      '/Groups',
      `displayName eq "${group.displayName}"`,
      '&excludedAttributes=members',
    )
    expect(found.Resources.map(({ id }) => id)).toEqual([group.id])
    expect(found.Resources[0]).not.toHaveProperty('members')
  })

  it('deletes a user for good', async () => {
    const { id } = await createUser()
    expect((await send('DELETE', `/Users/${id}`)).status).toBe(204)
    expect((await send('GET', `/Users/${id}`)).status).toBe(404)
  })
})

describe('Okta', () => {
  const written = (userName: string, changes: object = {}) => ({
    schemas: [`${CORE}:User`],
    // In every create; with the synchronisation of passwords off it is a random one.
    password: '1mz050nq',
    userName,
    name: { givenName: 'Grace', familyName: 'Hopper' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Grace Hopper',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    active: true,
    ...changes,
  })
  const createUser = async () => {
    const userName = `${randomUUID()}@okta.example`
    const { status, body } = await send<ScimUser>('POST', '/Users', written(userName))
    expect(status).toBe(201)
    return body
  }

  it('looks first, then makes a user', async () => {
    const { id, userName } = await createUser()
    const found = await find<ScimUser>('/Users', `userName eq "${userName}"`, '&startIndex=1&count=100')
    expect(found).toMatchObject({ totalResults: 1, startIndex: 1, Resources: [{ id }] })
  })

  it('replaces the whole user, with what it was answered and what differs', async () => {
    const made = await createUser()
    const { status, body } = await send<ScimUser>('PUT', `/Users/${made.id}`, {
      ...written(made.userName, { displayName: 'Admiral Hopper', active: false }),
      id: made.id,
      meta: made.meta,
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: made.id, displayName: 'Admiral Hopper', active: false })
    await send('PUT', `/Users/${made.id}`, { ...written(made.userName), id: made.id })
    expect((await user(made.id)).active).toBe(true)
  })

  it('leaves the rights of an account administrator alone: who says nothing of roles takes none', async () => {
    const made = await createUser()
    await patch(`/Users/${made.id}`, { op: 'add', path: 'roles', value: [{ value: 'account_admin' }] })
    await send('PUT', `/Users/${made.id}`, { ...written(made.userName), id: made.id })
    expect((await user(made.id)).roles).toEqual([{ value: 'account_admin' }])
    await send('PUT', `/Users/${made.id}`, { ...written(made.userName), roles: [] })
    expect((await user(made.id)).roles).toEqual([])
  })

  it('disables by PATCH without a path', async () => {
    const { id } = await createUser()
    expect((await patch(`/Users/${id}`, { op: 'replace', value: { active: false } })).status).toBe(204)
    expect((await user(id)).active).toBe(false)
  })

  it('disables in the form that the vendor publishes for Databricks', async () => {
    const { id } = await createUser()
    const value = [{ value: 'false' }]
    expect((await patch(`/Users/${id}`, { op: 'replace', path: 'active', value })).status).toBe(204)
    expect((await user(id)).active).toBe(false)
  })

  it('sends whatever a profile has, and null for what it has not', async () => {
    const userName = `${randomUUID()}@okta.example`
    const { status, body } = await send<ScimUser>('POST', '/Users', {
      ...written(userName, { displayName: null, externalId: null, nickName: null, title: '' }),
      name: { givenName: 'Grace', familyName: 'Hopper', middleName: 'Brewster', honorificPrefix: 'Dr.' },
      phoneNumbers: [{ value: '1', type: 'work' }],
      userType: 'Employee',
      entitlements: [
        { value: 'workspace-access', display: 'Workspace', type: 'entitlement', primary: false },
      ],
      ...{ department: 'Navy', organization: 'US', division: null, costCenter: '7', employeeNumber: '1' },
      ...{ manager: { value: '1', displayName: 'Boss' } },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ displayName: 'Grace Hopper', active: true })
    expect(body.entitlements).toEqual([
      { value: 'workspace-access', display: 'Workspace', type: 'entitlement', primary: false },
    ])
  })

  it('pushes a group: whole by PUT, its name with its id by PATCH', async () => {
    const [one, two] = [await createUser(), await createUser()]
    const displayName = `Admirals ${randomUUID()}`
    const { body: group } = await send<ScimGroup>('POST', '/Groups', {
      schemas: [`${CORE}:Group`],
      displayName,
      members: [{ value: one.id, display: one.userName }],
    })
    const replaced = await send<ScimGroup>('PUT', `/Groups/${group.id}`, {
      schemas: [`${CORE}:Group`],
      id: group.id,
      displayName,
      members: [{ value: two.id, display: two.userName }],
      meta: group.meta,
    })
    expect(replaced.status).toBe(200)
    expect(await members(group.id)).toEqual([two.id])
    const rename = (id: string) =>
      patch(`/Groups/${group.id}`, { op: 'replace', value: { id, displayName: `${displayName} (renamed)` } })
    expect((await rename(group.id)).status).toBe(204)
    expect((await send<ScimGroup>('GET', `/Groups/${group.id}`)).body.displayName).toContain('renamed')
    // An id that is another one is no slip of the connector.
    expect((await rename(one.id)).status).toBe(400)
  })
})
