/**
 * Attack 39, by the rule in docs/operating.md: gateways let people in and keep sessions whatever becomes of the
 * control planes. Two gateways and up to two control planes on one external system database.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLakegateHttp, type DatabaseInstance, type InstanceMetricsAnswer } from '@lakegate/client'
import { cancelRequest } from '../stage/byte-builder.ts'
import { instancePostmaster, stopClusters } from '../stage/clusters.ts'
import { startGatewayNode, type GatewayNode } from '../stage/gateway-node.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { runToEnd } from '../stage/run-to-end.ts'
import { createServicePrincipal, mintCredential } from '../stage/service-principal.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'
import { waitFor } from '../stage/wait-for.ts'
import { workersOf } from '../stage/workers.ts'
import { connectWire } from '../stage/wire-client.ts'
import { freePort } from '../stage/free-port.ts'

/** Of the instances, for all gateways together; each gateway by itself would take its default of 1000. */
const CONNECTIONS = 60
const BACKENDS_OF_POOLS = 7
let system: TestSystemDatabase
let dataDirectory: string
let secondDirectory: string
let shared: Record<string, string>
let control: RunningLakegate
let gateways: readonly [GatewayNode, GatewayNode]
let token: string

/** Where the balancer in front of the gateways would listen. */
const PUBLIC_PORT = { LAKEGATE_GATEWAY_PORT: '5432' }

const startControl = () =>
  startLakegate({
    dataDirectory,
    command: ['serve', '--role', 'control'],
    environment: {
      ...shared,
      ...PUBLIC_PORT,
      LAKEGATE_CONNECTIONS_PER_INSTANCE: String(CONNECTIONS),
      LAKEGATE_POOL_SIZE_PER_INSTANCE: String(BACKENDS_OF_POOLS),
    },
  })

beforeAll(async () => {
  system = await startTestSystemDatabase()
  dataDirectory = await makeDataDirectory()
  secondDirectory = await makeDataDirectory()
  if (system.address.kind !== 'socket') throw new Error('the system database has no socket')
  const port = String(await freePort())
  shared = {
    LAKEGATE_DATABASE_URL: `postgresql://${system.address.user}@/${system.address.database}?host=${system.address.directory}`,
    LAKEGATE_MASTER_KEY_FILE: path.join(dataDirectory, 'master.key'),
    LAKEGATE_GATEWAY_DOMAIN: 'db.lakegate.example',
    LAKEGATE_GATEWAY_WORKERS: '1',
    LAKEGATE_HTTP_PORT: port,
    LAKEGATE_PUBLIC_URL: `http://127.0.0.1:${port}`,
  }
  control = await startControl()
  gateways = [
    await startGatewayNode(secondDirectory, shared),
    await startGatewayNode(secondDirectory, shared),
  ]
  token = await mintCredential(control.admin, 'dev')
})
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()))
  await control.stop()
  await stopClusters(dataDirectory)
  await system.stop()
  await removeDataDirectory(dataDirectory)
  await removeDataDirectory(secondDirectory)
})

