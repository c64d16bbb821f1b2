/**
 * What is lost is said and refused, never replaced by something empty (DESIGN §8): directories that were moved away or
 * whose volume is not mounted, keys, markers, sockets. Everything here is put back in the end, and works again.
 */
import { access, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import { clientConfigOf } from '../../src/store/system-database.ts'
import { instancePostmaster, stopClusters, systemPostmaster } from '../stage/clusters.ts'
import { freePort } from '../stage/free-port.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type ReadyReport,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { runToEnd, type EndedRun } from '../stage/run-to-end.ts'
import { asOwner } from '../stage/service-principal.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'
import { waitFor } from '../stage/wait-for.ts'

const INSTANCE = '/api/2.0/database/instances/dev'

let dataDirectory: string
let running: RunningLakegate | undefined
/** Of the first start: a later one may not have its instance at once. */
let first: ReadyReport
let uid: string

const below = (...parts: readonly string[]) => path.join(dataDirectory, ...parts)
const start = async (): Promise<RunningLakegate> => {
  running = await startLakegate({ dataDirectory })
  return running
}
const stop = async (): Promise<void> => {
  await running?.stop()
  running = undefined
}
const refusedStart = (environment: Readonly<Record<string, string>> = {}): Promise<EndedRun> =>
  runToEnd({ LAKEGATE_DATA_DIR: dataDirectory, ...environment })
const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
const line = async (lakegate: RunningLakegate): Promise<unknown> =>
  asOwner(
    { ...lakegate, ready: { ...lakegate.ready, instance: first.instance } },
    async (client) => (await client.query<{ line: unknown }>('SELECT line FROM kept')).rows[0]?.line,
  )
const dev = (lakegate: RunningLakegate) => lakegate.admin.request<DatabaseInstance>('GET', INSTANCE)

/** While something is away: what is where it was, and back again. */
async function without<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  await rename(file, `${file}.away`)
  try {
    return await work()
  } finally {
    await rm(file, { recursive: true, force: true })
    await rename(`${file}.away`, file)
  }
}

function expectRefusal({ code, output }: EndedRun, ...said: readonly string[]): void {
  const lines = output.split('\n')
  const what = lines.filter((one) => one.startsWith('Lakegate cannot go on: '))
  const whatToDo = lines.filter((one) => one.startsWith('What to do: '))
  expect([code, what.length, whatToDo.length], output).toEqual([1, 1, 1])
  for (const text of said) expect(`${what.join('')}\n${whatToDo.join('')}`).toContain(text)
}

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  const lakegate = await start()
  first = lakegate.ready
  uid = first.instance.uid
  await asOwner(lakegate, async (client) => {
    await client.query('CREATE TABLE kept (line text)')
    await client.query(`INSERT INTO kept VALUES ('from the first start')`)
  })
  await stop()
})
afterEach(stop)
afterAll(async () => {
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
})

describe('a start without the system database that there was', () => {
  const cases: readonly [string, () => Promise<unknown>][] = [
    ['is moved away', () => Promise.resolve()],
    ['is an empty directory, as where a volume is not mounted', () => mkdir(below('system'))],
  ]
  it.each(cases)('is refused when its directory %s, and makes none', async (_how, prepare) => {
    await without(below('system'), async () => {
      await prepare()
      const keyBefore = await readFile(below('master.key'), 'utf8')
      expectRefusal(await refusedStart(), below('system'), 'existed before')
      expect(await isThere(below('system', 'data'))).toBe(false)
      expect(await readFile(below('master.key'), 'utf8')).toBe(keyBefore)
    })
  })

  it('is refused when its data directory is empty', async () => {
    await without(below('system', 'data'), async () => {
      await mkdir(below('system', 'data'))
      expectRefusal(await refusedStart(), below('system', 'data'))
      expect(await readdir(below('system', 'data'))).toEqual([])
    })
  })

  it('is refused when its marker is gone, which the refusal names', async () => {
    await without(below('system', 'lakegate-cluster.json'), async () => {
      expectRefusal(await refusedStart(), below('system'), 'lakegate-cluster.json')
    })
  })

  it('is refused when an external one is named that is not the one that there was', async () => {
    const system = await startTestSystemDatabase()
    try {
      const refused = await refusedStart({
        LAKEGATE_DATABASE_URL: await emptyDatabase(system, 'another_one'),
      })
      expectRefusal(refused, dataDirectory, 'LAKEGATE_DATABASE_URL')
    } finally {
      await system.stop()
    }
  })

  it('goes on as before once everything is back', async () => {
    const lakegate = await start()
    expect(lakegate.ready.account_id).toBe(first.account_id)
    await expect(line(lakegate)).resolves.toBe('from the first start')
  })
})

