/**
 * A gateway of its own says how it is: /healthz, /readyz and /metrics. It stands beside the shared Lakegate, on the same
 * system database, by a way that can be cut.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clockAhead } from '../stage/clock.ts'
import { startGatewayNode, type GatewayNode } from '../stage/gateway-node.ts'
import { openWay, type InterruptibleWay } from '../stage/interruptible-database.ts'
import { makeDataDirectory, removeDataDirectory } from '../stage/lakegate.ts'
import { scrape, valueOf } from '../stage/metrics.ts'
import { runToEnd } from '../stage/run-to-end.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { workersOf } from '../stage/workers.ts'

const lakegate = sharedLakegate()
const DOMAIN = 'db.lakegate.example'
const SKEW = 'lakegate_clock_skew_seconds'
let way: InterruptibleWay
let directory: string
let settings: Record<string, string>
let gateway: GatewayNode

beforeAll(async () => {
  directory = await makeDataDirectory()
  way = await openWay(path.join(lakegate.dataDirectory, 'system', 'socket'))
  settings = {
    LAKEGATE_DATA_DIR: directory,
    LAKEGATE_DATABASE_URL: `postgresql://cloud_admin@/lakegate?host=${way.directory}`,
    LAKEGATE_MASTER_KEY_FILE: path.join(lakegate.dataDirectory, 'master.key'),
    LAKEGATE_GATEWAY_DOMAIN: DOMAIN,
    LAKEGATE_GATEWAY_WORKERS: '1',
    LAKEGATE_PUBLIC_URL: lakegate.ready.http_url,
  }
  gateway = await startGatewayNode(directory, { ...settings, LAKEGATE_DRAIN_NOTICE_SECONDS: '3600' })
})
afterAll(async () => {
  // Behind the last test it has ended already.
  gateway.process.kill('SIGTERM')
  await gateway.stop()
  await way.remove()
  await removeDataDirectory(directory)
})

/** For half a minute the others would wait for what it says of its sessions, and tell those who ask that it said nothing. */
async function forget(worker: number): Promise<void> {
  const client = new pg.Client({
    host: path.join(lakegate.dataDirectory, 'system', 'socket'),
    user: 'cloud_admin',
    database: 'lakegate',
  })
  await client.connect()
  await client.query('DELETE FROM gateway_process WHERE process_id = $1', [worker])
  await client.end()
}