async function openSession(
  { port }: GatewayNode,
  login = { user: control.ready.admin_user, password: token },
): Promise<pg.Client> {
  const { ready } = control
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    database: 'databricks_postgres',
    ...login,
    ssl: { ca: await readFile(ready.ca_file, 'utf8'), servername: ready.instance.host },
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function logsIn(gateway: GatewayNode): Promise<boolean> {
  const session = await openSession(gateway)
  const { rowCount } = await session.query('SELECT 1')
  await session.end()
  return rowCount === 1
}

describe('gateways of their own', () => {
  it('let in with the token of a control plane elsewhere, each of them', async () => {
    await expect(Promise.all(gateways.map(logsIn))).resolves.toEqual([true, true])
  })

  it('tell a control plane elsewhere how instances are used; one that is silent is counted', async () => {
    const path = `/api/2.0/lakegate/instances/dev/metrics`
    const read = () => control.admin.request<InstanceMetricsAnswer>('GET', path)
    const sessions = await Promise.all(gateways.map((gateway) => openSession(gateway)))
    const seen = await waitFor('a point with the sessions of both', async () => {
      const metrics = await read()
      return (metrics.points.at(-1)?.open_sessions ?? 0) >= 2 ? metrics : undefined
    })
    expect(seen).toMatchObject({ silent_gateways: 0, session_limit: CONNECTIONS })
    const silenced = await workersOf(gateways[1].process.pid)
    for (const pid of silenced) process.kill(pid, 'SIGSTOP')
    try {
      await waitFor('the silence', async () => (await read()).silent_gateways === 1)
    } finally {
      for (const pid of silenced) process.kill(pid, 'SIGCONT')
    }
    await waitFor('its word', async () => (await read()).silent_gateways === 0)
    await Promise.all(sessions.map((session) => session.end()))
  })

  it('pass cancel requests on to one another (behaviour 71)', async () => {
    const [here, there] = gateways
    const session = await openSession(here)
    const { processID, secretKey } = session as unknown as { processID: number; secretKey: number }
    const outcome = session.query('SELECT pg_sleep(600)').catch((error: unknown) => error)
    const key = Buffer.alloc(4)
    key.writeInt32BE(secretKey)
    await waitFor('the cancelled query', async () => {
      const request = await connectWire(control, { host: '127.0.0.1', port: there.port })
      request.send(cancelRequest(processID, key))
      expect(await request.untilClosed()).toEqual([])
      return Promise.race([outcome, Promise.resolve(undefined)])
    })
    await expect(outcome).resolves.toMatchObject({ code: '57014' })
    await session.end()
  })

  it('go on letting in, keep sessions and hold the master key, while the control plane is killed and when it is gone', async () => {
    const session = await openSession(gateways[0])
    const logins = Promise.all(
      Array.from({ length: 40 }, (_, index) => logsIn(gateways[index % 2 === 0 ? 0 : 1])),
    )
    await control.kill()
    expect(new Set(await logins)).toEqual(new Set([true]))
    await expect(Promise.all(gateways.map(logsIn))).resolves.toEqual([true, true])
    expect((await session.query('SELECT 1')).rowCount).toBe(1)
    await session.end()
    // What they hold in their memory is not changed behind their backs: they would keep what nobody can open.
    const before = await readFile(shared['LAKEGATE_MASTER_KEY_FILE'] ?? '')
    const rotation = await runToEnd({ ...shared, LAKEGATE_DATA_DIR: dataDirectory }, [
      'keys',
      'rotate',
      '--master-key',
    ])
    expect(rotation.code).toBe(1)
    expect(rotation.output).toContain('A control plane or a gateway runs on this system database')
    expect(await readFile(shared['LAKEGATE_MASTER_KEY_FILE'] ?? '')).toEqual(before)
    control = await startControl()
    await expect(mintCredential(control.admin, 'dev')).resolves.toMatch(/^ey/)
  })
})

describe('the limits of PostgreSQL', () => {
  /** Opens sessions at one gateway after the other until PostgreSQL takes no more. */
  async function fill(most: number, login?: { user: string; password: string }) {
    const sessions: pg.Client[] = []
    try {
      for (let count = 0; count <= most; count += 1)
        sessions.push(await openSession(gateways[count % 2 === 0 ? 0 : 1], login))
      return { sessions: sessions.length, error: undefined }
    } catch (error) {
      return { sessions: sessions.length, error }
    } finally {
      await Promise.all(sessions.map((session) => session.end()))
    }
  }

  it('hold over all gateways: CONNECTION LIMIT of a role', async () => {
    const principal = await createServicePrincipal(control, 'few')
    const owner = await openSession(gateways[0])
    await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
    await owner.query('SELECT databricks_create_role($1, $2)', [principal.applicationId, 'SERVICE_PRINCIPAL'])
    await owner.query(`ALTER ROLE "${principal.applicationId}" CONNECTION LIMIT 3`)
    await owner.end()
    const login = { user: principal.applicationId, password: await principal.workspaceToken() }
    expect(await fill(3, login)).toEqual({
      sessions: 3,
      // Ours has a DETAIL and no name of a function.
      error: expect.objectContaining({
        code: '53300',
        message: `too many connections for role "${principal.applicationId}"`,
        routine: 'InitializeSessionUserId',
      }) as unknown,
    })
  })

  it('hold over all gateways: max_connections, which has places for direct sessions and pools', async () => {
    const { sessions, error } = await fill(2 * CONNECTIONS)
    expect(error).toMatchObject({ code: '53300', routine: 'InitPostgres' })
    // What the questions of the gateways and of the control plane leave of their ten places is there for clients.
    expect(sessions).toBeGreaterThanOrEqual(CONNECTIONS + BACKENDS_OF_POOLS)
    expect(sessions).toBeLessThanOrEqual(CONNECTIONS + BACKENDS_OF_POOLS + 10)
    await waitFor('a free place', () => logsIn(gateways[1]).catch(() => false))
  })
})

describe('control planes', () => {
  it('take over from one another: both serve, one looks after the instances, and those outlive it', async () => {
    const port = String(await freePort())
    const first = control
    const second = await startLakegate({
      dataDirectory: secondDirectory,
      command: ['serve', '--role', 'control'],
      // The instances are below the data directory of both; only the ready file is of its own.
      environment: {
        ...shared,
        ...PUBLIC_PORT,
        LAKEGATE_DATA_DIR: dataDirectory,
        LAKEGATE_HTTP_PORT: port,
      },
    })
    control = second
    const admin = createLakegateHttp(`http://127.0.0.1:${port}`, () => second.ready.admin_token)
    await expect(mintCredential(admin, 'dev')).resolves.toMatch(/^ey/)
    expect(second.output()).not.toContain('this control plane looks after the database instances')
    const postmaster = await instancePostmaster(dataDirectory, first.ready.instance.uid)
    expect(postmaster).toBeDefined()

    await expect(first.stop()).resolves.toBe(0)
    await expect(mintCredential(admin, 'dev')).resolves.toMatch(/^ey/)
    await waitFor('the takeover', () =>
      second.output().includes('this control plane looks after the database instances'),
    )
    expect(await instancePostmaster(dataDirectory, first.ready.instance.uid)).toBe(postmaster)
    await admin.request('POST', '/api/2.0/database/instances', { name: 'later' })
    await waitFor('an instance made by the second', async () => {
      const { state } = await admin.request<DatabaseInstance>('GET', '/api/2.0/database/instances/later')
      return state === 'AVAILABLE'
    })
    await expect(Promise.all(gateways.map(logsIn))).resolves.toEqual([true, true])
  })

  it('say that they stop before they do, and answer everything until their notice is over', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}`
    const leaving = await startLakegate({
      dataDirectory: secondDirectory,
      command: ['serve', '--role', 'control'],
      environment: {
        ...shared,
        ...PUBLIC_PORT,
        LAKEGATE_DATA_DIR: dataDirectory,
        LAKEGATE_HTTP_PORT: new URL(url).port,
        LAKEGATE_DRAIN_NOTICE_SECONDS: '3600',
      },
    })
    const admin = createLakegateHttp(url, () => leaving.ready.admin_token)
    const askReady = async () => {
      const answer = await fetch(`${url}/readyz`)
      return { status: answer.status, body: await answer.json() }
    }
    await expect(askReady()).resolves.toEqual({ status: 200, body: { status: 'ready' } })
    leaving.process.kill('SIGTERM')
    await waitFor('the notice', async () => (await askReady()).status === 503)
    await expect(askReady()).resolves.toMatchObject({ body: { status: 'not_ready', failed: ['stopping'] } })
    await expect(mintCredential(admin, 'dev')).resolves.toMatch(/^ey/)
    // A second request to stop ends the waiting.
    await expect(leaving.stop()).resolves.toBe(0)
  })
})

describe('a gateway that is told to stop', () => {
  it('ends its sessions in PostgreSQL’s words, and leaves those of the other gateway and the instances alone', async () => {
    const [leaving, staying] = gateways
    const ending = await openSession(leaving)
    const lasting = await openSession(staying)
    const farewell = new Promise((resolve) => ending.once('error', resolve))
    await expect(leaving.stop()).resolves.toBe(0)
    await expect(farewell).resolves.toMatchObject({ severity: 'FATAL', code: '57P01' })
    expect((await lasting.query('SELECT 1')).rowCount).toBe(1)
    await lasting.end()
  })
})
