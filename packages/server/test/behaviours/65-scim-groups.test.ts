/** wire-contract §4.4, behaviour 65: groups, who is in them, and how both are shown and described in SCIM. */
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

const someone = () => `${randomUUID()}@example.com`
const createUser = (body: object = {}, base = WORKSPACE) =>
  admin.request<ScimUser>('POST', `${base}/Users`, { userName: someone(), ...body })
const createGroup = (body: object = {}, base = WORKSPACE) =>
  admin.request<ScimGroup>('POST', `${base}/Groups`, { displayName: `group ${randomUUID()}`, ...body })
const patch = (path: string, ...Operations: ScimPatch['Operations']) =>
  admin.request('PATCH', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })
const find = <Resource>(path: string, query: Record<string, string>) =>
  admin.request<ScimListResponse<Resource>>('GET', `${path}?${new URLSearchParams(query).toString()}`)
describe('groups of somebody', () => {
  it('are shown with name, address and how they are reached, in Me and wherever identities are', async () => {
    const principal = await createServicePrincipal(lakegate, 'member of groups')
    const inner = await createGroup({ members: [{ value: principal.id }] })
    const outer = await createGroup({ members: [{ value: inner.id }] })
    const system = await find<ScimGroup>(`${WORKSPACE}/Groups`, { filter: 'displayName eq "admins"' })
    await patch(`${WORKSPACE}/Groups/${system.Resources[0]?.id ?? ''}`, {
      op: 'add',
      path: 'members',
      value: [{ value: outer.id }],
    })
    const groups = [
      { value: inner.id, display: inner.displayName, $ref: `Groups/${inner.id}`, type: 'direct' },
      { value: outer.id, display: outer.displayName, $ref: `Groups/${outer.id}`, type: 'indirect' },
    ]
    const users = expect.objectContaining({ display: 'users', type: 'direct' }) as object
    const admins = expect.objectContaining({ display: 'admins', type: 'indirect' }) as object
    const whole = expect.arrayContaining([...groups, users, admins]) as object[]
    const path = `${WORKSPACE}/ServicePrincipals`
    const listed = await find<ScimServicePrincipal>(path, { filter: `id eq "${principal.id}"` })
    for (const shown of [
      await principal.http.request<ScimUser>('GET', `${WORKSPACE}/Me`),
      await principal.http.request<ScimUser>('GET', '/scim/v2/Me'),
      await admin.request<ScimUser>('GET', `${path}/${principal.id}`),
      listed.Resources[0],
    ]) {
      expect(shown?.groups).toEqual(whole)
      expect(shown?.groups).toHaveLength(4)
    }
    // The account has no groups of workspaces.
    for (const shown of [
      await principal.http.request<ScimUser>('GET', '/api/2.0/account/scim/v2/Me'),
      await principal.http.request<ScimUser>('GET', `${ACCOUNT}/Me`),
      await admin.request<ScimUser>('GET', `${ACCOUNT}/ServicePrincipals/${principal.id}`),
    ])
      expect(shown.groups).toEqual(groups)
  })

  it('of the account are those that the account lists', async () => {
    const { id } = await createUser()
    const all = await find<ScimGroup>(`${ACCOUNT}/Groups`, { count: '10000' })
    const known = new Set(all.Resources.map((group) => group.id))
    const users = await find<ScimUser>(`${ACCOUNT}/Users`, { count: '10000' })
    expect(users.Resources.map((user) => user.id)).toContain(id)
    for (const user of users.Resources)
      expect(user.groups.filter(({ value }) => !known.has(value))).toEqual([])
    const system = await find<ScimGroup>(`${WORKSPACE}/Groups`, { filter: 'displayName eq "users"' })
    const path = `${ACCOUNT}/Groups/${system.Resources[0]?.id ?? ''}`
    expect((await refusal(admin.request('GET', path))).status).toBe(404)
    expect((await refusal(patch(path, { op: 'remove', path: 'externalId' }))).status).toBe(404)
    expect((await refusal(admin.request('DELETE', path))).status).toBe(404)
  })
})

