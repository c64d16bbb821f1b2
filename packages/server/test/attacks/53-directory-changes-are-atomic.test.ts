/**
 * RFC 7644 §3.5.2 and §3.14: a change of the directory happens as a whole or not at all, and what somebody has not
 * seen, that somebody does not overwrite. Driven from outside, by the requests that identity providers send.
 */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type {
  CustomAppIntegration,
  FederationPolicyAnswer,
  ScimGroup,
  ScimListResponse,
  ScimServicePrincipal,
  ScimUser,
  WorkspaceAnswer,
} from '@lakegate/client'
import { asOwner } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const WORKSPACE = '/api/2.0/preview/scim/v2'
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}/scim/v2`

const someone = () => `${randomUUID()}@example.com`
const createUser = (base = WORKSPACE) =>
  admin.request<ScimUser>('POST', `${base}/Users`, { userName: someone(), displayName: 'Ada' })
const createGroup = (members: readonly string[] = [], base = WORKSPACE) =>
  admin.request<ScimGroup>('POST', `${base}/Groups`, {
    displayName: `group ${randomUUID()}`,
    members: members.map((value) => ({ value })),
  })

/** An answer with its ETag; a refusal is one, too. */
async function send(method: string, path: string, body?: object, ifMatch?: string) {
  const response = await fetch(`${ready.http_url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${ready.admin_token}`,
      'content-type': 'application/scim+json',
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  await response.arrayBuffer()
  return { status: response.status, etag: response.headers.get('etag') ?? '' }
}
const patch = (path: string, operations: readonly object[], ifMatch?: string) =>
  send('PATCH', path, { Operations: operations }, ifMatch)
const addMember = (value: string) => ({ op: 'add', path: 'members', value: [{ value }] })
const etagOf = async (path: string) => (await send('GET', path)).etag
const statuses = (answers: readonly { readonly status: number }[]) =>
  answers.map(({ status }) => status).sort()
const membersOf = async (path: string) =>
  (await admin.request<ScimGroup>('GET', path)).members.map(({ value }) => value).sort()
const systemGroup = async (name: string) => {
  const filter = encodeURIComponent(`displayName eq "${name}"`)
  const found = await admin.request<ScimListResponse<ScimGroup>>(
    'GET',
    `${WORKSPACE}/Groups?filter=${filter}`,
  )
  return `${WORKSPACE}/Groups/${found.Resources[0]?.id ?? ''}`
}

describe.each([
  ['a workspace', WORKSPACE],
  ['the account', ACCOUNT],
])('below the path of %s', (_where, base) => {
  it('a PATCH that adds a member and takes a taken name adds nobody', async () => {
    const [user, taken, group] = [
      await createUser(base),
      await createGroup([], base),
      await createGroup([], base),
    ]
    const path = `${base}/Groups/${group.id}`
    const before = await etagOf(path)
    const answer = await patch(path, [
      addMember(user.id),
      { op: 'replace', path: 'displayName', value: taken.displayName },
    ])
    expect(answer.status).toBe(409)
    expect(await membersOf(path)).toEqual([])
    expect(await etagOf(path)).toBe(before)
  })

  it('a PUT that replaces the members and takes a taken name replaces nobody', async () => {
    const [one, two, taken] = [await createUser(base), await createUser(base), await createGroup([], base)]
    const group = await createGroup([one.id], base)
    const path = `${base}/Groups/${group.id}`
    const answer = await send('PUT', path, { displayName: taken.displayName, members: [{ value: two.id }] })
    expect(answer.status).toBe(409)
    expect(await membersOf(path)).toEqual([one.id])
  })

  it('a PATCH that renames and adds an unknown member renames nothing', async () => {
    const group = await createGroup([], base)
    const path = `${base}/Groups/${group.id}`
    const answer = await patch(path, [
      { op: 'replace', path: 'displayName', value: `renamed ${randomUUID()}` },
      addMember('999999999999999999'),
    ])
    expect(answer.status).toBe(400)
    expect(await admin.request('GET', path)).toMatchObject({ displayName: group.displayName })
  })

  it('of two PATCHes that saw the same version and add different members, one is refused', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [one, two, group] = [await createUser(base), await createUser(base), await createGroup([], base)]
      const path = `${base}/Groups/${group.id}`
      const seen = await etagOf(path)
      const answers = await Promise.all([one, two].map(({ id }) => patch(path, [addMember(id)], seen)))
      expect(statuses(answers)).toEqual([204, 412])
      expect(await membersOf(path)).toHaveLength(1)
    }
  })

  it('of two PUTs that saw the same version and name different members, one is refused', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [one, two, group] = [await createUser(base), await createUser(base), await createGroup([], base)]
      const path = `${base}/Groups/${group.id}`
      const seen = await etagOf(path)
      const answers = await Promise.all(
        [one, two].map(({ id }) =>
          send('PUT', path, { displayName: group.displayName, members: [{ value: id }] }, seen),
        ),
      )
      expect(statuses(answers)).toEqual([200, 412])
    }
  })

  it('of a PATCH and a DELETE that saw the same version, one is refused', async () => {
    for (let round = 0; round < 10; round += 1) {
      const user = await createUser(base)
      const path = `${base}/Users/${user.id}`
      const seen = await etagOf(path)
      const [changed, deleted] = await Promise.all([
        patch(path, [{ op: 'replace', path: 'displayName', value: 'Grace' }], seen),
        send('DELETE', path, undefined, seen),
      ])
      expect([
        [204, 412],
        [404, 204],
      ]).toContainEqual([changed.status, deleted.status])
    }
  })

  it('the ETag of a group changes with its members, and stays when they stay', async () => {
    const [user, group] = [await createUser(base), await createGroup([], base)]
    const path = `${base}/Groups/${group.id}`
    const empty = await etagOf(path)
    const added = await patch(path, [addMember(user.id)])
    expect(added.etag).not.toBe(empty)
    expect(await etagOf(path)).toBe(added.etag)
    expect((await patch(path, [addMember(user.id)])).etag).toBe(added.etag)
    const removed = await patch(path, [{ op: 'remove', path: `members[value eq "${user.id}"]` }])
    expect([empty, added.etag]).not.toContain(removed.etag)
  })

  it('the ETag of a group changes when a member is deleted, directly and by nobody’s word about the group', async () => {
    const user = await createUser(base)
    const group = await createGroup([user.id], base)
    const path = `${base}/Groups/${group.id}`
    const before = await etagOf(path)
    expect((await send('DELETE', `${base}/Users/${user.id}`)).status).toBe(204)
    expect(await etagOf(path)).not.toBe(before)
    expect((await patch(path, [addMember((await createUser(base)).id)], before)).status).toBe(412)
  })
})

describe('the group admins', () => {
  it('is changed by nobody who saw an older version of it', async () => {
    const path = await systemGroup('admins')
    const [one, two] = [await createUser(), await createUser()]
    const seen = await etagOf(path)
    expect((await patch(path, [addMember(one.id)], seen)).status).toBe(204)
    expect((await patch(path, [addMember(two.id)], seen)).status).toBe(412)
    expect(await membersOf(path)).not.toContain(two.id)
    await patch(path, [{ op: 'remove', path: `members[value eq "${one.id}"]` }])
  })

  it('has another ETag after somebody was assigned as an administrator', async () => {
    const path = await systemGroup('admins')
    const user = await createUser()
    const before = await etagOf(path)
    const assignment = `/api/2.0/accounts/${ready.account_id}/workspaces/${ready.workspace_id}/permissionassignments/principals/${user.id}`
    await admin.request('PUT', assignment, { permissions: ['ADMIN'] })
    const made = await etagOf(path)
    expect(made).not.toBe(before)
    await admin.request('PUT', assignment, { permissions: ['USER'] })
    expect(await etagOf(path)).not.toBe(made)
  })

  it('takes all that a PATCH names or nobody', async () => {
    const path = await systemGroup('admins')
    const user = await createUser()
    const answer = await patch(path, [addMember(user.id), addMember('999999999999999999')])
    expect(answer.status).toBe(400)
    expect(await membersOf(path)).not.toContain(user.id)
  })

  it('does not take in the group of everybody', async () => {
    const path = await systemGroup('admins')
    const everybody = (await systemGroup('users')).split('/').at(-1) ?? ''
    expect((await patch(path, [addMember(everybody)])).status).toBe(400)
  })
})

describe('making an identity', () => {
  it('of the account in a workspace that lacks it takes it in, and only one of two at once is told so', async () => {
    const { userName, id } = await createUser(ACCOUNT)
    const answers = await Promise.all(
      [1, 2, 3].map(() => send('POST', `${WORKSPACE}/Users`, { userName: userName.toUpperCase() })),
    )
    expect(statuses(answers)).toEqual([201, 409, 409])
    expect(await admin.request('GET', `${WORKSPACE}/Users/${id}`)).toMatchObject({ userName })
  })

  it('twice at once makes it once', async () => {
    for (const [type, body] of [
      ['Users', { userName: someone() }],
      ['Groups', { displayName: `group ${randomUUID()}` }],
      ['ServicePrincipals', { displayName: 'a program', applicationId: randomUUID() }],
    ] as const) {
      const answers = await Promise.all([1, 2, 3].map(() => send('POST', `${WORKSPACE}/${type}`, body)))
      expect(statuses(answers)).toEqual([201, 409, 409])
    }
  })
})

describe('deleting an identity', () => {
  it('while another workspace takes it in leaves it in one of the two states that its callers were told', async () => {
    const workspace = await admin.request<WorkspaceAnswer>(
      'POST',
      `/api/2.0/accounts/${ready.account_id}/workspaces`,
      { workspace_name: `of 53 ${randomUUID()}` },
    )
    const assignments = `/api/2.0/accounts/${ready.account_id}/workspaces/${String(workspace.workspace_id)}/permissionassignments/principals`
    for (let round = 0; round < 10; round += 1) {
      const principal = await admin.request<ScimServicePrincipal>('POST', `${WORKSPACE}/ServicePrincipals`, {
        displayName: 'wanted elsewhere',
      })
      const [deleted, assigned] = await Promise.all([
        send('DELETE', `${WORKSPACE}/ServicePrincipals/${principal.id}`),
        send('PUT', `${assignments}/${principal.id}`, { permissions: ['USER'] }),
      ])
      expect(deleted.status).toBe(204)
      expect([200, 404]).toContain(assigned.status)
      const left = await send('GET', `${ACCOUNT}/ServicePrincipals/${principal.id}`)
      expect(left.status).toBe(assigned.status)
    }
  })
})

describe('two changes at once of different fields', () => {
  it('of a federation policy take nothing back from each other', async () => {
    const policies = `/api/2.0/accounts/${ready.account_id}/federationPolicies`
    const { policy_id: id } = await admin.request<FederationPolicyAnswer>('POST', policies, {
      oidc_policy: { issuer: 'https://ci.example.com', jwks_json: '{"keys":[]}' },
    })
    for (let round = 0; round < 10; round += 1) {
      const value = `round ${String(round)}`
      await Promise.all([
        admin.request('PATCH', `${policies}/${id}`, { description: value }),
        admin.request('PATCH', `${policies}/${id}`, { oidc_policy: { audiences: [value] } }),
      ])
      expect(await admin.request('GET', `${policies}/${id}`)).toMatchObject({
        description: value,
        oidc_policy: { audiences: [value] },
      })
    }
    await admin.request('DELETE', `${policies}/${id}`)
  })

  it('of an application take nothing back from each other', async () => {
    const applications = `/api/2.0/accounts/${ready.account_id}/oauth2/custom-app-integrations`
    const { integration_id: id } = await admin.request<CustomAppIntegration>('POST', applications, {
      name: 'of 53',
      redirect_urls: ['https://app.example.com/'],
    })
    for (let round = 0; round < 10; round += 1) {
      const url = `https://app.example.com/${String(round)}`
      const minutes = 10 + round
      await Promise.all([
        admin.request('PATCH', `${applications}/${id}`, { redirect_urls: [url] }),
        admin.request('PATCH', `${applications}/${id}`, {
          token_access_policy: { access_token_ttl_in_minutes: minutes },
        }),
      ])
      expect(await admin.request('GET', `${applications}/${id}`)).toMatchObject({
        redirect_urls: [url],
        token_access_policy: { access_token_ttl_in_minutes: minutes },
      })
    }
  })
})

describe('registering a catalog', () => {
  it('under a name that is taken makes no database', async () => {
    const name = `catalog_${randomUUID().slice(0, 8)}`
    const catalogs = '/api/2.0/database/catalogs'
    const body = { name, database_instance_name: ready.instance.name }
    await admin.request('POST', catalogs, { ...body, database_name: ready.instance.database })
    const database = `left_${randomUUID().slice(0, 8)}`
    const refused = await send('POST', catalogs, {
      ...body,
      database_name: database,
      create_database_if_not_exists: true,
    })
    expect(refused.status).toBe(409)
    const { rows } = await asOwner(lakegate, (client) =>
      client.query('SELECT FROM pg_database WHERE datname = $1', [database]),
    )
    expect(rows).toEqual([])
  })
})
