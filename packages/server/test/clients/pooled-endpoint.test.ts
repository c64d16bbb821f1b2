/** Unmodified clients at the pooled endpoint: node-postgres, postgres.js, psql, pgbench. More clients than backends. */
import { execFile, execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { pooledClient, pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { waitFor } from '../stage/wait-for.ts'
import { cancelRequest, int32 } from '../stage/byte-builder.ts'
import { connectWire } from '../stage/wire-client.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitUntilActive } from '../stage/activity.ts'

const run = promisify(execFile)
/** Three for each of two workers. */
const BACKENDS = 6

let lakegate: OwnLakegate
let principal: TestServicePrincipal
let password: string

beforeAll(async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_POOL_SIZE: String(BACKENDS), LAKEGATE_GATEWAY_WORKERS: '2' })
  principal = await createServicePrincipal(lakegate, 'pooled client')
  await createRoleFor(lakegate, principal)
  await asOwner(lakegate, (owner) =>
    owner.query(`GRANT CREATE ON SCHEMA public TO "${principal.applicationId}"`),
  )
  password = await principal.workspaceToken()
})
afterAll(async () => {
  await lakegate.remove()
})

const backendsOfRole = () =>
  asOwner(lakegate, async (owner) => {
    const { rows } = await owner.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE usename = $1',
      [principal.applicationId],
    )
    return rows.length
  })
const environment = () => {
  const { host, port } = pooledEndpointOf(lakegate)
  return {
    ...process.env,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: principal.applicationId,
    PGDATABASE: lakegate.ready.instance.database,
    PGPASSWORD: password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: lakegate.ready.ca_file,
  }
}
function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'])
    return true
  } catch {
    console.warn(`${program} is not installed: its tests are skipped`)
    return false
  }
}

describe('node-postgres', () => {
  it('runs transactions of 200 sessions at once on six backends, each whole', async () => {
    const login = { user: principal.applicationId, password }
    const sessions = await Promise.all(Array.from({ length: 200 }, () => pooledClient(lakegate, login)))
    await sessions[0]?.query('CREATE TABLE ledger (session int, step int, backend int)')
    await Promise.all(
      sessions.map(async (session, n) => {
        await session.query('BEGIN')
        for (const step of [1, 2, 3]) {
          await session.query('INSERT INTO ledger VALUES ($1, $2, pg_backend_pid())', [n, step])
        }
        await session.query(n % 2 === 0 ? 'COMMIT' : 'ROLLBACK')
      }),
    )
    const rows = await sessions[7]?.query<{ session: number; steps: number; backends: number }>(
      `SELECT session, count(*)::int AS steps, count(DISTINCT backend)::int AS backends FROM ledger GROUP BY session`,
    )
    expect(rows?.rows).toHaveLength(100)
    expect(
      rows?.rows.every(({ session, steps, backends }) => session % 2 === 0 && steps === 3 && backends === 1),
    ).toBe(true)
    expect(await backendsOfRole()).toBeLessThanOrEqual(BACKENDS)
    await Promise.all(sessions.map((session) => session.end()))
  })

  it('uses prepared statements of the same name and different text in many sessions', async () => {
    const login = { user: principal.applicationId, password }
    const sessions = await Promise.all(Array.from({ length: 20 }, () => pooledClient(lakegate, login)))
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        sessions.map(async (session, n) => {
          const { rows } = await session.query<{ value: number }>({
            name: 'same',
            text: `SELECT ${String(n)} + $1::int AS value`,
            values: [round],
          })
          return rows[0]?.value
        }),
      )
      expect(answers).toEqual(sessions.map((_, n) => n + round))
    }
    await Promise.all(sessions.map((session) => session.end()))
  })

  it('gets along with a pool of its own', async () => {
    const pool = new pg.Pool({
      ...pooledEndpointOf(lakegate),
      user: principal.applicationId,
      password: () => principal.workspaceToken(),
      database: lakegate.ready.instance.database,
      ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
      max: 12,
    })
    const sums = await Promise.all(
      Array.from({ length: 60 }, (_, n) => pool.query<{ n: number }>('SELECT $1::int AS n', [n])),
    )
    expect(sums.map(({ rows }) => rows[0]?.n)).toEqual(Array.from({ length: 60 }, (_, n) => n))
    await pool.end()
  })
})

