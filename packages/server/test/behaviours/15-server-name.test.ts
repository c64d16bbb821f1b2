/**
 * Behaviours 15, 16, 71; attacks 6, 13: one address for all instances under a domain. The TLS server name says which
 * is meant; load balancers say who the client is; cancel requests find their session without a name.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { promisify } from 'node:util'
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance, OpenSessionsAnswer } from '@lakegate/client'
import {
  cancelRequest,
  passwordMessage,
  queryMessage,
  sslRequest,
  startupMessage,
} from '../stage/byte-builder.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { localHeader, proxiedFrom } from '../stage/proxy-header.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWire, errorFields, type WireClient } from '../stage/wire-client.ts'
import { freePort } from '../stage/free-port.ts'

const DOMAIN = 'db.lakegate.example'
/** Where a load balancer of this test comes from. */
const BALANCER = '127.0.0.2'
const run = promisify(execFile)

let lakegate: OwnLakegate
let token: string

beforeAll(async () => {
  lakegate = await startOwnLakegate({
    LAKEGATE_LOGINS_PER_ADDRESS: '200',
    LAKEGATE_GATEWAY_DOMAIN: DOMAIN,
    LAKEGATE_GATEWAY_HOST: '127.0.0.1,::1',
    LAKEGATE_GATEWAY_WORKERS: '2',
    LAKEGATE_PROXY_PROTOCOL_FROM: `10.0.0.0/8, ${BALANCER}/32`,
  })
  token = await mintCredential(lakegate.admin, 'dev')
})
afterAll(async () => {
  await lakegate.remove()
})

const port = () => lakegate.ready.instance.port
const ownName = () => lakegate.ready.instance.host

async function client(
  options: { readonly host?: string; readonly serverName?: string } = {},
): Promise<pg.Client> {
  const made = new pg.Client({
    host: options.host ?? '127.0.0.1',
    port: port(),
    database: 'databricks_postgres',
    user: lakegate.ready.admin_user,
    password: token,
    ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8'), servername: options.serverName ?? ownName() },
  })
  made.on('error', () => undefined)
  return made
}

async function overTls(
  serverName: string | undefined,
  header: Buffer = Buffer.alloc(0),
  localAddress = '127.0.0.1',
): Promise<WireClient> {
  const plain = await connectWire(lakegate, { host: '127.0.0.1', port: port(), localAddress })
  plain.send(header, sslRequest())
  expect(await plain.byte()).toBe('S')
  return plain.startTls(serverName === undefined ? {} : { servername: serverName })
}

async function firstAnswer(wire: WireClient) {
  wire.send(startupMessage([['user', lakegate.ready.admin_user]]))
  return wire.next()
}

describe('an instance under a domain', () => {
  it('is reported under a name of its own, which is what clients verify and reach it by (IPv4 and IPv6)', async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>('GET', '/api/2.0/database/instances/dev')
    expect(instance.read_write_dns).toBe(`instance-${instance.uid}.${DOMAIN}`)
    for (const host of ['127.0.0.1', '::1']) {
      const session = await client({ host })
      await session.connect()
      const { rows } = await session.query(
        'SELECT host(client_address) AS seen FROM databricks_session_identity()',
      )
      expect(rows).toEqual([{ seen: host }])
      await session.end()
    }
  })

  it('is one among several at the same port, told apart by name alone', async () => {
    await lakegate.admin.request('POST', '/api/2.0/database/instances', { name: 'second' })
    const second = await waitFor('the second instance', async () => {
      const found = await lakegate.admin.request<DatabaseInstance>(
        'GET',
        '/api/2.0/database/instances/second',
      )
      return found.state === 'AVAILABLE' ? found : undefined
    })
    token = await mintCredential(lakegate.admin, 'dev', 'second')
    const socketOf = async (serverName: string): Promise<unknown> => {
      const session = await client({ serverName })
      await session.connect()
      const { rows } = await session.query<{ directory: unknown }>(
        `SELECT current_setting('unix_socket_directories') AS directory`,
      )
      await session.end()
      return rows[0]?.directory
    }
    expect(await socketOf(second.read_write_dns)).toContain(second.uid)
    expect(await socketOf(ownName())).toContain(lakegate.ready.instance.uid)
  })

  it('is not found without a server name: 08006, inside TLS (behaviour 15)', async () => {
    expect(errorFields(await firstAnswer(await overTls(undefined)))).toMatchObject({
      S: 'FATAL',
      C: '08006',
      M: 'Connection does not have SNI.',
      D: 'Please upgrade your client to support SNI.',
    })
  })

  it.each([
    ['of no instance', () => `instance-00000000-0000-4000-8000-000000000000.${DOMAIN}`],
    ['with something before it', () => `x.${ownName()}`],
    ['of another domain', () => `instance-${lakegate.ready.instance.uid}.example.com`],
    ['that is the domain', () => DOMAIN],
    ['of an endpoint that it has not', () => ownName().replace('instance-', 'instance-ro-')],
  ])('is not reached by a name %s: 28000, inside TLS (attack 6, behaviours 16, 70)', async (_what, name) => {
    expect(errorFields(await firstAnswer(await overTls(name())))).toMatchObject({
      S: 'FATAL',
      C: '28000',
      M: 'External authorization failed.',
    })
  })
})