async function ask(question: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.healthUrl}${question}`, { headers })
  const text = await response.text()
  return {
    status: response.status,
    text,
    body: text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined,
  }
}

const READY = { status: 200, body: { status: 'ready' } }
const notReady = (...failed: string[]) => ({ status: 503, body: { status: 'not_ready', failed } })

async function logIn(): Promise<string | undefined> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: gateway.port,
    database: lakegate.ready.instance.database,
    user: lakegate.ready.admin_user,
    password: await mintCredential(lakegate.admin, lakegate.ready.instance.name),
    ssl: {
      ca: await readFile(lakegate.ready.ca_file, 'utf8'),
      servername: `instance-${lakegate.ready.instance.uid}.${DOMAIN}`,
    },
  })
  await client.connect()
  const { rows } = await client.query<{ name: string }>('SELECT session_user AS name')
  await client.end()
  return rows[0]?.name
}

describe('a gateway of its own', () => {
  it('says where its health is, that it lives, and that it is ready', async () => {
    await waitFor('the last line of the start', () => gateway.output().includes(`is at ${gateway.healthUrl}`))
    expect(gateway.healthUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await expect(ask('/healthz')).resolves.toMatchObject({ status: 200, body: { status: 'alive' } })
    await expect(ask('/readyz')).resolves.toMatchObject(READY)
  })

  it('counts what its workers do at /metrics, for this machine alone', async () => {
    await expect(logIn()).resolves.toBe(lakegate.ready.admin_user)
    const text = await waitFor('the login in the count', async () => {
      const { text: found } = await ask('/metrics')
      return valueOf(found, 'lakegate_logins_total') === 1 && found
    })
    expect(valueOf(text, 'lakegate_gateway_processes')).toBe(1)
    expect(text).toMatch(new RegExp(`^${SKEW} `, 'm'))
    await expect(ask('/metrics', { 'x-forwarded-for': '203.0.113.7' })).resolves.toMatchObject({
      status: 403,
    })
  })

  it('answers nothing else', async () => {
    await expect(ask('/api/2.0/database/instances')).resolves.toMatchObject({
      status: 404,
      body: { error_code: 'ENDPOINT_NOT_FOUND' },
    })
  })

  it('is not ready while the system database is out of reach, and lives', async () => {
    await way.cut()
    await expect(ask('/readyz')).resolves.toMatchObject(notReady('system_database'))
    await expect(ask('/healthz')).resolves.toMatchObject({ status: 200 })
    await way.open()
    await waitFor('the way back', async () => (await ask('/readyz')).status === 200)
  })

  it('does not live without a process that serves', async () => {
    // A worker that cannot reach the system database does not start.
    await way.cut()
    const [worker = 0] = await workersOf(gateway.process.pid)
    process.kill(worker, 'SIGKILL')
    await waitFor('the end of the worker', async () => (await ask('/healthz')).status === 503)
    await expect(ask('/healthz')).resolves.toMatchObject({
      body: { status: 'not_alive', failed: ['processes'] },
    })
    await expect(ask('/readyz')).resolves.toMatchObject(notReady('processes', 'system_database'))
    await way.open()
    await waitFor('another worker', async () => (await ask('/readyz')).status === 200)
    await expect(logIn()).resolves.toBe(lakegate.ready.admin_user)
    await forget(worker)
  })

  it('does not start where another program answers at its address, and says which setting is meant', async () => {
    const { code, output } = await runToEnd(
      { ...settings, LAKEGATE_GATEWAY_HEALTH_PORT: new URL(gateway.healthUrl).port },
      ['serve', '--role', 'gateway'],
    )
    expect(output).toContain(
      `Port ${new URL(gateway.healthUrl).port} on 127.0.0.1, where the gateway would answer`,
    )
    expect(output).toContain('LAKEGATE_GATEWAY_HEALTH_PORT')
    expect(code).toBe(1)
  })

  it('says that it goes before it takes no more logins, for as long as it is told', async () => {
    gateway.process.kill('SIGTERM')
    await waitFor('the notice', async () => (await ask('/readyz')).status === 503)
    await expect(ask('/readyz')).resolves.toMatchObject(notReady('stopping'))
    await expect(ask('/healthz')).resolves.toMatchObject({ status: 200 })
    await expect(logIn()).resolves.toBe(lakegate.ready.admin_user)
    // A second request to stop ends the waiting.
    await expect(gateway.stop()).resolves.toBe(0)
  })
})

describe('the clock of a node', () => {
  it('is the one of the system database, where both are on one machine', async () => {
    expect(Math.abs(valueOf(await scrape(lakegate), SKEW))).toBeLessThan(2.5)
  })

  it('shows in its metrics, and once in its log, when it is wrong', async () => {
    const fast = await startGatewayNode(directory, {
      ...settings,
      ...clockAhead(60_000),
      LAKEGATE_GATEWAY_WORKERS: '0',
    })
    try {
      const skew = await waitFor('the comparison', async () => {
        const text = await (await fetch(`${fast.healthUrl}/metrics`)).text()
        return valueOf(text, SKEW)
      })
      expect(skew).toBeGreaterThan(30)
      expect(skew).toBeLessThan(61)
      expect(fast.output().split('the clock of this node is ahead of the system database’s')).toHaveLength(2)
      expect(fast.output()).toContain('Let NTP set the clocks')
    } finally {
      await fast.stop()
    }
  })
})
