/**
 * What a session of the pooled endpoint changes outside transactions, one row for each (docs/pooled-endpoint.md): it
 * holds on whatever backend, it keeps its backend, or it ends the session with a reason. The direct endpoint says what
 * is right.
 */
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pooledClient, startWithOneBackend } from '../stage/pooled-sessions.ts'
import { asOwner, createRoleFor, createServicePrincipal, databaseClient } from '../stage/service-principal.ts'
import { scrape, valueOf } from '../stage/metrics.ts'
import { waitFor } from '../stage/wait-for.ts'
import { watch, type WatchedSession } from '../stage/watched-session.ts'

type Statement = string | readonly [text: string, ...values: string[]]

const GROUP = 'pooled_state_group'
let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let login: { user: string; password: string }
let direct: pg.Client
let session: WatchedSession
let others: readonly [pg.Client, pg.Client]

beforeAll(async () => {
  // Two backends, of which one may be kept.
  lakegate = await startWithOneBackend({ LAKEGATE_POOL_SIZE: '2' })
  const principal = await createServicePrincipal(lakegate, 'state')
  await createRoleFor(lakegate, principal)
  await asOwner(lakegate, async (owner) => {
    await owner.query(`GRANT CREATE ON SCHEMA public TO "${principal.applicationId}"`)
    await owner.query(`CREATE ROLE ${GROUP}`)
    await owner.query(`GRANT ${GROUP} TO "${principal.applicationId}"`)
    await owner.query(`CREATE FUNCTION public.hidden_setting() RETURNS text LANGUAGE sql
      AS $$ SELECT set_config('work_mem', '5MB', false) $$`)
    await owner.query(`CREATE FUNCTION public.hidden_table() RETURNS void LANGUAGE plpgsql
      AS $$ BEGIN CREATE TEMPORARY TABLE hidden AS SELECT 7 AS x; END $$`)
  })
  login = { user: principal.applicationId, password: await principal.workspaceToken() }
})
afterAll(async () => {
  await lakegate.remove()
})
beforeEach(async () => {
  direct = await databaseClient(lakegate, login)
  await direct.connect()
  session = watch(await pooledClient(lakegate, login))
  others = [await pooledClient(lakegate, login), await pooledClient(lakegate, login)]
})
afterEach(async () => {
  await Promise.all([direct, session.client, ...others].map((client) => client.end()))
})

const run = async (client: pg.Client, statement: Statement): Promise<unknown> => {
  const [text, ...values] = typeof statement === 'string' ? [statement] : statement
  const { rows } = await client.query<unknown[]>({ text, values, rowMode: 'array' })
  return rows
}
const runAll = async (client: pg.Client, statements: readonly Statement[]): Promise<void> => {
  for (const statement of statements) {
    // A transaction that is meant to fail.
    await run(client, statement).catch((error: unknown) => {
      if (statement !== 'SELECT 1/0') throw error
    })
  }
}
/** Others want both backends, one of them for a transaction; the session has to leave its own if it can. */
const displace = async (): Promise<void> => {
  const [one, other] = others
  await one.query('BEGIN')
  await one.query('SELECT 1')
  const second = other.query('SELECT 1')
  await one.query('COMMIT')
  await second
}

