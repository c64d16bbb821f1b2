/**
 * What a caller is told that it may do is what the routes let it do: for each kind of person, every action of the list is
 * let through by its route, and every other one refused. The persons are those of the table in docs/permissions.md.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createLakegateHttp,
  LakegateApiError,
  type InstanceAction,
  type InstanceDatabasesAnswer,
  type InstanceRightsAnswer,
  type LakegateHttp,
  type RefusalsAnswer,
  type WorkspaceAction,
  type WorkspaceRightsAnswer,
} from '@lakegate/client'
import { INSTANCE_RIGHTS, WORKSPACE_RIGHTS } from '../../src/policy/rights.ts'
import { EVERYBODY } from '../policy/who-may.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { refusal } from '../stage/refusal.ts'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`
const SCIM = '/api/2.0/preview/scim/v2'

let instance: NativeInstance
let others: TestServicePrincipal
/** By their titles in the table of docs/permissions.md. */
const people = new Map<string, { readonly principal: TestServicePrincipal; readonly instance: string }>()

beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
  others = await createServicePrincipal(lakegate, 'somebody else')
  const owner = await createServicePrincipal(lakegate, 'owner')
  const owned = `owned-${randomUUID().slice(0, 8)}`
  await owner.http.request('POST', '/api/2.0/database/instances', { name: owned })
  await waitFor('the instance of its own', async () => {
    const { state } = await admin.request<{ state: string }>('GET', `/api/2.0/database/instances/${owned}`)
    return state === 'AVAILABLE' ? true : undefined
  })
  people.set('owner', { principal: owner, instance: owned })
  for (const { title, granted, caller } of EVERYBODY) {
    if (people.has(title)) continue
    const principal = await createServicePrincipal(lakegate, title)
    people.set(title, { principal, instance: instance.name })
    if (granted !== undefined)
      await admin.request('PATCH', `/api/2.0/permissions/database-instances/${instance.name}`, {
        access_control_list: [{ service_principal_name: principal.applicationId, permission_level: granted }],
      })
    if (caller.isWorkspaceAdmin)
      await admin.request(
        'PUT',
        `${ACCOUNT}/workspaces/${ready.workspace_id}/permissionassignments/principals/${principal.id}`,
        { permissions: ['ADMIN'] },
      )
    if (caller.isAccountAdmin)
      await admin.request('PATCH', `${ACCOUNT}/scim/v2/ServicePrincipals/${principal.id}`, {
        Operations: [{ op: 'add', path: 'roles', value: [{ value: 'account_admin' }] }],
      })
  }
})
afterAll(async () => {
  await instance.remove()
  await admin.request('DELETE', `/api/2.0/database/instances/${people.get('owner')?.instance ?? ''}`)
})

/** Called so that nothing but the permission can refuse it, and so that little happens if it does not. */
type Try = (http: LakegateHttp, name: string, own: TestServicePrincipal) => Promise<unknown>
const one = (name: string) => `/api/2.0/database/instances/${name}`
const patch: (body: object) => Try = (body) => (http, name) =>
  http.request('PATCH', `${one(name)}?update_mask=${Object.keys(body)[0] ?? ''}`, { name, ...body })
const get: (path: string) => Try = (path) => (http, name) => http.request('GET', path.replace('<name>', name))