describe('a start without the master key that there was', () => {
  it('is refused, and no other key is made', async () => {
    await without(below('master.key'), async () => {
      expectRefusal(await refusedStart(), below('master.key'), 'LAKEGATE_MASTER_KEY_FILE')
      expect((await readdir(dataDirectory)).filter((name) => name.startsWith('master.key'))).toEqual([
        'master.key.away',
      ])
    })
  })

  it('is refused when another one is in its place, which stays as it is', async () => {
    await without(below('master.key'), async () => {
      const another = `${Buffer.alloc(32, 7).toString('base64')}\n`
      await writeFile(below('master.key'), another, { mode: 0o600 })
      expectRefusal(await refusedStart(), 'cannot be decrypted', 'LAKEGATE_MASTER_KEY_FILE')
      expect(await readFile(below('master.key'), 'utf8')).toBe(another)
    })
  })

  it('leaves no PostgreSQL running', async () => {
    await expect(systemPostmaster(dataDirectory)).resolves.toBeUndefined()
  })
})

describe('an instance whose directory is lost', () => {
  const cases: readonly [string, () => string, () => Promise<unknown>][] = [
    ['is moved away', () => below('instances', uid), async () => undefined],
    [
      'is empty, as where a volume is not mounted',
      () => below('instances', uid),
      () => mkdir(below('instances', uid)),
    ],
    ['is gone with all others', () => below('instances'), async () => undefined],
    [
      'holds an empty data directory',
      () => below('instances', uid, 'data'),
      () => mkdir(below('instances', uid, 'data')),
    ],
  ]
  it.each(cases)(
    'because it %s is not replaced, says so by its state, its message and the log, and runs again when it is back',
    async (_how, lost, prepare) => {
      const file = lost()
      await rename(file, `${file}.away`)
      await prepare()
      const lakegate = await start()
      const instance = await waitFor('the message on the instance', async () => {
        const found = await dev(lakegate)
        return found.status_message === undefined ? undefined : found
      })
      expect(instance.state).toBe('STARTING')
      expect(instance.status_message).toContain(below('instances', uid))
      expect(instance.status_message).toMatch(/existed before.*Mount or restore/s)
      expect(lakegate.output()).toMatch(/"code":"data_directory_lost"/)
      expect(lakegate.output()).toContain(below('instances', uid))
      expect(await isThere(below('instances', uid, 'data', 'PG_VERSION'))).toBe(false)
      expect(await isThere(below('instances', uid, 'lakegate-cluster.json'))).toBe(file.endsWith('data'))
      if (await isThere(file)) await rmdir(file)
      await rename(`${file}.away`, file)
      await waitFor('the instance', async () => (await dev(lakegate)).state === 'AVAILABLE')
      expect((await dev(lakegate)).status_message).toBeUndefined()
      await expect(line(lakegate)).resolves.toBe('from the first start')
    },
  )

  it('keeps new ones from being made in the place of the volume that is not there', async () => {
    await rename(below('instances'), below('instances.away'))
    await mkdir(below('instances'))
    const lakegate = await start()
    await lakegate.admin.request('POST', '/api/2.0/database/instances', { name: 'newcomer' })
    const newcomer = () =>
      lakegate.admin.request<DatabaseInstance>('GET', '/api/2.0/database/instances/newcomer')
    const { status_message } = await waitFor('the message on the new instance', async () => {
      const found = await newcomer()
      return found.status_message === undefined ? undefined : found
    })
    expect(status_message).toContain(below('instances'))
    expect(await readdir(below('instances'))).toEqual([])
    await rmdir(below('instances'))
    await rename(below('instances.away'), below('instances'))
    await waitFor('the new instance', async () => (await newcomer()).state === 'AVAILABLE')
    await lakegate.admin.request('DELETE', '/api/2.0/database/instances/newcomer')
    await waitFor('the end of the new instance', async () =>
      newcomer().then(
        () => false,
        () => true,
      ),
    )
  })
})

describe('a socket that is lost while PostgreSQL runs', () => {
  it('is made again by a restart of the instance', async () => {
    const lakegate = await start()
    const before = await instancePostmaster(dataDirectory, uid)
    await rm(below('instances', uid, 'socket'), { recursive: true })
    await waitFor('another postmaster', async () => {
      const now = await instancePostmaster(dataDirectory, uid)
      return now !== undefined && now !== before
    })
    await expect(waitFor('a login', async () => line(lakegate).catch(() => undefined))).resolves.toBe(
      'from the first start',
    )
  })

  it('while Lakegate is away does not keep the next start from the cluster', async () => {
    await (await start()).kill()
    await rm(below('system', 'socket'), { recursive: true })
    await rm(below('instances', uid, 'socket'), { recursive: true })
    await expect(line(await start())).resolves.toBe('from the first start')
  })
})

