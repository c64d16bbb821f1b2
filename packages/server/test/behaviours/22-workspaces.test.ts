/** behaviours 22, 46 and attacks 20, 35: several workspaces in one installation, told apart by host name. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  type DatabaseInstance,
  type HostMetadata,
  type PermissionAssignment,
  type ScimGroup,
  type ScimListResponse,
  type ScimUser,
  type WorkspaceAnswer,
} from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  requestWorkspaceToken,
} from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`
const SCIM = '/api/2.0/preview/scim/v2'

let other: WorkspaceAnswer
beforeAll(async () => {
  other = await admin.request<WorkspaceAnswer>('POST', `${ACCOUNT}/workspaces`, {
    workspace_name: `other ${randomUUID()}`,
  })
})

const assignments = (workspace = other.workspace_id) =>
  `${ACCOUNT}/workspaces/${String(workspace)}/permissionassignments`
const assign = (principalId: string, permission: 'USER' | 'ADMIN', workspace = other.workspace_id) =>
  admin.request('PUT', `${assignments(workspace)}/principals/${principalId}`, { permissions: [permission] })
/** A service principal as the other workspace sees it. */
const inOther = (principal: { readonly applicationId: string; readonly secret: string }) =>
  createLakegateHttp(other.workspace_url, () =>
    requestWorkspaceToken(other.workspace_url, principal.applicationId, principal.secret, 'all-apis'),
  )

describe('a workspace', () => {
  it('is served under a host of its own, with an issuer of its own', async () => {
    expect(other.workspace_url).not.toBe(ready.http_url)
    const response = await fetch(`${other.workspace_url}/.well-known/databricks-config`)
    const metadata = (await response.json()) as HostMetadata
    expect(metadata).toMatchObject({
      workspace_id: String(other.workspace_id),
      account_id: ready.account_id,
      oidc_endpoint: `${other.workspace_url}/oidc`,
    })
    const discovery = await fetch(`${metadata.oidc_endpoint}/.well-known/oauth-authorization-server`)
    expect(await discovery.json()).toMatchObject({ issuer: metadata.oidc_endpoint })
  })

  it('has the deployment name that it was made with, or one from its name', async () => {
    const marker = randomUUID().slice(0, 8)
    const path = `${ACCOUNT}/workspaces`
    const made = await admin.request<WorkspaceAnswer>('POST', path, {
      workspace_name: `Staging ${marker}`,
      deployment_name: `stage-${marker}`,
    })
    expect(made.deployment_name).toBe(`stage-${marker}`)
    const all = await admin.request<WorkspaceAnswer[]>('GET', path)
    const nameOf = (id: number) => all.find(({ workspace_id }) => workspace_id === id)?.deployment_name
    expect(nameOf(made.workspace_id)).toBe(`stage-${marker}`)
    expect(nameOf(other.workspace_id)).toBe(other.workspace_name.replaceAll(' ', '-'))
    expect(nameOf(Number(ready.workspace_id))).toMatch(/^[a-z]/)
    await admin.request('DELETE', `${path}/${String(made.workspace_id)}`)
  })

  it('is listed for administrators of the account, and for those who are in it', async () => {
    const list = async (http: typeof admin) =>
      (await http.request<WorkspaceAnswer[]>('GET', `${ACCOUNT}/workspaces`)).map(
        ({ workspace_id }) => workspace_id,
      )
    expect(await list(admin)).toEqual(
      expect.arrayContaining([Number(ready.workspace_id), other.workspace_id]),
    )
    const principal = await createServicePrincipal(lakegate, 'of the first')
    expect(await list(principal.http)).toEqual([Number(ready.workspace_id)])
  })

  it('is another one for whatever Host header comes with a request (attack 33)', async () => {
    const response = await fetch(`${ready.http_url}/.well-known/databricks-config`, {
      headers: { host: 'evil.example.com' },
    })
    expect(await response.json()).toMatchObject({ oidc_endpoint: `${ready.http_url}/oidc` })
  })

  it('is deleted only when it has no instances, and the first one never', async () => {
    const made = await admin.request<WorkspaceAnswer>('POST', `${ACCOUNT}/workspaces`, {
      workspace_name: `short-lived ${randomUUID()}`,
    })
    await admin.request('DELETE', `${ACCOUNT}/workspaces/${String(made.workspace_id)}`)
    const gone = admin.request('GET', `${ACCOUNT}/workspaces/${String(made.workspace_id)}`)
    expect((await refusal(gone)).status).toBe(404)
    const first = admin.request('DELETE', `${ACCOUNT}/workspaces/${ready.workspace_id}`)
    expect((await refusal(first)).status).toBe(400)
  })
})

