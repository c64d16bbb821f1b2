/** `kill -9` of any process at any point: the next start, or the system itself, recovers (DESIGN §8). */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import {
  instancePostmaster,
  listInstanceDirectories,
  processesIn,
  stopClusters,
  systemPostmaster,
} from '../stage/clusters.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  spawnLakegate,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { asOwner, databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const INSTANCES = '/api/2.0/database/instances'

let dataDirectory: string
let lakegate: RunningLakegate | undefined

const prepare = async () => {
  dataDirectory = await makeDataDirectory()
}
const cleanUp = async () => {
  await lakegate?.stop()
  lakegate = undefined
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
}
const start = async (): Promise<RunningLakegate> => {
  lakegate = await startLakegate({ dataDirectory })
  return lakegate
}
/** The one that the test before left behind, as long as it runs. */
const current = async (): Promise<RunningLakegate> =>
  lakegate?.process.exitCode === null && lakegate.process.signalCode === null ? lakegate : start()
const logsIn = async (running: RunningLakegate) =>
  asOwner(running, async (client) => (await client.query('SELECT 1')).rowCount)
const postmasterOf = async (find: Promise<number | undefined>): Promise<number> => {
  const pid = await find
  if (pid === undefined) throw new Error('the postmaster does not run')
  return pid
}
const waitUntilAvailable = (running: RunningLakegate, name: string): Promise<DatabaseInstance> =>
  waitFor(`the instance ${name}`, async () => {
    const instance = await running.admin.request<DatabaseInstance>('GET', `${INSTANCES}/${name}`)
    return instance.state === 'AVAILABLE' && instance
  })
const isGone = (error: unknown) =>
  error instanceof Error && error.message.startsWith('DatabaseInstance not found')

describe('Lakegate killed during its first start', () => {
  beforeEach(prepare)
  afterEach(cleanUp)

  it.each([
    'PostgreSQL …',
    'System database …',
    'Account …',
    'Keys and certificates …',
    'Control plane and gateway …',
    'Database instances …',
  ])('while it says «%s» is ready after the next start', async (step) => {
    const { child, output } = spawnLakegate(['up'], {
      LAKEGATE_DATA_DIR: dataDirectory,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
    })
    await waitFor(`the step ${step}`, () => output().includes(step))
    child.kill('SIGKILL')
    const running = await start()
    await expect(logsIn(running)).resolves.toBe(1)
    const { database_instances } = await running.admin.request<{ database_instances: DatabaseInstance[] }>(
      'GET',
      INSTANCES,
    )
    expect(database_instances.map(({ name, state }) => [name, state])).toEqual([['dev', 'AVAILABLE']])
  })
})

describe('Lakegate killed between making the directory of instances and opening it to the account of PostgreSQL', () => {
  beforeEach(prepare)
  afterEach(cleanUp)

  it('is ready after the next start', async () => {
    const { child, output } = spawnLakegate(['up'], {
      LAKEGATE_DATA_DIR: dataDirectory,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
    })
    await waitFor('the system database', () => output().includes('Account …'))
    child.kill('SIGKILL')
    // As mkdir leaves it.
    await rm(path.join(dataDirectory, 'instances'), { recursive: true, force: true })
    await mkdir(path.join(dataDirectory, 'instances'), { mode: 0o700 })
    await expect(logsIn(await start())).resolves.toBe(1)
  })
})