describe('with an external system database', () => {
  let system: TestSystemDatabase
  let url: string
  let home: string

  const shared = () => ({ LAKEGATE_DATA_DIR: home, LAKEGATE_DATABASE_URL: url })
  const startHere = () => startLakegate({ dataDirectory: home, environment: shared() })

  beforeAll(async () => {
    system = await startTestSystemDatabase()
    home = await makeDataDirectory()
    url = await emptyDatabase(system, 'external')
    await (await startHere()).stop()
  })
  afterAll(async () => {
    await stopClusters(home)
    await system.stop()
    await removeDataDirectory(home)
  })

  it('a start without its master key is refused, and none is made', async () => {
    const elsewhere = await makeDataDirectory()
    const refused = await runToEnd({ ...shared(), LAKEGATE_DATA_DIR: elsewhere })
    expectRefusal(refused, path.join(elsewhere, 'master.key'), 'LAKEGATE_MASTER_KEY_FILE')
    expect(await readdir(elsewhere)).not.toContain('master.key')
    await removeDataDirectory(elsewhere)
  })

  it('a gateway without its master key is refused, and makes none', async () => {
    const elsewhere = await makeDataDirectory()
    const port = String(await freePort())
    const refused = await runToEnd(
      {
        ...shared(),
        LAKEGATE_DATA_DIR: elsewhere,
        LAKEGATE_GATEWAY_DOMAIN: 'db.lakegate.example',
        LAKEGATE_PUBLIC_URL: `http://127.0.0.1:${port}`,
      },
      ['serve', '--role', 'gateway'],
    )
    expectRefusal(refused, path.join(elsewhere, 'master.key'), 'LAKEGATE_MASTER_KEY_FILE')
    expect(await readdir(elsewhere)).not.toContain('master.key')
    await removeDataDirectory(elsewhere)
  })

  it('a start with another master key is refused', async () => {
    const other = path.join(home, 'other.key')
    await writeFile(other, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 })
    const refused = await runToEnd({ ...shared(), LAKEGATE_MASTER_KEY_FILE: other })
    expectRefusal(refused, 'cannot be decrypted', 'LAKEGATE_MASTER_KEY_FILE')
  })

  it('a start without the certificate authority that there was is refused, and no other one is made', async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(
      'DELETE FROM certificate_authority WHERE id = 1 RETURNING *',
    )
    expectRefusal(await runToEnd(shared()), 'certificate authority')
    const made = await client.query('SELECT FROM certificate_authority WHERE id = 1')
    expect(made.rowCount).toBe(0)
    await client.query(
      `INSERT INTO certificate_authority (id, certificate_pem, private_key_encrypted, created_at)
       VALUES (1, $1, $2, $3)`,
      [rows[0]?.['certificate_pem'], rows[0]?.['private_key_encrypted'], rows[0]?.['created_at']],
    )
    await client.end()
  })

  it('a start without the signing keys that there were is refused, and no other one is made', async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('CREATE TABLE away AS SELECT * FROM signing_key')
    await client.query('DELETE FROM signing_key')
    expectRefusal(await runToEnd(shared()), 'signing key')
    expect((await client.query('SELECT FROM signing_key')).rowCount).toBe(0)
    await client.query('INSERT INTO signing_key SELECT * FROM away')
    await client.query('DROP TABLE away')
    await client.end()
  })

  it('a start without the URL is refused, and makes no embedded one beside it', async () => {
    const refused = await runToEnd({ LAKEGATE_DATA_DIR: home })
    expectRefusal(refused, path.join(home, 'system'), 'LAKEGATE_DATABASE_URL')
    expect(await readdir(home)).not.toContain('system')
  })

  it('goes on with the right key and URL', async () => {
    const lakegate = await startHere()
    await expect(
      asOwner(lakegate, async (client) => (await client.query('SELECT 1')).rowCount),
    ).resolves.toBe(1)
    await lakegate.stop()
  })
})

describe('where new installations are refused', () => {
  it('an empty data directory, as where its volume is not mounted, makes none', async () => {
    const empty = await makeDataDirectory()
    const refused = await runToEnd({ LAKEGATE_DATA_DIR: empty, LAKEGATE_NEW_INSTALLATION: 'refuse' })
    expectRefusal(refused, empty, 'LAKEGATE_NEW_INSTALLATION')
    expect(await readdir(empty)).not.toContain('system')
    await removeDataDirectory(empty)
  })

  it('an empty external system database makes none', async () => {
    const system = await startTestSystemDatabase()
    const empty = await makeDataDirectory()
    const refused = await runToEnd({
      LAKEGATE_DATA_DIR: empty,
      LAKEGATE_DATABASE_URL: await emptyDatabase(system, 'empty'),
      LAKEGATE_NEW_INSTALLATION: 'refuse',
    })
    expectRefusal(refused, 'LAKEGATE_NEW_INSTALLATION')
    await system.stop()
    await removeDataDirectory(empty)
  })

  it('the one that is there starts', async () => {
    running = await startLakegate({ dataDirectory, environment: { LAKEGATE_NEW_INSTALLATION: 'refuse' } })
    await expect(line(running)).resolves.toBe('from the first start')
  })
})

/** @returns the URL of an empty database beside the others */
async function emptyDatabase({ address }: TestSystemDatabase, name: string): Promise<string> {
  if (address.kind !== 'socket') throw new Error('the system database has no socket')
  const client = new pg.Client(clientConfigOf(address))
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return `postgresql://${address.user}@/${name}?host=${address.directory}`
}