const TRIES: Readonly<Record<InstanceAction, Try>> = {
  see: get('/api/2.0/database/instances/<name>'),
  mint_credential: (http, name) =>
    http.request('POST', '/api/2.0/database/credentials', { instance_names: [name] }),
  update: patch({ retention_window_in_days: 7 }),
  start_or_stop: patch({ stopped: false }),
  delete: (http, name) => http.request('DELETE', `${one(name)}?purge=false`),
  see_roles: get('/api/2.0/database/instances/<name>/roles'),
  create_own_role: (http, name, { applicationId }) =>
    http.request('POST', `${one(name)}/roles`, { name: applicationId, identity_type: 'SERVICE_PRINCIPAL' }),
  create_role: (http, name) => http.request('POST', `${one(name)}/roles`, { name: `role ${randomUUID()}` }),
  // A role that is not there: the permission comes first.
  change_role: (http, name) => http.request('PATCH', `${one(name)}/roles/nobody-here`, { attributes: {} }),
  drop_role: (http, name) => http.request('DELETE', `${one(name)}/roles/nobody-here`),
  see_permissions: get('/api/2.0/permissions/database-instances/<name>'),
  change_permissions: (http, name) =>
    http.request('PATCH', `/api/2.0/permissions/database-instances/${name}`, { access_control_list: [] }),
  see_sessions: get('/api/2.0/lakegate/instances/<name>/sessions'),
  end_sessions: (http, name) =>
    http.request('DELETE', `/api/2.0/lakegate/instances/${name}/sessions/${randomUUID()}`),
  see_metrics: get('/api/2.0/lakegate/instances/<name>/metrics'),
  manage_catalogs: (http, name) =>
    http.request('POST', '/api/2.0/database/catalogs', {
      name: `catalog_${randomUUID().slice(0, 8)}`,
      database_instance_name: name,
      database_name: 'nowhere',
    }),
  check_own_login: (http, name) =>
    http.request('POST', `/api/2.0/lakegate/instances/${name}/login-check`, { role: 'x' }),
  check_any_login: (http, name) =>
    http.request('POST', `/api/2.0/lakegate/instances/${name}/login-check`, {
      identity: others.id,
      role: 'x',
    }),
}

const IN_WORKSPACE: Readonly<Record<WorkspaceAction, Try>> = {
  // A name that cannot be one: what comes behind the permission.
  create_instance: (http) => http.request('POST', '/api/2.0/database/instances', { name: '1' }),
  // To no host, which is said to those who may attach.
  attach_instance: (http) =>
    http.request('POST', '/api/2.0/database/instances', {
      name: `attached-${randomUUID().slice(0, 8)}`,
      attached: {
        hosts: [],
        administration: { user: 'postgres', password: 'x' },
        backend_authentication: 'scram',
      },
    }),
  see_audit: get('/api/2.0/lakegate/audit?page_size=1'),
  manage_identities: (http) =>
    http.request('POST', `${SCIM}/ServicePrincipals`, { displayName: `made ${randomUUID()}` }),
  see_identities: get(`${SCIM}/Users?count=1`),
  manage_account: get(`${ACCOUNT}/scim/v2/Users?count=1`),
}

async function isLetThrough(act: Promise<unknown>): Promise<boolean> {
  try {
    await act
    return true
  } catch (error) {
    if (!(error instanceof LakegateApiError)) throw error
    expect(error.errorCode).not.toBe('ENDPOINT_NOT_FOUND')
    return error.status !== 403
  }
}

const person = (title: string) => {
  const found = people.get(title)
  if (found === undefined) throw new Error(`there is nobody of the title ${title}`)
  return found
}

describe.each(EVERYBODY.map(({ title }) => title))('%s', (title) => {
  it('is told exactly the actions on the instance that its routes let through', async () => {
    const { principal, instance: name } = person(title)
    const rights = await principal.http.request<InstanceRightsAnswer>(
      'GET',
      `/api/2.0/lakegate/instances/${name}/rights`,
    )
    // Deleting comes last: for those who may, there is nothing afterwards.
    const tried: InstanceAction[] = INSTANCE_RIGHTS.filter((action) => action !== 'delete')
    const through: InstanceAction[] = []
    for (const action of tried)
      if (await isLetThrough(TRIES[action](principal.http, name, principal))) through.push(action)
    // To create the own role is to have one from here on, and so to mint.
    expect(rights.actions.filter((action) => tried.includes(action))).toEqual(through)
    if (!rights.actions.includes('delete'))
      expect(await isLetThrough(TRIES.delete(principal.http, name, principal))).toBe(false)
  })

  it('is told exactly the actions in the workspace that its routes let through', async () => {
    const { principal, instance: name } = person(title)
    const { actions } = await principal.http.request<WorkspaceRightsAnswer>('GET', '/api/2.0/lakegate/rights')
    const through: WorkspaceAction[] = []
    for (const action of WORKSPACE_RIGHTS)
      if (await isLetThrough(IN_WORKSPACE[action](principal.http, name, principal))) through.push(action)
    expect(actions).toEqual(through)
  })

  it('is told the level that it has, and whom to ask for more', async () => {
    const { principal, instance: name } = person(title)
    const rights = await principal.http.request<InstanceRightsAnswer>(
      'GET',
      `/api/2.0/lakegate/instances/${name}/rights`,
    )
    const levels = { 'member of the workspace': 'NONE', 'account admin': 'NONE', CAN_USE: 'CAN_USE' } as const
    const expected: Partial<Record<string, string>> = levels
    const isOwner = title === 'owner'
    expect(rights).toMatchObject({
      database_instance_name: name,
      level: expected[title] ?? 'CAN_MANAGE',
      is_owner: isOwner,
      owner: isOwner ? principal.applicationId : ready.admin_user,
    })
  })
})