// What one test killed has come back when the next one begins: a first start each would take most of the time.
describe('once it has started', () => {
  beforeAll(prepare)
  afterAll(cleanUp)

  describe('Lakegate killed while it serves', () => {
    it('finds the postmasters that lived on, adopts them, and leaves no backend of a session that outlived it', async () => {
      const before = await current()
      const { uid } = before.ready.instance
      await asOwner(before, async (client) => client.query('CREATE TABLE kept_by_both AS SELECT 1 AS one'))
      const password = await mintCredential(before.admin, 'dev')
      const session = await databaseClient(before, { user: before.ready.admin_user, password })
      await session.connect()
      const systemBefore = await postmasterOf(systemPostmaster(dataDirectory))
      const instanceBefore = await postmasterOf(instancePostmaster(dataDirectory, uid))
      await before.kill()
      const after = await start()
      expect(await systemPostmaster(dataDirectory)).toBe(systemBefore)
      expect(await instancePostmaster(dataDirectory, uid)).toBe(instanceBefore)
      // It is served by a worker, which ends with it (attack 43).
      await session.end()
      const clients = await waitFor('the end of the session', async () =>
        asOwner(after, async (client) => {
          const { rows } = await client.query<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()`,
            [after.ready.admin_user],
          )
          return rows.length === 0 ? rows : undefined
        }),
      )
      expect(clients).toEqual([])
      const kept = await asOwner(
        after,
        async (client) => (await client.query<{ one: unknown }>('SELECT one FROM kept_by_both')).rows,
      )
      expect(kept).toEqual([{ one: 1 }])
    })

    it('in the middle of a login lets in whoever asks the next one', async () => {
      const before = await current()
      const password = await mintCredential(before.admin, 'dev')
      const half = await databaseClient(before, { user: before.ready.admin_user, password })
      const ended = half.connect().then(
        () => 'in',
        () => 'out',
      )
      await before.kill()
      expect(['in', 'out']).toContain(await ended)
      await expect(logsIn(await start())).resolves.toBe(1)
    })
  })

  describe('Lakegate killed while an instance', () => {
    it('is being created makes it at the next start', async () => {
      const before = await current()
      await before.admin.request('POST', INSTANCES, { name: 'second' })
      await before.kill()
      const after = await start()
      const second = await waitUntilAvailable(after, 'second')
      const password = await mintCredential(after.admin, 'second')
      const client = await databaseClient(after, {
        user: after.ready.admin_user,
        password,
        instance: { host: second.read_write_dns, port: second.read_write_port ?? 0 },
      })
      await client.connect()
      await client.end()
    })

    it('is being initialised makes it anew at the next start', async () => {
      const before = await current()
      const { uid } = await before.admin.request<DatabaseInstance>('POST', INSTANCES, { name: 'third' })
      await waitFor('its directory', async () => (await listInstanceDirectories(dataDirectory)).includes(uid))
      await before.kill()
      await waitUntilAvailable(await start(), 'third')
    })

    it('is being deleted removes every trace of it at the next start', async () => {
      const before = await current()
      const { uid } = await before.admin.request<DatabaseInstance>('POST', INSTANCES, { name: 'fourth' })
      await waitUntilAvailable(before, 'fourth')
      await before.admin.request('DELETE', `${INSTANCES}/fourth`)
      await before.kill()
      const after = await start()
      await waitFor('the end of the deletion', async () =>
        after.admin.request('GET', `${INSTANCES}/fourth`).then(() => false, isGone),
      )
      expect((await listInstanceDirectories(dataDirectory)).filter((name) => name.includes(uid))).toEqual([])
      await expect(instancePostmaster(dataDirectory, uid)).resolves.toBeUndefined()
    })
  })

  describe('a killed PostgreSQL', () => {
    it('of an instance is started again by itself, with everything that was committed', async () => {
      const running = await current()
      const { uid } = running.ready.instance
      await asOwner(running, async (client) =>
        client.query('CREATE TABLE kept_by_instance AS SELECT 1 AS one'),
      )
      const before = await postmasterOf(instancePostmaster(dataDirectory, uid))
      process.kill(before, 'SIGKILL')
      await waitFor('another postmaster', async () => {
        const now = await instancePostmaster(dataDirectory, uid)
        return now !== undefined && now !== before
      })
      const kept = await waitFor('a login', async () =>
        asOwner(
          running,
          async (client) => (await client.query<{ one: unknown }>('SELECT one FROM kept_by_instance')).rows,
        ).catch(() => undefined),
      )
      expect(kept).toEqual([{ one: 1 }])
    })

    it('of the system database is started again by itself, and until then logins are refused as retryable', async () => {
      const running = await current()
      const { instance, admin_user } = running.ready
      const password = await mintCredential(running.admin, instance.name)
      const open = await databaseClient(running, { user: admin_user, password })
      await open.connect()
      const before = await postmasterOf(systemPostmaster(dataDirectory))
      process.kill(before, 'SIGKILL')
      const refusals = new Set<unknown>()
      await waitFor('a login', async () => {
        const client = await databaseClient(running, { user: admin_user, password })
        try {
          await client.connect()
          await client.end()
          return (await systemPostmaster(dataDirectory)) !== before
        } catch (error) {
          refusals.add(error instanceof Error && 'code' in error ? error.code : error)
          return false
        }
      })
      expect([...refusals].filter((code) => code !== '57P03')).toEqual([])
      await expect(open.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
      await open.end()
    })

    it('together with everything else comes back at the next start', async () => {
      const before = await current()
      await asOwner(before, async (client) => client.query('CREATE TABLE kept_by_nobody AS SELECT 1 AS one'))
      const postmasters = [
        await postmasterOf(systemPostmaster(dataDirectory)),
        await postmasterOf(instancePostmaster(dataDirectory, before.ready.instance.uid)),
      ]
      await before.kill()
      for (const pid of postmasters) process.kill(pid, 'SIGKILL')
      const after = await start()
      const kept = await asOwner(
        after,
        async (client) => (await client.query<{ one: unknown }>('SELECT one FROM kept_by_nobody')).rows,
      )
      expect(kept).toEqual([{ one: 1 }])
      await after.stop()
      await expect(processesIn(dataDirectory)).resolves.toEqual([])
    })
  })
})
