/**
 * The isolation level that drivers and frameworks give a connection holds for its logical session at the pooled endpoint:
 * each sets it in its own way, another session uses the only backend, and PostgreSQL says what is in force.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPgjdbc } from '../stage/java-client.ts'
import { pooledClient, pooledEndpointOf, startWithOneBackend } from '../stage/pooled-sessions.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'

const run = promisify(execFile)
const PYTHON = fileURLToPath(new URL('pooled-isolation.py', import.meta.url))
const PGJDBC = fileURLToPath(new URL('PgjdbcIsolation.java', import.meta.url))
const SHOW = `SELECT current_setting('transaction_isolation') AS isolation`

const pgjdbc = await installPgjdbc()
const python = await installPythonClient(
  'psycopg[binary]==3.3.9',
  'psycopg2-binary==2.9.13',
  'sqlalchemy==2.1.9',
  'asyncpg==0.32.0',
  'django==5.2.19',
)
let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let login: { user: string; password: string }
let other: pg.Client

beforeAll(async () => {
  lakegate = await startWithOneBackend()
  const principal = await createServicePrincipal(lakegate, 'isolated')
  await createRoleFor(lakegate, principal)
  login = { user: principal.applicationId, password: await principal.workspaceToken() }
  other = await pooledClient(lakegate, login)
})
afterAll(async () => {
  await other.end()
  await python.remove()
  await pgjdbc.remove()
  await lakegate.remove()
})

const displace = () => other.query('SELECT 1')

describe('node-postgres', () => {
  it('sets it for every transaction of the clients of its pool', async () => {
    const pool = new pg.Pool({
      ...pooledEndpointOf(lakegate),
      ...login,
      database: lakegate.ready.instance.database,
      ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
      max: 2,
    })
    pool.on('connect', (client) => {
      void client.query('SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE')
    })
    const clients = [await pool.connect(), await pool.connect()]
    for (let round = 0; round < 3; round += 1) {
      for (const client of clients) {
        await displace()
        expect((await client.query(SHOW)).rows).toEqual([{ isolation: 'serializable' }])
      }
    }
    for (const client of clients) client.release()
    await pool.end()
  })
})

describe('postgres.js', () => {
  it('sets it at the login, for a session, and for one transaction', async () => {
    const connect = async (connection: Record<string, string>) =>
      postgres({
        ...pooledEndpointOf(lakegate),
        username: login.user,
        password: login.password,
        database: lakegate.ready.instance.database,
        ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
        max: 1,
        connection,
      })
    const atLogin = await connect({ default_transaction_isolation: 'serializable' })
    expect(await atLogin.unsafe(SHOW)).toEqual([{ isolation: 'serializable' }])
    await atLogin.end()
    const sql = await connect({})
    const once = await sql.begin('isolation level serializable', (transaction) => transaction.unsafe(SHOW))
    expect(once).toEqual([{ isolation: 'serializable' }])
    expect(await sql.unsafe(SHOW)).toEqual([{ isolation: 'read committed' }])
    await sql`SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE`
    await displace()
    expect(await sql.unsafe(SHOW)).toEqual([{ isolation: 'serializable' }])
    await sql.end()
  })
})

describe.skipIf(python.missing !== undefined)('psycopg, psycopg2, SQLAlchemy, asyncpg and Django', () => {
  it('have what they set', async () => {
    const parameters = {
      ...pooledEndpointOf(lakegate),
      ...login,
      ...{ dbname: lakegate.ready.instance.database },
      ...{ sslmode: 'verify-full', sslrootcert: lakegate.ready.ca_file },
    }
    const { stdout } = await run(python.python, [PYTHON, JSON.stringify(parameters)])
    const all = ['serializable', 'on', 'on']
    expect(JSON.parse(stdout)).toEqual({
      'psycopg, attributes': all,
      'psycopg, SET SESSION CHARACTERISTICS': all,
      'psycopg2, set_session, autocommit True': all,
      'psycopg2, set_session, autocommit False': all,
      'SQLAlchemy, psycopg': all,
      'SQLAlchemy, psycopg2': all,
      'asyncpg, transaction()': all,
      'asyncpg, SET SESSION CHARACTERISTICS': all,
      'asyncpg, reset': ['read committed', 'off', 'off'],
      'Django, TIME_ZONE': ['Asia/Tokyo'],
      'Django, isolation_level': ['serializable', 'off', 'off'],
    })
  })
})

describe.skipIf(pgjdbc.missing !== undefined)('pgjdbc', () => {
  it('has what setTransactionIsolation and setReadOnly set', async () => {
    const { host, port } = pooledEndpointOf(lakegate)
    const url = `jdbc:postgresql://${host}:${String(port)}/${lakegate.ready.instance.database}?readOnlyMode=always&sslmode=verify-full&sslrootcert=${lakegate.ready.ca_file}`
    expect(await pgjdbc.run(PGJDBC, url, login.user, login.password)).toBe('serializable, on')
  })
})