const HOLDS: Readonly<Record<string, readonly [readonly Statement[], read: string]>> = {
  'SET SESSION CHARACTERISTICS … SERIALIZABLE': [
    ['SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE'],
    'SHOW transaction_isolation',
  ],
  'SET SESSION CHARACTERISTICS … READ ONLY, DEFERRABLE': [
    ['SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE'],
    `SELECT current_setting('transaction_read_only'), current_setting('transaction_deferrable')`,
  ],
  default_transaction_isolation: [
    [`SET default_transaction_isolation TO 'repeatable read'`],
    'SHOW transaction_isolation',
  ],
  'default_transaction_isolation by set_config': [
    [['SELECT set_config($1, $2, $3)', 'default_transaction_isolation', 'serializable', 'false']],
    'SHOW transaction_isolation',
  ],
  default_transaction_read_only: [['SET default_transaction_read_only = on'], 'SHOW transaction_read_only'],
  default_transaction_deferrable: [
    ['SET default_transaction_deferrable = on'],
    'SHOW default_transaction_deferrable',
  ],
  extra_float_digits: [['SET extra_float_digits = -3'], 'SELECT 1::float8 / 3'],
  DateStyle: [[`SET DateStyle = 'German, DMY'`], `SELECT '2026-01-31'::date::text`],
  IntervalStyle: [['SET IntervalStyle = iso_8601'], `SELECT '90 min'::interval::text`],
  TimeZone: [[`SET TimeZone = 'Asia/Tokyo'`], `SELECT '2026-01-31 00:00Z'::timestamptz::text`],
  'SET TIME ZONE of an interval': [
    [`SET TIME ZONE INTERVAL '+05:30' HOUR TO MINUTE`],
    `SELECT '2026-01-31 00:00Z'::timestamptz::text`,
  ],
  client_encoding: [[`SET client_encoding = 'LATIN1'`], 'SHOW client_encoding'],
  'SET NAMES': [[`SET NAMES 'WIN1252'`], 'SHOW client_encoding'],
  standard_conforming_strings: [['SET standard_conforming_strings = off'], String.raw`SELECT 'a\\b'`],
  escape_string_warning: [['SET escape_string_warning = off'], 'SHOW escape_string_warning'],
  bytea_output: [['SET bytea_output = escape'], String.raw`SELECT ('\x0041'::bytea)::text`],
  search_path: [['SET search_path = pg_temp, "quoted, with comma", public'], 'SHOW search_path'],
  'SET SCHEMA': [[`SET SCHEMA 'information_schema'`], 'SELECT current_schema()'],
  statement_timeout: [[`SET statement_timeout = '12345ms'`], 'SHOW statement_timeout'],
  lock_timeout: [[`SET lock_timeout = '3s'`], 'SHOW lock_timeout'],
  idle_in_transaction_session_timeout: [
    [`SET idle_in_transaction_session_timeout = '7min'`],
    'SHOW idle_in_transaction_session_timeout',
  ],
  application_name: [[`SET application_name = 'Grüße'`], 'SHOW application_name'],
  row_security: [['SET row_security = off'], 'SHOW row_security'],
  synchronous_commit: [['SET synchronous_commit = off'], 'SHOW synchronous_commit'],
  work_mem: [[`SET work_mem = '12MB'`], 'SHOW work_mem'],
  'work_mem within a DO block': [
    [`DO $$ BEGIN PERFORM set_config('work_mem', '6MB', false); END $$`],
    'SHOW work_mem',
  ],
  'work_mem within a function': [['SELECT public.hidden_setting()'], 'SHOW work_mem'],
  'a real number': [['SET random_page_cost = 1.25'], 'SHOW random_page_cost'],
  jit: [['SET jit = off'], 'SHOW jit'],
  enable_seqscan: [['SET enable_seqscan TO off'], 'SHOW enable_seqscan'],
  client_min_messages: [['SET client_min_messages TO error'], 'SHOW client_min_messages'],
  plan_cache_mode: [['SET plan_cache_mode = force_custom_plan'], 'SHOW plan_cache_mode'],
  constraint_exclusion: [['SET constraint_exclusion = on'], 'SHOW constraint_exclusion'],
  default_text_search_config: [
    [`SET default_text_search_config = 'pg_catalog.simple'`],
    'SHOW default_text_search_config',
  ],
  check_function_bodies: [['SET check_function_bodies = off'], 'SHOW check_function_bodies'],
  'XML OPTION': [['SET XML OPTION DOCUMENT'], 'SHOW xmloption'],
  'a setting with a comment in it': [['SET /* why */ work_mem /* not */ = 9999'], 'SHOW work_mem'],
  'two settings in one query': [
    [`SET lock_timeout = '4s'; SELECT 1; SET work_mem = '13MB'`],
    `SELECT current_setting('lock_timeout'), current_setting('work_mem')`,
  ],
  'a custom setting': [
    [`SET myapp.user_id = '42'`],
    `SELECT nullif(current_setting('myapp.user_id', true), '')`,
  ],
  'a custom setting in quotes': [
    [`SET SESSION "myApp"."Tenant" TO 'Grüße'`],
    `SELECT nullif(current_setting('myapp.tenant', true), '')`,
  ],
  'a custom setting by set_config': [
    [`SELECT set_config('myapp.user_id', '43', false)`],
    `SELECT nullif(current_setting('myapp.user_id', true), '')`,
  ],
  'a custom setting whose name is a parameter': [
    [['SELECT set_config($1, $2, false)', 'myapp.by_parameter', '44']],
    `SELECT nullif(current_setting('myapp.by_parameter', true), '')`,
  ],
  ROLE: [[`SET ROLE ${GROUP}`], `SELECT current_user = '${GROUP}', current_setting('role')`],
  'ROLE, and what only the session user may': [
    [`SET ROLE ${GROUP}`, 'RESET ROLE', `SET lock_timeout = '5s'`],
    `SELECT current_user = session_user, current_setting('lock_timeout')`,
  ],
  'SESSION AUTHORIZATION DEFAULT': [
    [`SET ROLE ${GROUP}`, 'SET SESSION AUTHORIZATION DEFAULT'],
    'SELECT current_user = session_user',
  ],
  'RESET of one': [
    [`SET work_mem = '12MB'`, `SET lock_timeout = '4s'`, 'RESET work_mem'],
    `SELECT current_setting('lock_timeout'), current_setting('work_mem')`,
  ],
  'RESET ALL': [[`SET work_mem = '12MB'`, 'RESET ALL'], 'SHOW work_mem'],
  'DISCARD ALL': [[`SET work_mem = '12MB'`, 'DISCARD ALL'], 'SHOW work_mem'],
  'a SET that was committed': [['BEGIN', `SET work_mem = '14MB'`, 'COMMIT'], 'SHOW work_mem'],
  'a SET that was rolled back': [['BEGIN', `SET work_mem = '14MB'`, 'ROLLBACK'], 'SHOW work_mem'],
  'a SET that failed with its transaction': [
    ['BEGIN', `SET work_mem = '14MB'`, 'SELECT 1/0', 'COMMIT'],
    'SHOW work_mem',
  ],
  'SET LOCAL': [['BEGIN', `SET LOCAL work_mem = '14MB'`, 'COMMIT'], 'SHOW work_mem'],
  'a local custom setting': [
    ['BEGIN', `SELECT set_config('myapp.local', '1', true)`, 'COMMIT'],
    `SELECT nullif(current_setting('myapp.local', true), '')`,
  ],
}

