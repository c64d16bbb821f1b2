/**
 * One side that does not read holds back the other, and the gateway keeps next to nothing of what is on its way (issue 12,
 * C): on every runtime that may serve, at both endpoints.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyData, copyDone, queryMessage } from '../stage/byte-builder.ts'
import { GATEWAY_RUNTIME_HERE } from '../stage/gateway-runtimes.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { directWire, lettersOf, pooledWire, type LoggedInWire } from '../stage/pooled-sessions.ts'
import { watchMemory, type MemoryWatch } from '../stage/process-memory.ts'
import { databaseClient, mintCredential } from '../stage/service-principal.ts'
import { standstill } from '../stage/standstill.ts'
import { waitFor } from '../stage/wait-for.ts'
import { workersOf } from '../stage/workers.ts'

const WIRES = { direct: directWire, pooled: pooledWire } as const
const ENDPOINTS = ['direct', 'pooled'] as const

/** Far less than what is asked for or offered, far more than what a runtime takes for its code and its garbage. */
const MOST_GROWTH = 100_000_000

/** 2 GB, one row of 10 kB at a time. */
const ROWS = 200_000
const ENDLESS_ROWS = `SELECT nextval('rows_made'), repeat('x', 10000) FROM generate_series(1, ${String(ROWS)})`

/** 192 MB. */
const CHUNKS = 3_000
const CHUNK_BYTES = 64_000

// `npm test` tries the default, `npm run test:gateway-on-node` the other one.
describe.each([GATEWAY_RUNTIME_HERE])('with workers on %s', (gatewayRuntime) => {
  describe('the gateway', () => {
    let lakegate: OwnLakegate
    let owner: pg.Client
    let login: { readonly user: string; readonly password: string }
    let worker: number

    beforeAll(async () => {
      lakegate = await startOwnLakegate({ LAKEGATE_GATEWAY_RUNTIME: gatewayRuntime })
      const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
      login = { user: lakegate.ready.admin_user, password }
      owner = await databaseClient(lakegate, login)
      await owner.connect()
      await owner.query(`
        CREATE SEQUENCE rows_made;
        CREATE UNLOGGED TABLE copied (n integer, filler text);
        ALTER TABLE copied ALTER filler SET STORAGE EXTERNAL;
        CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END';
        CREATE TRIGGER gate BEFORE INSERT ON copied FOR EACH ROW
          WHEN (NEW.n = 0) EXECUTE FUNCTION wait_at_the_gate();
      `)
      const [pid] = await workersOf(lakegate.process.pid)
      if (pid === undefined) throw new Error('the gateway has no worker')
      worker = pid
    })
    afterAll(async () => {
      await owner.end()
      await lakegate.remove()
    })

    const one = async (sql: string): Promise<number> => {
      const { rows } = await owner.query<{ value: string }>(`SELECT (${sql}) AS value`)
      return Number(rows[0]?.value)
    }

    const rowsMade = () => one('SELECT last_value FROM rows_made')

    async function expectUsable(client: LoggedInWire): Promise<void> {
      client.send(queryMessage('SELECT 1'))
      expect(lettersOf(await client.untilReady())).toBe('TDCZ')
    }

    const expectLittleGrowth = async (memory: MemoryWatch) => {
      expect(await memory.growth()).toBeLessThan(MOST_GROWTH)
    }

    describe.each(ENDPOINTS)('a client of the %s endpoint', (endpoint) => {
      let client: LoggedInWire
      const open = async () => {
        client = await WIRES[endpoint](lakegate, login)
        await expectUsable(client)
        await owner.query('ALTER SEQUENCE rows_made RESTART; TRUNCATE copied')
        return watchMemory(worker)
      }

      it.each([
        ['COPY TO STDOUT', `COPY (${ENDLESS_ROWS}) TO STDOUT`],
        ['SELECT', ENDLESS_ROWS],
      ])('that does not read the 2 GB of its %s holds back the backend', async (_what, sql) => {
        const memory = await open()
        client.pause()
        client.send(queryMessage(sql))
        await standstill('the rows', ROWS, rowsMade)
        await expectLittleGrowth(memory)

        // It may still have it cancelled, read what was on its way, and go on.
        await owner.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%rows_made%' AND pid <> pg_backend_pid()`,
        )
        client.resume()
        const answer = await client.untilReady()
        expect(lettersOf(answer)).toMatch(/^[HT][dD]+EZ$/)
        await expectUsable(client)
        client.close()
        await expectLittleGrowth(memory)
      })

      it('that pauses reads everything in its order afterwards', async () => {
        const memory = await open()
        const rows = 6_000
        client.pause()
        client.send(
          queryMessage(
            `COPY (SELECT nextval('rows_made'), repeat(md5(n::text), 300) FROM generate_series(1, ${String(rows)}) n) TO STDOUT`,
          ),
        )
        await standstill('the rows', rows, rowsMade)
        client.resume()
        const answer = await client.untilReady()
        const bodies = answer.filter(({ type }) => type === 'd').map(({ body }) => body.toString('latin1'))
        const md5 = (n: number) => createHash('md5').update(String(n)).digest('hex')
        expect(bodies).toHaveLength(rows)
        expect(
          bodies.findIndex((body, at) => body !== `${String(at + 1)}\t${md5(at + 1).repeat(300)}\n`),
        ).toBe(-1)
        client.close()
        await expectLittleGrowth(memory)
      })

      it('whose COPY FROM STDIN the backend does not read is held back, and goes on when it does', async () => {
        const memory = await open()
        await owner.query('SELECT pg_advisory_lock(1)')
        client.send(queryMessage('COPY copied FROM STDIN'))
        expect((await client.next())?.type).toBe('G')
        const filler = 'x'.repeat(CHUNK_BYTES)
        let sent = 0
        const sending = (async () => {
          for (; sent < CHUNKS; sent += 1) await client.sendInTurn(copyData(`${String(sent)}\t${filler}\n`))
          client.send(copyDone())
        })()
        await waitFor('the backend at the gate', () =>
          one(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`),
        )
        await standstill('what the client sends', CHUNKS, () => sent)
        await expectLittleGrowth(memory)

        await owner.query('SELECT pg_advisory_unlock(1)')
        await sending
        const answer = await client.untilReady()
        expect(lettersOf(answer)).toBe('CZ')
        expect(await one('SELECT count(DISTINCT n) FROM copied')).toBe(CHUNKS)
        expect(await one('SELECT sum(length(filler)) FROM copied')).toBe(CHUNKS * CHUNK_BYTES)
        client.close()
        await expectLittleGrowth(memory)
      })
    })
  })
})
