/** The unmodified JavaScript SDK (`@databricks/sdk-experimental`) over M2M and PAT (behaviour 65). */
import { WorkspaceClient } from '@databricks/sdk-experimental'
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const name = ready.instance.name

let principal: TestServicePrincipal
beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'javascript sdk')
  await createRoleFor(lakegate, principal)
})

const overM2m = () =>
  new WorkspaceClient({
    host: ready.http_url,
    clientId: principal.applicationId,
    clientSecret: principal.secret,
    authType: 'oauth-m2m',
  })
const overPat = () => new WorkspaceClient({ host: ready.http_url, token: ready.admin_token, authType: 'pat' })

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('the JavaScript SDK', () => {
  it('mints over M2M a credential that opens a session', async () => {
    const client = overM2m()
    expect((await client.currentUser.me()).userName).toBe(principal.applicationId)
    const { token = '' } = await client.database.generateDatabaseCredential({
      request_id: randomUUID(),
      instance_names: [name],
    })
    const { rows } = await inSession(
      lakegate,
      { user: principal.applicationId, password: token },
      (session) => session.query('SELECT session_user AS who'),
    )
    expect(rows).toEqual([{ who: principal.applicationId }])
  })

  it('lists and gets instances, and reads our errors as its own', async () => {
    const client = overPat()
    const listed = await collect(client.database.listDatabaseInstances({}))
    expect(listed.map((instance) => instance.name)).toContain(name)
    expect((await client.database.getDatabaseInstance({ name })).state).toBe('AVAILABLE')
    await expect(client.database.getDatabaseInstance({ name: 'no-such-instance' })).rejects.toThrow(
      'DatabaseInstance not found: no-such-instance',
    )
  })

  it('reads code and message of every error, whatever refuses', async () => {
    const client = overPat()
    const stranger = new WorkspaceClient({ host: ready.http_url, token: 'dapi0', authType: 'pat' })
    const refused: readonly [() => Promise<unknown>, string, RegExp][] = [
      [
        () => client.database.getDatabaseInstance({ name: 'no-such-instance' }),
        'NOT_FOUND',
        /^DatabaseInstance not found/,
      ],
      [() => client.usersV2.create({ userName: 'ada' }), 'INVALID_PARAMETER_VALUE', /^userName: /],
      [() => client.usersV2.get({ id: '1' }), 'RESOURCE_DOES_NOT_EXIST', /does not exist/],
      [() => stranger.currentUser.me(), 'UNAUTHENTICATED', /personal access token/],
      [() => client.jobs.get({ job_id: 1 }), 'ENDPOINT_NOT_FOUND', /^No API found for GET/],
    ]
    for (const [act, errorCode, message] of refused)
      await expect(act()).rejects.toMatchObject({
        errorCode,
        message: expect.stringMatching(message) as string,
      })
  })

  it('sees by their names which groups it is in', async () => {
    const { groups = [] } = await overPat().currentUser.me()
    expect(groups).toContainEqual(expect.objectContaining({ display: 'admins', type: 'direct' }))
  })

  it('makes an instance, waits for it, and mints for it', async () => {
    const client = overPat()
    const made = `js-${randomUUID().slice(0, 8)}`
    const waiter = await client.database.createDatabaseInstance({
      database_instance: { name: made, capacity: 'CU_1' },
    })
    expect((await waiter.wait()).state).toBe('AVAILABLE')
    const { token } = await client.database.generateDatabaseCredential({ instance_names: [made] })
    expect(token).toEqual(expect.any(String))
    await client.database.deleteDatabaseInstance({ name: made, purge: true })
  })

  it('keeps users, groups, service principals and permissions', async () => {
    const client = overPat()
    const user = await client.usersV2.create({ userName: `${randomUUID()}@example.com` })
    const made = await client.servicePrincipalsV2.create({ displayName: 'from JavaScript' })
    const group = await client.groupsV2.create({
      displayName: `js ${randomUUID()}`,
      members: [{ value: user.id ?? '' }, { value: made.id ?? '' }],
    })
    expect((await client.groupsV2.get({ id: group.id ?? '' })).members).toHaveLength(2)
    // `list` of version 0.17.0 asks for its first page again and again; one answer is all that it can give.
    for await (const found of client.usersV2.list({ filter: `userName eq "${user.userName ?? ''}"` })) {
      expect(found.id).toBe(user.id)
      break
    }
    await client.permissions.set({
      request_object_type: 'database-instances',
      request_object_id: name,
      access_control_list: [{ group_name: group.displayName ?? '', permission_level: 'CAN_USE' }],
    })
    const permissions = await client.permissions.get({
      request_object_type: 'database-instances',
      request_object_id: name,
    })
    expect(JSON.stringify(permissions.access_control_list)).toContain(group.displayName)
  })

  it('makes and lists secrets', async () => {
    const secrets = overPat().servicePrincipalSecretsProxy
    const created = await secrets.create({ service_principal_id: principal.id })
    expect(created.secret).toMatch(/^dose/)
    const listed = await collect(secrets.list({ service_principal_id: principal.id }))
    expect(listed.map((secret) => secret.id)).toContain(created.id)
    expect(JSON.stringify(listed)).not.toContain(created.secret)
  })
})