describe('what a session set holds on another backend, and for nobody else', () => {
  it.each(Object.entries(HOLDS))('%s', async (_name, [statements, read]) => {
    const untouched = await run(direct, read)
    await runAll(direct, statements)
    await runAll(session.client, statements)
    const right = await run(direct, read)
    await displace()
    for (const other of others) expect(await run(other, read)).toEqual(untouched)
    expect(await run(session.client, read)).toEqual(right)
    // Once more, and nothing was asked in between.
    await displace()
    expect(await run(session.client, read)).toEqual(right)
  })

  it('also when a second SET comes on the second backend', async () => {
    await session.client.query(`SET work_mem = '12MB'`)
    await displace()
    await session.client.query(`SET lock_timeout = '4s'; RESET work_mem`)
    await displace()
    const settings = `SELECT current_setting('lock_timeout'), current_setting('work_mem')`
    expect(await run(session.client, settings)).toEqual([['4s', '4MB']])
  })
})

const KEEPS: Readonly<Record<string, readonly [readonly Statement[], read: string]>> = {
  'a temporary table': [['CREATE TEMPORARY TABLE mine AS SELECT 3 AS x'], 'SELECT x FROM mine'],
  'SELECT INTO TEMP': [['SELECT 4 AS x INTO TEMP mine'], 'SELECT x FROM mine'],
  'a temporary view': [['CREATE TEMP VIEW mine AS SELECT 5 AS x'], 'SELECT x FROM mine'],
  'a function in pg_temp': [
    ['CREATE FUNCTION pg_temp.six() RETURNS int LANGUAGE sql AS $$ SELECT 6 $$'],
    'SELECT pg_temp.six()',
  ],
  'a temporary table that a function makes': [['SELECT public.hidden_table()'], 'SELECT x FROM hidden'],
  'a statement of PREPARE': [['PREPARE mine AS SELECT 8'], 'EXECUTE mine'],
  'a cursor WITH HOLD': [
    ['DECLARE mine CURSOR WITH HOLD FOR SELECT generate_series(1, 3)', 'FETCH mine'],
    'FETCH 2 FROM mine',
  ],
  'an advisory lock of the session': [
    ['SELECT pg_advisory_lock(97)'],
    `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
  ],
  LISTEN: [['LISTEN gossip'], 'SELECT pg_listening_channels()'],
}

describe('what cannot be moved keeps its backend for the session', () => {
  it.each(Object.entries(KEEPS))('%s', async (_name, [statements, read]) => {
    await runAll(direct, statements)
    const right = await run(direct, read)
    // Or both had the same lock.
    await direct.end()
    await runAll(session.client, statements)
    const before = await run(session.client, 'SELECT pg_backend_pid()')
    await displace()
    await displace()
    expect(await run(session.client, read)).toEqual(right)
    expect(await run(session.client, 'SELECT pg_backend_pid()')).toEqual(before)
  })

  it('until it is gone; then the session shares again', async () => {
    await session.client.query('CREATE TEMPORARY TABLE mine (x int)')
    await displace()
    await session.client.query(`DROP TABLE mine; SET work_mem = '12MB'`)
    const before = await run(session.client, 'SELECT pg_backend_pid()')
    const [one, other] = others
    await one.query('BEGIN')
    expect(await run(other, 'SELECT pg_backend_pid()')).toEqual(before)
    await one.query('COMMIT')
    expect(await run(session.client, 'SHOW work_mem')).toEqual([['12MB']])
  })

  it('LISTEN hears what is said while the session is idle, before and after others came', async () => {
    const heard: string[] = []
    session.client.on('notification', ({ payload }) => heard.push(payload ?? ''))
    await session.client.query('LISTEN gossip')
    await others[0].query(`NOTIFY gossip, 'one'`)
    await waitFor('the first', () => heard.includes('one'))
    await displace()
    await others[0].query(`NOTIFY gossip, 'two'`)
    await waitFor('the second', () => heard.includes('two'))
    expect(heard).toEqual(['one', 'two'])
  })

  it('LISTEN names the own process id in what the session itself notifies, and no client’s in what others do', async () => {
    const senders = new Map<string | undefined, number>()
    session.client.on('notification', ({ payload, processId }) => senders.set(payload, processId))
    await session.client.query('LISTEN gossip')
    await session.client.query(`NOTIFY gossip, 'own'`)
    await others[0].query(`NOTIFY gossip, 'other'`)
    await waitFor('the other', () => senders.has('other'))
    const { processID } = session.client as unknown as { readonly processID: number }
    expect(senders.get('own')).toBe(processID)
    expect(senders.get('other')).not.toBe(processID)
  })

  it.each(Object.entries(KEEPS))(
    '%s: one more session than may be kept is ended with the reason, and leaves nothing behind',
    async (_name, [statements]) => {
      await session.client.query('CREATE TEMPORARY TABLE kept (x int)')
      await displace()
      const [second, third] = others
      const farewell = watch(second)
      await runAll(second, statements)
      await third.query('SELECT 1')
      const reason = await farewell.farewell
      expect(reason).toMatchObject({
        code: '53400',
        message: 'other sessions need the backend that holds state of this session which cannot be moved',
        hint: 'Use the direct endpoint for this, or raise pool-size.',
      })
      expect(reason).toHaveProperty('detail', expect.stringContaining('No more than 1 backends'))
      expect((await session.client.query('SELECT * FROM kept')).rowCount).toBe(0)
    },
  )
})

describe('what neither moves nor is kept says so when it is used', () => {
  it('currval and lastval of another backend: 55000', async () => {
    await session.client.query('CREATE SEQUENCE IF NOT EXISTS counted')
    await session.client.query(`SELECT nextval('counted')`)
    await displace()
    await expect(session.client.query(`SELECT currval('counted')`)).rejects.toMatchObject({ code: '55000' })
    await expect(session.client.query('SELECT lastval()')).rejects.toMatchObject({ code: '55000' })
  })
})

describe('a session whose backend ends while others do not need it', () => {
  const killOwn = async () => {
    const { rows } = await session.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await direct.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
  }

  it('is told so when it had set something in it', async () => {
    await session.client.query(`SET work_mem = '12MB'`)
    await killOwn()
    expect(await session.farewell).toMatchObject({ code: '57P01' })
  })

  it('does not notice when it had not', async () => {
    const lost = async () =>
      valueOf(
        await scrape(lakegate),
        `lakegate_pool_backends_closed_total{instance="${lakegate.ready.instance.uid}",reason="lost"}`,
      )
    const before = await lost()
    await killOwn()
    await waitFor('the gateway to notice', async () => (await lost()) > before)
    expect(await run(session.client, 'SELECT 1')).toEqual([[1]])
  })
})
