/**
 * docs/high-availability.md: two control planes and two gateways behind HAProxy, with the page's own files; only addresses, ports and
 * names of files are those of this machine. People sign in all the while.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseCredential, DatabaseInstance } from '@lakegate/client'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { blocksRunBy } from '../stage/document.ts'
import { freePort } from '../stage/free-port.ts'
import { makeDataDirectory, removeDataDirectory, spawnLakegate, type ReadyReport } from '../stage/lakegate.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'
import { createTestAuthority } from '../stage/test-authority.ts'
import { fetchTrusting, type Fetch } from '../stage/trusting-fetch.ts'
import { waitFor } from '../stage/wait-for.ts'

const run = promisify(execFile)
const [EVERYWHERE, CONTROL, GATEWAY, HAPROXY, UPGRADE] = blocksRunBy(
  'docs/high-availability.md',
  'packages/server/test/rehearsals/high-availability.test.ts',
).map(({ text }) => text)

/** Lines of an environment file, as systemd reads it. */
const variablesIn = (text = ''): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

/** One of the four machines: a process that can be stopped, killed and started again. */
interface Machine {
  readonly directory: string
  /** Where /readyz is. */
  readonly healthPort: number
  readonly output: () => string
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
}

let system: TestSystemDatabase
let cluster: ForeignCluster
let top: string
let haproxy: ChildProcess | undefined
let rest: { readonly url: URL; readonly fetch: Fetch }
let ready: ReadyReport
/** The host of the instance, below the domain of the gateways. */
let host: string
const front = { postgres: 0, rest: 0 }
let controls: readonly [Machine, Machine]
let gateways: readonly [Machine, Machine]