describe('a principal that is not assigned to a workspace', () => {
  it('gets no token there, and can do nothing there with a token of its own workspace', async () => {
    const principal = await createServicePrincipal(lakegate, 'of the first only')
    const refused = requestWorkspaceToken(
      other.workspace_url,
      principal.applicationId,
      principal.secret,
      'all-apis',
    )
    await expect(refused).rejects.toThrow('unauthorized_client')
    const token = await principal.workspaceToken()
    const there = createLakegateHttp(other.workspace_url, () => token)
    expect((await refusal(there.request('GET', `${SCIM}/Me`))).status).toBe(401)
  })

  it('is let in by an assignment, and out again by its end, at once', async () => {
    const principal = await createServicePrincipal(lakegate, 'guest')
    await assign(principal.id, 'USER')
    const token = await requestWorkspaceToken(
      other.workspace_url,
      principal.applicationId,
      principal.secret,
      'all-apis',
    )
    const there = createLakegateHttp(other.workspace_url, () => token)
    await expect(there.request('GET', `${SCIM}/Me`)).resolves.toMatchObject({ id: principal.id })
    await admin.request('DELETE', `${assignments()}/principals/${principal.id}`)
    expect((await refusal(there.request('GET', `${SCIM}/Me`))).status).toBe(403)
  })

  it('is let in by the assignment of a group that contains it, two groups deep', async () => {
    const principal = await createServicePrincipal(lakegate, 'nested')
    const group = (members: string[]) =>
      admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
        displayName: `group ${randomUUID()}`,
        members: members.map((value) => ({ value })),
      })
    const outer = await group([(await group([principal.id])).id])
    await assign(outer.id, 'ADMIN')
    const there = inOther(principal)
    const user = await there.request<ScimUser>('POST', `${SCIM}/Users`, {
      userName: `${randomUUID()}@example.com`,
    })
    expect(user.active).toBe(true)
    const seen = await there.request<ScimListResponse<ScimGroup>>('GET', `${SCIM}/Groups`)
    expect(seen.Resources.map(({ id }) => id)).toContain(outer.id)
  })

  it('is shown with its permission among the assignments', async () => {
    const principal = await createServicePrincipal(lakegate, 'shown')
    await assign(principal.id, 'ADMIN')
    const { permission_assignments } = await admin.request<{
      permission_assignments: PermissionAssignment[]
    }>('GET', assignments())
    expect(permission_assignments).toContainEqual({
      principal: {
        principal_id: Number(principal.id),
        display_name: 'shown',
        service_principal_name: principal.applicationId,
      },
      permissions: ['ADMIN'],
    })
  })
})

describe('what belongs to a workspace', () => {
  it('is not reached from another one, whatever id is named (attack 35)', async () => {
    const deputy = await createServicePrincipal(lakegate, 'administrator of the other')
    await assign(deputy.id, 'ADMIN')
    const there = inOther(deputy)
    const stranger = await createServicePrincipal(lakegate, 'of the first, again')
    for (const act of [
      () => there.request('GET', `${SCIM}/ServicePrincipals/${stranger.id}`),
      () => there.request('DELETE', `${SCIM}/ServicePrincipals/${stranger.id}`),
      () =>
        there.request('POST', `/api/2.0/accounts/servicePrincipals/${stranger.id}/credentials/secrets`, {}),
      () => there.request('GET', `/api/2.0/database/instances/${ready.instance.name}`),
      () => there.request('GET', `/api/2.0/database/instances:findByUid?uid=${ready.instance.uid}`),
      () => there.request('POST', '/api/2.0/database/credentials', { instance_names: [ready.instance.name] }),
    ]) {
      expect((await refusal(act())).status).toBe(404)
    }
    const assignHere = there.request(
      'PUT',
      `${assignments(Number(ready.workspace_id))}/principals/${deputy.id}`,
      { permissions: ['ADMIN'] },
    )
    expect((await refusal(assignHere)).status).toBe(403)
  })

  it('is not changed by an administrator of another workspace that has it as a guest (attack 35)', async () => {
    const deputy = await createServicePrincipal(lakegate, 'administrator of the other, again')
    await assign(deputy.id, 'ADMIN')
    const guest = await createServicePrincipal(lakegate, 'guest of the other')
    await assign(guest.id, 'USER')
    const there = inOther(deputy)
    const path = `${SCIM}/ServicePrincipals/${guest.id}`
    const change = there.request('PATCH', path, {
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect((await refusal(change)).status).toBe(403)
    await there.request('DELETE', path)
    await expect(admin.request('GET', path)).resolves.toMatchObject({ active: true })
  })

  it('is an instance that takes no token of another workspace, though the same person has a role (behaviour 22)', async () => {
    const principal = await createServicePrincipal(lakegate, 'in both')
    await createRoleFor(lakegate, principal)
    await assign(principal.id, 'USER')
    const foreign = await requestWorkspaceToken(
      other.workspace_url,
      principal.applicationId,
      principal.secret,
      'all-apis',
    )
    const error = await refusedLogin(lakegate, { user: principal.applicationId, password: foreign })
    expect(error.code).toBe('28000')
    expect(error.detail).toContain('another workspace')
    const own = await principal.workspaceToken()
    await expect(
      inSession(lakegate, { user: principal.applicationId, password: own }, (client) =>
        client.query('SELECT 1'),
      ),
    ).resolves.toMatchObject({ rowCount: 1 })
  })

  it('has instances of its own, of the same names as elsewhere, with an owner of its own', async () => {
    const owner = await createServicePrincipal(lakegate, 'owner elsewhere')
    await assign(owner.id, 'USER')
    const there = inOther(owner)
    const made = await there.request<DatabaseInstance>('POST', '/api/2.0/database/instances', {
      name: ready.instance.name,
    })
    expect(made.uid).not.toBe(ready.instance.uid)
    let instance = made
    await expect
      .poll(
        async () => {
          instance = await there.request('GET', `/api/2.0/database/instances/${made.name}`)
          return instance.state
        },
        { timeout: 60_000, interval: 200 },
      )
      .toBe('AVAILABLE')
    const session = await inSession(
      lakegate,
      {
        user: owner.applicationId,
        password: await mintCredential(there, made.name),
        instance: { host: instance.read_write_dns, port: instance.read_write_port ?? 5432 },
      },
      (client) => client.query<{ who: string }>('SELECT session_user AS who'),
    )
    expect(session.rows).toEqual([{ who: owner.applicationId }])
    await there.request('DELETE', `/api/2.0/database/instances/${made.name}`)
  })
})