describe('rights', () => {
  it('are those of the token: one of the scope postgres opens less', async () => {
    const { principal, instance: name } = person('workspace admin')
    const http = createLakegateHttp(ready.http_url, () => principal.workspaceToken('postgres'))
    const rights = await http.request<InstanceRightsAnswer>(
      'GET',
      `/api/2.0/lakegate/instances/${name}/rights`,
    )
    expect(rights.actions).toContain('delete')
    expect(rights.actions).not.toContain('see_permissions')
    const { actions } = await http.request<WorkspaceRightsAnswer>('GET', '/api/2.0/lakegate/rights')
    expect(actions).toContain('create_instance')
    expect(actions).not.toContain('see_audit')
    expect(actions).not.toContain('see_identities')
  })

  it('of an instance that there is not are those of none', async () => {
    const asked = admin.request('GET', '/api/2.0/lakegate/instances/nowhere/rights')
    expect(await refusal(asked)).toMatchObject({ status: 404 })
  })

  it('in the workspace say how many instances there are and may be', async () => {
    const { instances } = await admin.request<WorkspaceRightsAnswer>('GET', '/api/2.0/lakegate/rights')
    const { database_instances } = await admin.request<{ database_instances: unknown[] }>(
      'GET',
      '/api/2.0/database/instances?page_size=100',
    )
    expect(instances.used).toBeGreaterThanOrEqual(2)
    expect(Math.abs(instances.used - database_instances.length)).toBeLessThan(5)
    expect(instances.allowed).toBeGreaterThanOrEqual(instances.used)
  })
})

describe('the databases of an instance', () => {
  const ask = (http: LakegateHttp) =>
    http.request<InstanceDatabasesAnswer>('GET', `/api/2.0/lakegate/instances/${instance.name}/databases`)

  it('are named without templates and without those that take no connections', async () => {
    await instance.asOwner(async (owner) => {
      await owner.query('CREATE DATABASE "a sales; DROP"')
      await owner.query('CREATE DATABASE shut')
      await owner.query('ALTER DATABASE shut ALLOW_CONNECTIONS false')
    })
    const names = (await ask(person('CAN_USE').principal.http)).databases.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['a sales; DROP', 'databricks_postgres']))
    expect(names.filter((name) => /^template|^shut$/.test(name))).toEqual([])
    expect(names).toEqual([...names].sort())
  })

  it('are told to somebody with a role and no level, and to nobody without either', async () => {
    const principal = await createServicePrincipal(lakegate, 'role only')
    expect(await refusal(ask(principal.http))).toMatchObject({ status: 403 })
    await admin.request('POST', `${one(instance.name)}/roles`, {
      name: principal.applicationId,
      identity_type: 'SERVICE_PRINCIPAL',
    })
    await expect(ask(principal.http)).resolves.toBeDefined()
  })
})

describe('the explained refusals', () => {
  it('are told to every member, with what a login can meet explained', async () => {
    const { refusals } = await person('member of the workspace').principal.http.request<RefusalsAnswer>(
      'GET',
      '/api/2.0/lakegate/refusals',
    )
    const notMember = refusals.find(({ name }) => name === 'not_a_member')
    expect(notMember).toMatchObject({
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      who_can_change: 'Whoever manages the group.',
    })
    expect(notMember?.steps?.length).toBeGreaterThan(0)
    expect(refusals.find(({ name }) => name === 'instance_not_found')).toMatchObject({
      http_status: 404,
      error_code: 'NOT_FOUND',
    })
  })
})