describe('a group', () => {
  it('is made with members of every kind, and shows them', async () => {
    const user = await createUser()
    const inner = await createGroup()
    const group = await createGroup({ members: [{ value: user.id }, { value: inner.id }] })
    expect(group.members).toEqual([
      { value: user.id, display: user.displayName, $ref: `Users/${user.id}`, type: 'User' },
      { value: inner.id, display: inner.displayName, $ref: `Groups/${inner.id}`, type: 'Group' },
    ])
  })

  it('loses and gains members by PATCH, one by one and all at once', async () => {
    const [first, second, third] = [await createUser(), await createUser(), await createUser()]
    const { id } = await createGroup({ members: [{ value: first.id }] })
    const path = `${WORKSPACE}/Groups/${id}`
    const members = async () =>
      (await admin.request<ScimGroup>('GET', path)).members.map(({ value }) => value).sort()
    await patch(path, { op: 'add', path: 'members', value: [{ value: second.id }, { value: third.id }] })
    expect(await members()).toEqual([first.id, second.id, third.id].sort())
    await patch(path, { op: 'remove', path: `members[value eq "${first.id}"]` })
    expect(await members()).toEqual([second.id, third.id].sort())
    await patch(path, { op: 'replace', path: 'members', value: [{ value: first.id }] })
    expect(await members()).toEqual([first.id])
    await patch(path, { op: 'remove', path: 'members' })
    expect(await members()).toEqual([])
  })

  it('loses the members that a path describes with and, or and not', async () => {
    const [ada, grace, edith] = [
      await createUser({ displayName: 'Ada' }),
      await createUser({ displayName: 'Grace' }),
      await createUser({ displayName: 'Edith' }),
    ]
    const inner = await createGroup()
    const all = [ada, grace, edith, inner].map(({ id }) => ({ value: id }))
    const { id } = await createGroup({ members: all })
    const path = `${WORKSPACE}/Groups/${id}`
    const left = async (remove: string) => {
      await patch(path, { op: 'replace', path: 'members', value: all })
      await patch(path, { op: 'remove', path: `members[${remove}]` })
      const { members } = await admin.request<ScimGroup>('GET', path)
      return members.map(({ value }) => value).sort()
    }
    const ids = (...some: { id: string }[]) => some.map((one) => one.id).sort()
    expect(await left(`value eq "${ada.id}" or value eq "${grace.id}"`)).toEqual(ids(edith, inner))
    expect(await left(`value eq "${ada.id}" and value eq "${grace.id}"`)).toEqual(
      ids(ada, grace, edith, inner),
    )
    expect(await left('type eq "Group"')).toEqual(ids(ada, grace, edith))
    expect(await left(`type eq "User" and not (value eq "${ada.id}")`)).toEqual(ids(ada, inner))
    expect(await left('(display sw "gr" or display sw "ed") and type eq "user"')).toEqual(ids(ada, inner))
  })

  it('is found by what one of its members is, all of it the same member', async () => {
    const [ada, grace] = [await createUser(), await createUser()]
    const { id } = await createGroup({ members: [{ value: ada.id }, { value: grace.id }] })
    const count = async (filter: string) =>
      (await find(`${WORKSPACE}/Groups`, { filter: `id eq "${id}" and ${filter}` })).totalResults
    expect(await count(`members[value eq "${ada.id}" and type eq "User"]`)).toBe(1)
    expect(await count(`members[value eq "${ada.id}" and type eq "Group"]`)).toBe(0)
    expect(await count(`members[value eq "${ada.id}" and value eq "${grace.id}"]`)).toBe(0)
    expect(await count(`members.value eq "${ada.id}" and members.value eq "${grace.id}"`)).toBe(1)
    expect(await count(`members[not (value eq "${ada.id}")]`)).toBe(1)
    expect(await count(`members[not (value eq "${ada.id}" or value eq "${grace.id}")]`)).toBe(0)
  })

  it('admins is changed by names only, not by a description of members', async () => {
    const { Resources } = await find<ScimGroup>(`${WORKSPACE}/Groups`, { filter: 'displayName eq "admins"' })
    const act = patch(`${WORKSPACE}/Groups/${Resources[0]?.id ?? ''}`, {
      op: 'remove',
      path: 'members[type eq "User"]',
    })
    expect((await refusal(act)).status).toBe(400)
    expect(await admin.request('GET', `${ACCOUNT}/Users?count=1`)).toBeDefined()
  })

  it('contains itself in no way (attack 26)', async () => {
    const outer = await createGroup()
    const inner = await createGroup()
    await patch(`${WORKSPACE}/Groups/${outer.id}`, {
      op: 'add',
      path: 'members',
      value: [{ value: inner.id }],
    })
    const error = await refusal(
      patch(`${WORKSPACE}/Groups/${inner.id}`, { op: 'add', path: 'members', value: [{ value: outer.id }] }),
    )
    expect(error.status).toBe(400)
    expect(error.message).toContain('contain')
    const itself = patch(`${WORKSPACE}/Groups/${inner.id}`, {
      op: 'add',
      path: 'members',
      value: [{ value: inner.id }],
    })
    expect((await refusal(itself)).status).toBe(400)
  })

  it('is made whole or not at all', async () => {
    const displayName = `group ${randomUUID()}`
    const error = await refusal(createGroup({ displayName, members: [{ value: '999999999999999999' }] }))
    expect(error.status).toBe(400)
    expect(
      (await find(`${WORKSPACE}/Groups`, { filter: `displayName eq "${displayName}"` })).totalResults,
    ).toBe(0)
  })

  it('of the system is not changed by SCIM, except for who is in admins', async () => {
    const { Resources } = await find<ScimGroup>(`${WORKSPACE}/Groups`, { filter: 'displayName eq "users"' })
    const users = Resources[0]
    const error = await refusal(
      patch(`${WORKSPACE}/Groups/${users?.id ?? ''}`, { op: 'replace', path: 'displayName', value: 'us' }),
    )
    expect(error.status).toBe(403)
    expect((await refusal(createGroup({ displayName: 'admins' }))).status).toBe(400)
  })

  it('admins makes administrators of the workspace, and no others of them', async () => {
    const principal = await createServicePrincipal(lakegate, 'deputy')
    const { Resources } = await find<ScimGroup>(`${WORKSPACE}/Groups`, { filter: 'displayName eq "admins"' })
    const admins = `${WORKSPACE}/Groups/${Resources[0]?.id ?? ''}`
    const create = () => principal.http.request('POST', `${WORKSPACE}/Users`, { userName: someone() })
    expect(((await refusal(create())) as { status: number }).status).toBe(403)
    await patch(admins, { op: 'add', path: 'members', value: [{ value: principal.id }] })
    await expect(create()).resolves.toMatchObject({ active: true })
    await patch(admins, { op: 'remove', path: `members[value eq "${principal.id}"]` })
    expect(((await refusal(create())) as { status: number }).status).toBe(403)
  })
})
