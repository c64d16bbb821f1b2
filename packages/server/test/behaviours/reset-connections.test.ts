/**
 * A connection that breaks in the middle of its traffic, in either direction, takes its statement with it and nothing else; one of
 * which only the client's half has ended is served to its end (issue 12, C). On every runtime that may serve, at both endpoints.
 */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { copyData, copyDone, queryMessage } from '../stage/byte-builder.ts'
import { GATEWAY_RUNTIME_HERE } from '../stage/gateway-runtimes.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { directWire, lettersOf, pooledWire, type LoggedInWire } from '../stage/pooled-sessions.ts'
import { databaseClient, mintCredential } from '../stage/service-principal.ts'
import { standstill } from '../stage/standstill.ts'
import { waitFor } from '../stage/wait-for.ts'
import { errorFields } from '../stage/wire-client.ts'
import { workersOf } from '../stage/workers.ts'

const WIRES = { direct: directWire, pooled: pooledWire } as const

const ROW_BYTES = 10_000
const copyOut = (rows: number) =>
  `COPY (SELECT nextval('rows_made'), repeat('x', ${String(ROW_BYTES)}) FROM generate_series(1, ${String(rows)})) TO STDOUT`
/** 10 GB, which nobody waits for. */
const ENDLESS = 1_000_000
const COPY_IN = 'COPY copied FROM STDIN'
const SOME_ROWS = copyData('1\n'.repeat(20_000))

// `npm test` tries the default, `npm run test:gateway-on-node` the other one.
describe.each([GATEWAY_RUNTIME_HERE])('with workers on %s', (gatewayRuntime) => {
  describe('the gateway', () => {
    let lakegate: OwnLakegate
    let owner: pg.Client
    let login: { readonly user: string; readonly password: string }
    let workers: readonly number[]

    beforeAll(async () => {
      lakegate = await startOwnLakegate({ LAKEGATE_GATEWAY_RUNTIME: gatewayRuntime })
      const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
      login = { user: lakegate.ready.admin_user, password }
      owner = await databaseClient(lakegate, login)
      await owner.connect()
      await owner.query('CREATE SEQUENCE rows_made; CREATE UNLOGGED TABLE copied (n integer)')
      workers = await workersOf(lakegate.process.pid)
    })
    afterAll(async () => {
      await owner.end()
      await lakegate.remove()
    })

    const copying = async (sql: string): Promise<number> => {
      const { rowCount } = await owner.query(
        `SELECT ${sql} FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active' AND pid <> pg_backend_pid()`,
      )
      return rowCount ?? 0
    }
    const rowsMade = async () => {
      const { rows } = await owner.query<{ last_value: string }>('SELECT last_value FROM rows_made')
      return Number(rows[0]?.last_value)
    }
    const copiedRows = async () => (await owner.query('SELECT FROM copied')).rowCount

    describe.each(['direct', 'pooled'] as const)('at the %s endpoint', (endpoint) => {
      let client: LoggedInWire
      beforeEach(async () => {
        await owner.query('ALTER SEQUENCE rows_made RESTART')
        client = await WIRES[endpoint](lakegate, login)
      })

      const beginCopyOut = async () => {
        client.send(queryMessage(copyOut(ENDLESS)))
        expect((await client.next())?.type).toBe('H')
        expect((await client.next())?.type).toBe('d')
      }
      const beginCopyIn = async () => {
        client.send(queryMessage(COPY_IN))
        expect((await client.next())?.type).toBe('G')
        for (let times = 0; times < 100; times += 1) await client.sendInTurn(SOME_ROWS)
      }
      const expectNextServed = async () => {
        await waitFor('the end of the statement', async () => (await copying('pid')) === 0)
        const next = await WIRES[endpoint](lakegate, login)
        next.send(queryMessage('SELECT 1'))
        expect(lettersOf(await next.untilReady())).toBe('TDCZ')
        next.close()
        expect(await workersOf(lakegate.process.pid)).toEqual(workers)
      }

      it('a client that resets while it reads has its statement ended', async () => {
        await beginCopyOut()
        client.reset()
        await expectNextServed()
      })

      it('a client that does not read, and resets, has its statement ended', async () => {
        client.pause()
        client.send(queryMessage(copyOut(ENDLESS)))
        await standstill('the rows', ENDLESS, rowsMade)
        client.reset()
        await expectNextServed()
      })

      it('a client that resets while it sends has its statement ended, and nothing of it is kept', async () => {
        await beginCopyIn()
        client.reset()
        await expectNextServed()
        expect(await copiedRows()).toBe(0)
      })

      it('a backend that ends while it sends ends the session', async () => {
        await beginCopyOut()
        await copying('pg_terminate_backend(pid)')
        const last = (await client.untilClosed()).at(-1)
        // Ended in the middle of a row, PostgreSQL cannot say anything that would be understood.
        if (last?.type !== 'd') expect(errorFields(last)).toMatchObject({ C: '57P01' })
        await expectNextServed()
      })

      it('a backend that ends while it is sent to ends the session, and says why', async () => {
        await beginCopyIn()
        await copying('pg_terminate_backend(pid)')
        expect(errorFields((await client.untilClosed()).at(-1))).toMatchObject({ C: '57P01' })
        await expectNextServed()
        expect(await copiedRows()).toBe(0)
      })

      it('a client that has sent its last, and pauses, reads the whole of a long answer', async () => {
        const rows = 5_000
        client.pause()
        client.send(queryMessage(copyOut(rows)))
        client.end()
        await standstill('the rows', rows, rowsMade)
        client.resume()
        const answer = await client.untilClosed()
        expect(answer.filter(({ type }) => type === 'd')).toHaveLength(rows)
        expect(lettersOf(answer).slice(-3)).toBe('cCZ')
        await expectNextServed()
      })

      it('a client that has sent its last row has its rows copied', async () => {
        await beginCopyIn()
        client.send(copyDone())
        client.end()
        expect(lettersOf(await client.untilClosed())).toBe('CZ')
        expect(await copiedRows()).toBe(2_000_000)
        await owner.query('TRUNCATE copied')
        await expectNextServed()
      })
    })
  })
})