describe('the pooled endpoint under a domain', () => {
  const pooledName = () => ownName().replace('instance-', 'instance-pooled-')
  const backendOf = async (session: pg.Client) => {
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    return rows[0]?.pid
  }

  it('is reported under a second name at the same port, and reached by it alone', async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>('GET', '/api/2.0/database/instances/dev')
    expect([instance.pooled_dns, instance.pooled_port]).toEqual([pooledName(), port()])
    const session = await client({ serverName: pooledName() })
    await session.connect()
    const before = await backendOf(session)
    // A pooled session has no backend of its own, and a direct one has.
    const seen = await lakegate.admin.request<OpenSessionsAnswer>(
      'GET',
      '/api/2.0/lakegate/instances/dev/sessions',
    )
    expect(seen.sessions).toHaveLength(1)
    expect(seen.sessions[0]).not.toHaveProperty('backend_process_id')
    const direct = await client()
    await direct.connect()
    expect(await backendOf(direct)).not.toBe(before)
    await direct.end()
    await session.end()
  })

  it('has sessions whose queries can be cancelled by their keys, without a name and on any worker', async () => {
    const session = await client({ serverName: pooledName() })
    await session.connect()
    const { processID, secretKey } = session as unknown as { processID: number; secretKey: number }
    const outcome = session.query('SELECT pg_sleep(600)').then(
      () => 'slept',
      (error: unknown) => (error instanceof pg.DatabaseError ? error.code : 'failed'),
    )
    const key = Buffer.alloc(4)
    key.writeInt32BE(secretKey)
    await waitFor('the cancelled query', async () => {
      const request = await connectWire(lakegate, { host: '127.0.0.1', port: port() })
      request.send(cancelRequest(processID, key))
      await request.untilClosed()
      return (await Promise.race([outcome, Promise.resolve(undefined)])) === '57014'
    })
    await session.end()
  })

  it.each([
    ['of no instance', () => `instance-pooled-00000000-0000-4000-8000-000000000000.${DOMAIN}`],
    ['of another domain', () => `instance-pooled-${lakegate.ready.instance.uid}.example.com`],
    ['with both prefixes', () => pooledName().replace('pooled-', 'pooled-ro-')],
  ])('is not reached by a name %s (attack 6)', async (_what, name) => {
    expect(errorFields(await firstAnswer(await overTls(name())))).toMatchObject({ S: 'FATAL', C: '28000' })
  })
})