async function makeMachine(
  name: string,
  role: 'control' | 'gateway',
  healthPort: number,
  environment: Readonly<Record<string, string>>,
): Promise<Machine> {
  const directory = path.join(top, name)
  await mkdir(directory, { mode: 0o711 })
  let running: ReturnType<typeof spawnLakegate> | undefined
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const child = running?.child
    if (child?.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return {
    directory,
    healthPort,
    output: () => running?.output() ?? '',
    async start() {
      running = spawnLakegate(['serve', '--role', role], {
        ...environment,
        LAKEGATE_DATA_DIR: directory,
        LAKEGATE_READY_FILE: path.join(directory, 'ready.json'),
      })
      const { child, output } = running
      await waitFor(`${name} to be ready`, async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended:\n${output()}`)
        const answer = await fetch(`http://127.0.0.1:${String(healthPort)}/readyz`).catch(() => undefined)
        return answer?.status === 200
      })
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** The page's haproxy.cfg, with the ports of this machine. */
function configurationOfHaproxy(ports: {
  readonly gateways: readonly number[]
  readonly health: readonly number[]
  readonly controls: readonly number[]
  readonly certificate: string
}): string {
  return (HAPROXY ?? '')
    .replace('bind 0.0.0.0:5432', `bind 127.0.0.1:${String(front.postgres)}`)
    .replace('bind 0.0.0.0:443', `bind 127.0.0.1:${String(front.rest)}`)
    .replace('/etc/haproxy/lakegate.pem', ports.certificate)
    .replace('check port 8471 inter', 'check inter')
    .replaceAll(
      /10\.0\.0\.1([12]):5432/g,
      (_address, number: string) =>
        `127.0.0.1:${String(ports.gateways[Number(number) - 1])} port ${String(ports.health[Number(number) - 1])}`,
    )
    .replaceAll(
      /10\.0\.0\.2([12]):8470/g,
      (_address, number: string) => `127.0.0.1:${String(ports.controls[Number(number) - 1])}`,
    )
}

async function freePorts(): Promise<readonly [number, number]> {
  return [await freePort(), await freePort()]
}

const isHere = spawnSync('haproxy', ['-v']).status === 0
if (!isHere) console.warn('haproxy is not installed, the rehearsal of high availability is skipped')

describe.skipIf(!isHere)('two control planes and two gateways behind HAProxy', () => {
  beforeAll(async () => {
    system = await startTestSystemDatabase()
    if (system.address.kind !== 'socket') throw new Error('the system database has no socket')
    cluster = await startForeignCluster()
    await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
    top = await makeDataDirectory()
    front.postgres = await freePort()
    front.rest = await freePort()
    const ports = { gateways: await freePorts(), health: await freePorts(), controls: await freePorts() }
    const everywhere = {
      ...variablesIn(EVERYWHERE),
      LAKEGATE_DATABASE_URL: `postgresql://${system.address.user}@/${system.address.database}?host=${system.address.directory}`,
      LAKEGATE_PUBLIC_URL: `https://127.0.0.1:${String(front.rest)}`,
      LAKEGATE_GATEWAY_WORKERS: '1',
    }
    const control = (index: 0 | 1) =>
      makeMachine(`control${String(index + 1)}`, 'control', ports.controls[index], {
        ...everywhere,
        ...variablesIn(CONTROL),
        LAKEGATE_MASTER_KEY_FILE: path.join(top, `control${String(index + 1)}`, 'master.key'),
        LAKEGATE_HTTP_HOST: '127.0.0.1',
        LAKEGATE_HTTP_PORT: String(ports.controls[index]),
        LAKEGATE_FORWARDED_FOR_FROM: '127.0.0.1/32',
      })
    const gateway = (index: 0 | 1) =>
      makeMachine(`gateway${String(index + 1)}`, 'gateway', ports.health[index], {
        ...everywhere,
        ...variablesIn(GATEWAY),
        LAKEGATE_MASTER_KEY_FILE: path.join(top, `gateway${String(index + 1)}`, 'master.key'),
        LAKEGATE_GATEWAY_HOST: '127.0.0.1',
        LAKEGATE_GATEWAY_HEALTH_HOST: '127.0.0.1',
        LAKEGATE_PROXY_PROTOCOL_FROM: '127.0.0.1/32',
        LAKEGATE_GATEWAY_PORT: String(ports.gateways[index]),
        LAKEGATE_GATEWAY_HEALTH_PORT: String(ports.health[index]),
        // Nobody waits five minutes here for a session that a test keeps.
        LAKEGATE_DRAIN_SECONDS: '1',
      })
    controls = [await control(0), await control(1)]
    gateways = [await gateway(0), await gateway(1)]
    await controls[0].start()
    for (const { directory } of [controls[1], ...gateways]) {
      const key = path.join(directory, 'master.key')
      await copyFile(path.join(controls[0].directory, 'master.key'), key)
      await chmod(key, 0o600)
    }
    await Promise.all([controls[1], ...gateways].map((machine) => machine.start()))
    ready = JSON.parse(await readFile(path.join(controls[0].directory, 'ready.json'), 'utf8')) as ReadyReport

    const authority = await createTestAuthority()
    const files = { certificate: path.join(top, 'rest.crt'), key: path.join(top, 'rest.key') }
    await authority.issue('127.0.0.1', files)
    const certificate = path.join(top, 'lakegate.pem')
    await writeFile(
      certificate,
      `${await readFile(files.certificate, 'utf8')}${await readFile(files.key, 'utf8')}`,
      { mode: 0o600 },
    )
    rest = { url: new URL(ready.http_url), fetch: fetchTrusting(authority.caPem) }
    const file = path.join(top, 'haproxy.cfg')
    await writeFile(file, configurationOfHaproxy({ ...ports, certificate }))
    haproxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
    await waitFor('REST through HAProxy', () =>
      ask('GET', '/api/2.0/database/instances').catch(() => undefined),
    )
    await attachCluster()
  })
  afterAll(async () => {
    haproxy?.kill()
    await Promise.all([...gateways, ...controls].map((machine) => machine.stop()))
    await cluster.stop()
    await system.stop()
    await removeDataDirectory(top)
  })

  async function ask<Answer>(method: string, place: string, body?: object): Promise<Answer> {
    const response = await rest.fetch(new URL(place, rest.url), {
      method,
      headers: { authorization: `Bearer ${ready.admin_token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${String(response.status)} ${text}`)
    return JSON.parse(text) as Answer
  }

  async function attachCluster(): Promise<void> {
    await ask('POST', '/api/2.0/database/instances', {
      name: 'shop',
      attached: {
        hosts: [{ host: cluster.host, port: cluster.port }],
        database: 'app',
        tls: { mode: 'verify-full', ca_pem: cluster.caPem },
        administration: ADMINISTRATOR,
        backend_authentication: 'scram',
      },
    })
    await waitFor('the instance', async () => {
      const instance = await ask<DatabaseInstance>('GET', '/api/2.0/database/instances/shop')
      host = instance.read_write_dns
      return instance.state === 'AVAILABLE'
    })
    expect(host).toMatch(/\.db\.example\.com$/)
    await logIn()
  }

  const mint = async (): Promise<string> =>
    (await ask<DatabaseCredential>('POST', '/api/2.0/database/credentials', { instance_names: ['shop'] }))
      .token

  /** Mints a credential and logs in with it, both through HAProxy. @returns who the session says it is */
  async function logIn(password?: string): Promise<string> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: front.postgres,
      database: 'app',
      user: ready.admin_user,
      password: password ?? (await mint()),
      ssl: { ca: await readFile(ready.ca_file, 'utf8'), servername: host },
    })
    client.on('error', () => undefined)
    await client.connect()
    try {
      const { rows } = await client.query<{ who: string }>('SELECT session_user AS who')
      return rows[0]?.who ?? ''
    } finally {
      await client.end()
    }
  }

  /** Mints and logs in, again and again in four places, while `work` runs. @returns what failed */
  async function underLoad(
    work: () => Promise<void>,
  ): Promise<{ readonly logins: number; readonly failures: readonly string[] }> {
    let isOver = false
    let logins = 0
    const failures: string[] = []
    const loops = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        try {
          await logIn()
          logins += 1
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error))
        }
      }
    })
    try {
      await work()
    } finally {
      isOver = true
      await Promise.all(loops)
    }
    return { logins, failures }
  }

  /** Enough for several logins on every way there is. */
  const forAWhile = async () => {
    for (let login = 0; login < 20; login += 1) await logIn()
  }

  it('let in through either gateway, and the audit names the client', async () => {
    await forAWhile()
    const admitted = ({ output }: Machine) =>
      output()
        .split('\n')
        .filter((line) => line.includes('"event":"login"') && line.includes('"outcome":"admitted"'))
    expect(gateways.map((gateway) => admitted(gateway).length > 0)).toEqual([true, true])
    expect(gateways.flatMap(admitted)[0]).toContain('"clientAddress":"127.0.0.1"')
  })

  it('are stopped, upgraded and started one after another without one failed login', async () => {
    const { logins, failures } = await underLoad(async () => {
      for (const machine of [...controls, ...gateways]) {
        // The page's commands; systemctl and the upgrade are this test's.
        const commands = path.join(machine.directory, 'bin')
        await mkdir(commands, { recursive: true })
        const steps: string[] = []
        for (const line of (UPGRADE ?? '')
          .split('\n')
          .filter((text) => text !== '' && !text.startsWith('#'))) {
          steps.push(line.split(' ', 2).join(' '))
          if (line === 'systemctl stop lakegate') await machine.stop()
          else if (line === 'systemctl start lakegate') await machine.start()
          else if (line !== 'upgrade-lakegate')
            await run('bash', ['-c', line], { env: { ...process.env, PORT: String(machine.healthPort) } })
        }
        expect(steps).toEqual(['systemctl stop', 'upgrade-lakegate', 'systemctl start', 'until curl'])
        await forAWhile()
      }
    })
    expect(failures).toEqual([])
    expect(logins).toBeGreaterThan(0)
  })

  it('lose no login but those under way when a gateway is killed', async () => {
    const { failures } = await underLoad(async () => {
      await gateways[0].kill()
      await forAWhile()
    })
    expect(failures.length).toBeLessThanOrEqual(4)
    await gateways[0].start()
  })

  it('answer REST and let in when a control plane is killed', async () => {
    const { failures } = await underLoad(async () => {
      await controls[0].kill()
      await forAWhile()
    })
    expect(failures.length).toBeLessThanOrEqual(4)
  })

  it('let in with the tokens that exist while all control planes are away', async () => {
    const credential = await mint()
    await controls[1].kill()
    await expect(logIn(credential)).resolves.toBe(ready.admin_user)
    await Promise.all(controls.map((machine) => machine.start()))
  })
})
