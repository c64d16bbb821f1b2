/** behaviours 16, 17, 6, 61–63: the life of an instance, seen by REST and by a login. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance, ListDatabaseInstancesResponse } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { inSession, mintCredential, refusedLogin } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const NAME = 'second-instance'
const INSTANCES = '/api/2.0/database/instances'

const get = async () => lakegate.admin.request<DatabaseInstance>('GET', `${INSTANCES}/${NAME}`)
const update = async (mask: string, body: unknown) =>
  lakegate.admin.request<DatabaseInstance>('PATCH', `${INSTANCES}/${NAME}?update_mask=${mask}`, body)
const reach = async (state: string) =>
  waitFor(`state ${state}`, async () => {
    const instance = await get()
    return instance.state === state ? instance : undefined
  })
const endpointOf = (instance: DatabaseInstance) => {
  if (instance.read_write_port === undefined) throw new Error('an available instance has a port')
  return { host: instance.read_write_dns, port: instance.read_write_port }
}

describe('a second instance', () => {
  let created: DatabaseInstance
  let credential: string

  beforeAll(async () => {
    created = await lakegate.admin.request<DatabaseInstance>('POST', INSTANCES, {
      name: NAME,
      capacity: 'CU_1',
    })
    await reach('AVAILABLE')
    credential = await mintCredential(lakegate.admin, NAME)
  })

  afterAll(async () => {
    await lakegate.admin.request('DELETE', `${INSTANCES}/${NAME}`)
    await waitFor('its deletion', async () =>
      get().then(
        () => false,
        (error: unknown) => error instanceof Error && error.message === `DatabaseInstance not found: ${NAME}`,
      ),
    )
  })

  it('is STARTING when it was just created', () => {
    expect(created).toMatchObject({ name: NAME, state: 'STARTING', creator: lakegate.ready.admin_user })
  })

  it('reports every effective setting, false ones included (behaviour 62)', async () => {
    expect(await get()).toMatchObject({
      capacity: 'CU_1',
      effective_capacity: 'CU_1',
      effective_stopped: false,
      effective_node_count: 1,
      effective_enable_pg_native_login: false,
      effective_enable_readable_secondaries: false,
      effective_retention_window_in_days: 7,
      pg_version: 'PG_VERSION_18',
    })
  })

  it('is found by its uid and in the list, page by page', async () => {
    const byUid = await lakegate.admin.request<DatabaseInstance>(
      'GET',
      `${INSTANCES}:findByUid?uid=${created.uid}`,
    )
    expect(byUid.name).toBe(NAME)
    const names: string[] = []
    let page: ListDatabaseInstancesResponse | undefined
    do {
      const token = page?.next_page_token
      page = await lakegate.admin.request<ListDatabaseInstancesResponse>(
        'GET',
        `${INSTANCES}?page_size=1${token === undefined ? '' : `&page_token=${encodeURIComponent(token)}`}`,
      )
      names.push(...page.database_instances.map((instance) => instance.name))
    } while (page.next_page_token !== undefined && page.next_page_token !== '')
    expect(names).toEqual(expect.arrayContaining([lakegate.ready.instance.name, NAME]))
  })

  it('refuses a second one of the same name with 409', async () => {
    await expect(lakegate.admin.request('POST', INSTANCES, { name: NAME })).rejects.toMatchObject({
      status: 409,
    })
  })

  it('opens for a credential that was minted for it, and not for one of another instance (behaviour 6)', async () => {
    const instance = endpointOf(await get())
    const login = { user: lakegate.ready.admin_user, instance }
    await expect(
      inSession(
        lakegate,
        { ...login, password: credential },
        async (client) => (await client.query('SELECT 1')).rowCount,
      ),
    ).resolves.toBe(1)
    const foreign = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    await expect(refusedLogin(lakegate, { ...login, password: foreign })).resolves.toMatchObject({
      code: '28000',
      detail: 'The token was issued for other database instances.',
    })
    const both = await mintCredential(lakegate.admin, lakegate.ready.instance.name, NAME)
    await expect(
      inSession(
        lakegate,
        { ...login, password: both },
        async (client) => (await client.query('SELECT 1')).rowCount,
      ),
    ).resolves.toBe(1)
  })

  it('refuses logins while it is stopped and takes the same token when it runs again (behaviours 16, 17)', async () => {
    const login = { user: lakegate.ready.admin_user, password: credential, instance: endpointOf(await get()) }
    await update('stopped', { stopped: true })
    expect(await reach('STOPPED')).toMatchObject({ effective_stopped: true })
    const refusal = await refusedLogin(lakegate, login)
    expect(refusal).toMatchObject({ code: '28000', message: 'External authorization failed.' })
    expect(refusal.detail).toContain('This could be due to paused instances')
    await update('stopped', { stopped: false })
    const started = await reach('AVAILABLE')
    await expect(
      inSession(
        lakegate,
        { ...login, instance: endpointOf(started) },
        async (client) => (await client.query('SELECT 1')).rowCount,
      ),
    ).resolves.toBe(1)
  })

  it('changes only what the update mask names', async () => {
    const updated = await update('custom_tags', {
      custom_tags: [{ key: 'team', value: 'gate' }],
      capacity: 'CU_8',
    })
    expect(updated).toMatchObject({
      effective_custom_tags: [{ key: 'team', value: 'gate' }],
      effective_capacity: 'CU_1',
    })
    const wiped = await update('custom_tags', { custom_tags: [] })
    expect(wiped.effective_custom_tags).toEqual([])
  })

  it('has more memory after its capacity was raised', async () => {
    const sharedBuffers = async () =>
      inSession(
        lakegate,
        { user: lakegate.ready.admin_user, password: credential, instance: endpointOf(await get()) },
        async (client) =>
          Number(
            (
              await client.query<{ bytes: string }>(
                `SELECT pg_size_bytes(current_setting('shared_buffers')) AS bytes`,
              )
            ).rows[0]?.bytes,
          ),
      )
    const before = await sharedBuffers()
    await update('capacity', { capacity: 'CU_2' })
    await reach('AVAILABLE')
    expect(await sharedBuffers()).toBeGreaterThan(before)
  })

  it('answers an update without a body with a 400', async () => {
    const response = await fetch(`${lakegate.ready.http_url}${INSTANCES}/${NAME}?update_mask=stopped`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${lakegate.ready.admin_token}` },
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error_code: expect.any(String) as string })
  })
})
