/** What the two drivers do beside queries, through the socket that logs them in: nothing of it may be lost or slowed to a halt. */
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { everyClient, proves } from '../../../server/test/stage/every-client.ts'
import { sharedLakegate } from '../../../server/test/stage/shared-lakegate.ts'
import { waitFor } from '../../../server/test/stage/wait-for.ts'
import type { InstanceConnection } from '../../src/connection.ts'
import { LakegateClient, LakegatePool } from '../../src/drivers/pg.ts'
import { lakegatePostgres } from '../../src/drivers/postgres.ts'
import { createIdentities, type Identities } from './identities.ts'
import { versionOf } from './libraries.ts'

const lakegate = sharedLakegate()
let identities: Identities
let connection: InstanceConnection
beforeAll(async () => {
  identities = await createIdentities(lakegate)
  connection = identities.connection(identities.minted())
})
afterAll(() => identities.close())

const BULK = `SELECT string_agg(md5(n::text), '' ORDER BY n) AS bulk FROM generate_series(1, 300000) AS n`
const BULK_LENGTH = 300_000 * 32
const LINES = 200_000
const runtime = `Node ${process.versions.node}`
const pooled = (): InstanceConnection => ({
  ...connection,
  host: lakegate.ready.instance.pooled_host,
  port: lakegate.ready.instance.pooled_port,
})

everyClient({ client: 'node-postgres', version: versionOf('pg'), runtime }, () => {
  const during = async <Result>(
    work: (pool: LakegatePool) => Promise<Result>,
    to = connection,
  ): Promise<Result> => {
    const pool = new LakegatePool(to, { max: 2 })
    try {
      return await work(pool)
    } finally {
      await pool.end()
    }
  }

  it('reads and sends values of many megabytes unchanged', proves('large values'), async () => {
    await during(async (pool) => {
      const { rows } = await pool.query<{ bulk: string }>(BULK)
      expect(rows[0]?.bulk).toHaveLength(BULK_LENGTH)
      const value = 'gate'.repeat(2_000_000)
      const echo = await pool.query<{ value: string }>('SELECT $1::text AS value', [value])
      expect(echo.rows[0]?.value === value).toBe(true)
    })
  })

  it('hears notifications, also while nothing else happens', proves('notifications'), async () => {
    const client = new LakegateClient(connection)
    const heard: (string | undefined)[] = []
    client.on('notification', ({ payload }) => heard.push(payload))
    await client.connect()
    await client.query('LISTEN orders')
    await during((pool) => pool.query(`SELECT pg_notify('orders', 'seven')`))
    await waitFor('the notification', () => heard.length > 0)
    expect(heard).toEqual(['seven'])
    await client.end()
  })

  it('hands an error of a query through, and goes on', proves('errors'), async () => {
    await during(async (pool) => {
      await expect(pool.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] })
    })
  })

  it('ends when it is told to before it is connected', proves('errors'), async () => {
    const client = new LakegateClient(connection)
    const connected = client.connect().catch(() => undefined)
    await client.end()
    await connected
  })

  it('logs in at the pooled endpoint', proves('pooled endpoint'), async () => {
    const { rows } = await during(
      (pool) => pool.query<{ role: string }>('SELECT session_user AS role'),
      pooled(),
    )
    expect(rows).toEqual([{ role: identities.principal.applicationId }])
  })
})

everyClient({ client: 'postgres.js', version: versionOf('postgres'), runtime }, () => {
  const during = async <Result>(
    work: (sql: ReturnType<typeof lakegatePostgres>) => Promise<Result>,
    to = connection,
  ): Promise<Result> => {
    const sql = lakegatePostgres(to, { max: 2, onnotice: () => undefined })
    try {
      return await work(sql)
    } finally {
      await sql.end()
    }
  }

  it('reads and sends values of many megabytes unchanged', proves('large values'), async () => {
    await during(async (sql) => {
      const [row] = await sql.unsafe<{ bulk: string }[]>(BULK)
      expect(row?.bulk).toHaveLength(BULK_LENGTH)
      const value = 'gate'.repeat(2_000_000)
      const [echo] = await sql<{ value: string }[]>`SELECT ${value}::text AS value`
      expect(echo?.value === value).toBe(true)
    })
  })

  it('copies many rows in and out, as fast as each side takes them', proves('COPY'), async () => {
    await during(async (sql) => {
      await sql.begin(async (transaction) => {
        await transaction`CREATE TEMPORARY TABLE lines (number int)`
        const lines = function* () {
          for (let number = 1; number <= LINES; number += 1) yield `${String(number)}\n`
        }
        await pipeline(Readable.from(lines()), await transaction`COPY lines FROM STDIN`.writable())
        const out = await text(await transaction`COPY (SELECT sum(number) FROM lines) TO STDOUT`.readable())
        expect(out).toBe(`${String((LINES * (LINES + 1)) / 2)}\n`)
        const all = await text(await transaction`COPY lines TO STDOUT`.readable())
        expect(all.split('\n')).toHaveLength(LINES + 1)
      })
    })
  })

  it('hears notifications', proves('notifications'), async () => {
    await during(async (sql) => {
      const heard: string[] = []
      await sql.listen('orders', (payload) => heard.push(payload))
      await sql.notify('orders', 'eight')
      await waitFor('the notification', () => heard.length > 0)
      expect(heard).toEqual(['eight'])
    })
  })

  it('cancels a query', proves('cancelling'), async () => {
    await during(async (sql) => {
      const query = sql`SELECT pg_sleep(600)`
      const outcome = query.then(
        () => 'it ended by itself',
        (error: unknown) => error,
      )
      await waitFor('the query to run', async () => {
        const [row] = await sql<{ running: number }[]>`
          SELECT count(*)::int AS running FROM pg_stat_activity
          WHERE usename = session_user AND state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`
        return row?.running === 1
      })
      query.cancel()
      expect(await outcome).toMatchObject({ code: '57014' })
    })
  })

  it('logs in at the pooled endpoint', proves('pooled endpoint'), async () => {
    const [row] = await during((sql) => sql<{ role: string }[]>`SELECT session_user AS role`, pooled())
    expect(row).toEqual({ role: identities.principal.applicationId })
  })
})