describe('direct TLS under a domain', () => {
  const direct = async (options: ConnectionOptions): Promise<WireClient> =>
    (await connectWire(lakegate, { host: '127.0.0.1', port: port() })).startTls(options)

  it('with ALPN postgresql and the name of an instance leads to the question for the password (attack 5)', async () => {
    const wire = await direct({ ALPNProtocols: ['postgresql'], servername: ownName() })
    expect(await firstAnswer(wire)).toEqual({ type: 'R', body: Buffer.of(0, 0, 0, 3) })
    wire.close()
  })

  it('without a name is refused inside TLS, as without direct TLS (attack 5, behaviour 15)', async () => {
    const wire = await direct({ ALPNProtocols: ['postgresql'] })
    expect(errorFields(await firstAnswer(wire))).toMatchObject({ C: '08006' })
  })

  it('without ALPN is refused, whatever the name (attack 5)', async () => {
    const wire = await direct({ servername: ownName() })
    expect(errorFields(await wire.next())).toMatchObject({ C: '08P01' })
    expect(await wire.next()).toBeUndefined()
  })

  it('with another protocol’s ALPN is refused in the handshake (attack 5)', async () => {
    await expect(direct({ ALPNProtocols: ['http/1.1'], servername: ownName() })).rejects.toThrow()
  })
})

describe('a cancel request at an address that all instances share', () => {
  async function sleeping() {
    const session = await client()
    await session.connect()
    const { processID, secretKey } = session as unknown as { processID: number; secretKey: number }
    const outcome = session.query('SELECT pg_sleep(600)').then(
      () => 'slept',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : 'failed'),
    )
    const key = Buffer.alloc(4)
    key.writeInt32BE(secretKey)
    return { session, processID, key, outcome }
  }
  async function cancelWith(processID: number, key: Buffer): Promise<void> {
    const request = await connectWire(lakegate, { host: '127.0.0.1', port: port() })
    request.send(cancelRequest(processID, key))
    expect(await request.untilClosed()).toEqual([])
  }

  it('finds its session by its key, whichever worker it reaches, in clear and without a name (behaviour 71)', async () => {
    // Kept open all together, so that both workers have some.
    const sessions = await Promise.all([sleeping(), sleeping(), sleeping(), sleeping()])
    for (const { processID, key, outcome } of sessions) {
      await cancelWith(processID, Buffer.from(key.map((byte) => byte ^ 0xff)))
      expect(await Promise.race([outcome, Promise.resolve('still sleeps')])).toBe('still sleeps')
      await waitFor('the cancelled query', async () => {
        await cancelWith(processID, key)
        return (await Promise.race([outcome, Promise.resolve(undefined)])) === '57014'
      })
    }
    await Promise.all(sessions.map(({ session }) => session.end()))
  })
})

describe('a listed load balancer', () => {
  const login = async (wire: WireClient) => {
    expect((await firstAnswer(wire))?.type).toBe('R')
    wire.send(passwordMessage(token))
    expect((await wire.next())?.type).toBe('R')
    wire.close()
  }
  const audited = (address: string) =>
    waitFor(`a login from ${address}`, () => lakegate.output().includes(`"clientAddress":"${address}"`))

  it('says who the client is, and the audit names that one', async () => {
    await login(await overTls(ownName(), proxiedFrom('203.0.113.7'), BALANCER))
    await audited('203.0.113.7')
  })

  it('says who the client is, and SQL sees that one', async () => {
    const wire = await overTls(ownName(), proxiedFrom('203.0.113.7'), BALANCER)
    wire.send(
      startupMessage([
        ['user', lakegate.ready.admin_user],
        ['database', 'databricks_postgres'],
      ]),
    )
    await wire.next()
    wire.send(passwordMessage(token))
    wire.send(queryMessage('SELECT host(client_address) FROM databricks_session_identity()'))
    let answer = await wire.next()
    while (answer !== undefined && answer.type !== 'D') answer = await wire.next()
    expect(answer?.body.toString('latin1', 6)).toBe('203.0.113.7')
    wire.close()
  })

  it('may look whether the gateway lives (LOCAL)', async () => {
    await login(await overTls(ownName(), localHeader(), BALANCER))
    await audited(BALANCER)
  })

  it('whose clients are very many at one address takes no place from the others (attack 11)', async () => {
    const header = proxiedFrom('203.0.113.8')
    const crowd = await Promise.all(
      // Some above the limit may hear of it inside TLS; those beyond are told in clear.
      Array.from({ length: 250 }, async () => {
        const wire = await connectWire(lakegate, { host: '127.0.0.1', port: port(), localAddress: BALANCER })
        wire.send(header)
        return wire
      }),
    )
    const [refused] = await Promise.race(crowd.map((wire) => wire.untilClosed()))
    expect(errorFields(refused)).toMatchObject({ C: '53300' })
    await login(await overTls(ownName(), proxiedFrom('203.0.113.9'), BALANCER))
    for (const wire of crowd) wire.close()
  })

  it.each([
    ['no header', Buffer.alloc(0)],
    ['a version 1 header', Buffer.from('PROXY TCP4 203.0.113.7 127.0.0.1 1 2\r\n')],
  ])('that sends %s serves nobody', async (_what, header) => {
    const wire = await connectWire(lakegate, { host: '127.0.0.1', port: port(), localAddress: BALANCER })
    wire.send(header, sslRequest())
    const [message] = await wire.untilClosed()
    expect(errorFields(message)).toMatchObject({ C: '08P01' })
  })

  it('is not just anybody: a header from elsewhere is no startup packet', async () => {
    const wire = await connectWire(lakegate, { host: '127.0.0.1', port: port() })
    wire.send(proxiedFrom('203.0.113.10'), sslRequest())
    const [message] = await wire.untilClosed()
    expect(errorFields(message)).toMatchObject({ C: '08P01' })
    expect(lakegate.output()).not.toContain('203.0.113.10')
  })
})