describe('postgres.js', () => {
  it('pipelines prepared statements over fewer backends than connections', async () => {
    const { host, port } = pooledEndpointOf(lakegate)
    const sql = postgres({
      host,
      port,
      database: lakegate.ready.instance.database,
      username: principal.applicationId,
      password,
      ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
      max: 10,
    })
    const rows = await Promise.all(
      Array.from({ length: 200 }, (_, n) => sql<{ n: number }[]>`SELECT ${n}::int AS n`),
    )
    expect(rows.map(([row]) => row?.n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    const inTransaction = await sql.begin(async (transaction) => {
      await transaction`CREATE TEMPORARY TABLE t ON COMMIT DROP AS SELECT 1 AS x`
      return transaction<{ x: number }[]>`SELECT x FROM t`
    })
    expect(inTransaction[0]?.x).toBe(1)
    await sql.end()
  })
})

describe.skipIf(!isInstalled('psql'))('psql', () => {
  it('runs a script of transactions, COPY both ways and errors', async () => {
    const script = `
      CREATE TABLE psql_copied (x int);
      \\copy psql_copied FROM PROGRAM 'seq 1 1000'
      BEGIN; INSERT INTO psql_copied VALUES (0); ROLLBACK;
      SELECT 1/0;
      SELECT count(*) FROM psql_copied;
      \\copy (SELECT x FROM psql_copied WHERE x < 4 ORDER BY x) TO STDOUT`
    const file = path.join(lakegate.dataDirectory, 'script.sql')
    await writeFile(file, script)
    const { stdout } = await run('psql', ['-X', '-A', '-t', '-q', '-f', file], { env: environment() })
    expect(stdout.trim().split('\n')).toEqual(['1000', '1', '2', '3'])
  })
})

describe.skipIf(!isInstalled('pgbench'))('pgbench', () => {
  it.each(['simple', 'extended', 'prepared'])(
    'runs its TPC-B by the %s protocol with 20 clients on six backends, and the books balance',
    async (protocol) => {
      const env = environment()
      // A thread for each client: pgbench waits for PQprepare with the whole thread, also for clients in a transaction.
      await run('pgbench', ['-i', '-q', '-s', '2', '--foreign-keys'], { env })
      const { stdout } = await run('pgbench', ['-n', '-M', protocol, '-c', '20', '-j', '20', '-t', '20'], {
        env,
      })
      expect(stdout).toContain('number of transactions actually processed: 400/400')
      expect(stdout).toContain('number of failed transactions: 0')
      const sums =
        'SELECT (SELECT sum(abalance) FROM pgbench_accounts) - (SELECT sum(delta) FROM pgbench_history)'
      expect((await run('psql', ['-X', '-A', '-t', '-c', sums], { env })).stdout.trim()).toBe('0')
    },
  )

  it('logs in anew for every transaction', async () => {
    const { stdout } = await run('pgbench', ['-n', '-S', '-C', '-c', '4', '-t', '10'], { env: environment() })
    expect(stdout).toContain('number of transactions actually processed: 40/40')
  })
})

describe('a cancel request', () => {
  it('finds the session of another worker (attack 13)', async () => {
    const client = await pooledClient(lakegate, { user: principal.applicationId, password })
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
    const outcome = client.query('SELECT pg_sleep(600)').then(
      () => 'slept',
      (error: unknown) => (error instanceof pg.DatabaseError ? error.code : 'failed'),
    )
    await waitUntilActive(lakegate, 'SELECT pg_sleep(600)')
    // The worker with the fewest connections gets it: not the one that serves the only session.
    const request = await connectWire(lakegate, pooledEndpointOf(lakegate))
    request.send(cancelRequest(processID, int32(secretKey)))
    await request.untilClosed()
    await expect(outcome).resolves.toBe('57014')
    await client.end()
  })
})

describe('a backend that is killed in a transaction', () => {
  it('ends that session with an error that says so; the others get another backend', async () => {
    const login = { user: principal.applicationId, password }
    const inside = await pooledClient(lakegate, login)
    const between = await pooledClient(lakegate, login)
    await between.query('SELECT 1')
    await inside.query('BEGIN')
    const { rows } = await inside.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const ended = new Promise<unknown>((resolve) => inside.once('error', resolve))
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
    expect(await ended).toMatchObject({ code: '08006' })
    // PostgreSQL restarts all backends after that, which takes a moment.
    await waitFor('another backend', async () => {
      const session = await pooledClient(lakegate, login).catch(() => undefined)
      const answer = await session?.query('SELECT 1').catch(() => undefined)
      await session?.end().catch(() => undefined)
      return answer?.rowCount === 1
    })
    await between.end().catch(() => undefined)
  })
})
