/** Logins at the pooled endpoint: with the password of a role they are as at the direct one; claims are refused. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseCatalog, DatabaseCredential, DatabaseInstance } from '@lakegate/client'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { pooledClient } from '../stage/pooled-sessions.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { asOwner, createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate

describe('a credential with claims', () => {
  it('opens no pooled session, and the refusal says where to connect instead', async () => {
    const catalog = `pooled_${randomUUID().slice(0, 8)}`
    const table = `claimed_${randomUUID().slice(0, 8)}`
    const reader = await createServicePrincipal(lakegate, 'reader of claims')
    await createRoleFor(lakegate, reader)
    await asOwner(lakegate, (owner) => owner.query(`CREATE TABLE ${table} (x int)`))
    await admin.request<DatabaseCatalog>('POST', '/api/2.0/database/catalogs', {
      name: catalog,
      database_instance_name: ready.instance.name,
      database_name: 'databricks_postgres',
    })
    const resource = `${catalog}.public.${table}`
    await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${resource}`, {
      changes: [{ principal: reader.applicationId, add: ['SELECT'] }],
    })
    const { token } = await reader.http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', {
      request_id: randomUUID(),
      claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: resource }] }],
    })
    await expect(
      pooledClient(lakegate, { user: reader.applicationId, password: token }),
    ).rejects.toMatchObject({
      code: '0A000',
      message: `role "${reader.applicationId}" cannot use a credential with claims at the pooled endpoint`,
      hint: 'Connect to the host that the instance reports as read_write_dns.',
    })
  })
})

describe('the password of a role', () => {
  const PASSWORD = 'correct horse, battery staple'
  let instance: NativeInstance
  let endpoint: { host: string; port: number }

  beforeAll(async () => {
    instance = await createNativeInstance(lakegate)
    const { pooled_dns: host = '', pooled_port: port = 0 } = await admin.request<DatabaseInstance>(
      'GET',
      `/api/2.0/database/instances/${instance.name}`,
    )
    endpoint = { host, port }
  })
  afterAll(async () => {
    await instance.remove()
  })
  const open = (user: string, password: string, channelBinding = false): Promise<pg.Client> =>
    pooledClient(lakegate, { user, password, endpoint, channelBinding })

  it.each([
    ['SCRAM-SHA-256', false],
    ['SCRAM-SHA-256-PLUS', true],
  ])('opens pooled sessions by %s, behind which is no identity', async (_mechanism, channelBinding) => {
    const role = await instance.createRole(`PASSWORD '${PASSWORD}'`)
    const session = await open(role, PASSWORD, channelBinding)
    await session.query('BEGIN')
    const { rows } = await session.query<{ who: string; identity: string | null }>(
      `SELECT session_user AS who, current_setting('databricks_auth.identity') AS identity`,
    )
    await session.query('COMMIT')
    expect(rows).toEqual([{ who: role, identity: '' }])
    await session.end()
  })

  it('is refused when it is wrong, however many backends of that role are idle', async () => {
    const role = await instance.createRole(`PASSWORD '${PASSWORD}'`)
    const session = await open(role, PASSWORD)
    await session.query('SELECT 1')
    await expect(open(role, 'wrong')).rejects.toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${role}"`,
    })
    await session.end()
  })

  it('that was changed, and a role that may not log in any more, are refused although a pool is open', async () => {
    const role = await instance.createRole(`PASSWORD 'old one'`)
    const session = await open(role, 'old one')
    await session.query('SELECT 1')
    await instance.asOwner((owner) => owner.query(`ALTER ROLE ${role} PASSWORD '${PASSWORD}'`))
    await expect(open(role, 'old one')).rejects.toMatchObject({ code: '28P01' })
    await instance.asOwner((owner) => owner.query(`ALTER ROLE ${role} NOLOGIN`))
    await expect(open(role, PASSWORD)).rejects.toMatchObject({ code: '28000' })
    await session.end()
  })

  it('is not enough beyond CONNECTION LIMIT, nor without CONNECT', async () => {
    const role = await instance.createRole(`CONNECTION LIMIT 1 PASSWORD '${PASSWORD}'`)
    const session = await open(role, PASSWORD)
    await expect(open(role, PASSWORD)).rejects.toMatchObject({
      code: '53300',
      message: `too many connections for role "${role}"`,
    })
    await session.end()
    const database = lakegate.ready.instance.database
    await instance.asOwner((owner) => owner.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`))
    await expect(open(role, PASSWORD)).rejects.toMatchObject({ code: '42501' })
  })
})