function isInstalled(program: string, argument: string): boolean {
  try {
    execFileSync(program, [argument], { stdio: 'ignore' })
    return true
  } catch {
    console.warn(`${program} is not installed: its tests are skipped`)
    return false
  }
}

const connection = (toPort: number) =>
  `host=${ownName()} hostaddr=127.0.0.1 port=${String(toPort)} dbname=databricks_postgres user=${lakegate.ready.admin_user} sslmode=verify-full sslrootcert=${lakegate.ready.ca_file}`

describe.skipIf(!isInstalled('psql', '--version'))('psql', () => {
  it('reaches the instance by its name, and its Ctrl-C cancels', async () => {
    const environment = { ...process.env, PGPASSWORD: token }
    const psql = spawn('psql', [connection(port()), '-X', '-c', 'SELECT pg_sleep(600) AS ctrl_c'], {
      env: environment,
    })
    let said = ''
    psql.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
    const ended = new Promise((resolve) => psql.once('close', resolve))
    const watcher = await client()
    await watcher.connect()
    await waitFor('the long query', async () => {
      const { rowCount } = await watcher.query(
        `SELECT FROM pg_stat_activity WHERE query LIKE '%ctrl_c' AND state = 'active' AND pid <> pg_backend_pid()`,
      )
      return rowCount === 1
    })
    psql.kill('SIGINT')
    await ended
    await watcher.end()
    expect(said).toContain('canceling statement due to user request')
  })
})

describe.skipIf(!isInstalled('haproxy', '-v'))('HAProxy with send-proxy-v2', () => {
  it('passes on the address of its client, which the audit names and not the balancer’s', async () => {
    const own = await mintCredential(lakegate.admin, 'dev')
    const [, claims = ''] = own.split('.')
    const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { jti: string }
    const front = await freePort()
    const file = path.join(lakegate.dataDirectory, 'haproxy.cfg')
    await writeFile(
      file,
      `defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen postgres
  bind 127.0.0.1:${String(front)}
  server gateway 127.0.0.1:${String(port())} send-proxy-v2 source ${BALANCER}
`,
    )
    const haproxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
    try {
      const { stdout } = await waitFor('HAProxy', () =>
        run('psql', [connection(front), '-XAtc', 'SELECT 1'], {
          env: { ...process.env, PGPASSWORD: own },
        }).catch(() => undefined),
      )
      expect(stdout.trim()).toBe('1')
      const record = await waitFor('the audit record', () =>
        lakegate
          .output()
          .split('\n')
          .find((line) => line.includes('"event":"login"') && line.includes(jti)),
      )
      // psql comes from here; HAProxy itself from an address of its own.
      expect(JSON.parse(record)).toMatchObject({ outcome: 'admitted', clientAddress: '127.0.0.1' })
    } finally {
      haproxy.kill()
    }
  })
})
