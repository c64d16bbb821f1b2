/**
 * Attack 73: whoever is signed in, or owns a database that others look at, against the SQL editor. Operators and types in
 * front of PostgreSQL's own; a browser that reads nothing and says that it has; floods that cost it little and us a lot.
 */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SqlCatalogQuestion } from '@lakegate/client'
import { signInToConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { asSuperuser } from '../stage/inside-instance.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { openSqlSession, type SqlSocket } from '../stage/sql-socket.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const instance = ready.instance.name
const DATABASE = 'databricks_postgres'

let person: Person
let browser: ConsoleBrowser
const opened: SqlSocket[] = []

beforeAll(async () => {
  person = await createPerson(lakegate)
  await admin.request('POST', `/api/2.0/database/instances/${instance}/roles`, {
    name: person.userName,
    identity_type: 'USER',
  })
  browser = await signInToConsole(ready.http_url, person)
})
afterEach(async () => {
  for (const socket of opened.splice(0)) {
    socket.socket.resume()
    if (socket.closeCode() === undefined) socket.send({ type: 'end' })
    await socket.closed()
  }
})

async function open(): Promise<SqlSocket> {
  const { sql } = await openSqlSession(browser, { instance })
  opened.push(sql)
  return sql
}

const run = (sql: string) =>
  ({
    type: 'run',
    run: 1,
    sql,
    row_limit: 100_000,
    continue_after_errors: true,
    hash_passwords: false,
  }) as const

describe('the console’s own questions', () => {
  const QUESTIONS: readonly SqlCatalogQuestion[] = [
    { about: 'schemas' },
    { about: 'relations', schema: 'pg_catalog' },
    { about: 'columns', schema: 'pg_catalog', relation: 'pg_class' },
    { about: 'functions', schema: 'pg_catalog' },
    { about: 'roles' },
    { about: 'databases' },
  ]
  const COMMANDS = ['d', 'd pg_catalog.pg_class', 'dt *.*', 'dn', 'du', 'l', 'dx', 'conninfo']

  it('meet nothing that stands in front of PostgreSQL’s own', { timeout: 120_000 }, async () => {
    await asSuperuser(lakegate, SHADOWS, [], DATABASE)
    await asSuperuser(
      lakegate,
      `ALTER ROLE "${person.userName}" IN DATABASE ${DATABASE} SET search_path = shadows, pg_catalog`,
    )
    try {
      const sql = await open()
      // What a statement that does not say whose it means would meet.
      const met = await sql.run(`SELECT relkind = 'r' FROM pg_catalog.pg_class; SELECT 'r'::"char"`)
      expect(met.failed[0]?.error.message).toBe('shadowed')
      for (const [question, asked] of QUESTIONS.entries()) {
        sql.send({ type: 'catalog', question, sql: asked })
        expect(await sql.next('catalog'), asked.about).not.toHaveProperty('error')
      }
      for (const command of COMMANDS) {
        const ran = await sql.run(`\\${command}`)
        expect(ran.failed, command).toEqual([])
      }
    } finally {
      await asSuperuser(lakegate, `ALTER ROLE "${person.userName}" IN DATABASE ${DATABASE} RESET search_path`)
      await asSuperuser(lakegate, 'DROP SCHEMA shadows CASCADE', [], DATABASE)
    }
  })

  it('bring no frame of any length, however long names and comments are', { timeout: 120_000 }, async () => {
    await asSuperuser(
      lakegate,
      `CREATE SCHEMA long_comments; GRANT USAGE ON SCHEMA long_comments TO public;
       DO $$ BEGIN FOR number IN 1..600 LOOP
         EXECUTE format('CREATE SEQUENCE long_comments.s%s', number);
         EXECUTE format('COMMENT ON SEQUENCE long_comments.s%s IS %L', number, repeat('x', 16000));
       END LOOP; END $$`,
      [],
      DATABASE,
    )
    try {
      const sql = await open()
      sql.send({ type: 'catalog', question: 1, sql: { about: 'relations', schema: 'long_comments' } })
      const answer = JSON.stringify(await sql.next('catalog'))
      expect(answer.length).toBeGreaterThan(1_000_000)
      expect(answer.length).toBeLessThan(6_000_000)
    } finally {
      await asSuperuser(lakegate, 'DROP SCHEMA long_comments CASCADE', [], DATABASE)
    }
  })
})

describe('a browser that reads nothing', () => {
  it('gets no more than it has taken in, whatever it says', { timeout: 120_000 }, async () => {
    const sql = await open()
    sql.socket.pause()
    sql.send(run(`SELECT repeat('x', 10000) FROM generate_series(1, 8000)`))
    for (let round = 0; round < 500; round += 1) {
      sql.send({ type: 'credit', run: 1, statement: 0, rows: 100_000 })
      for (let frame = 4; frame < 1_400; frame += 4) sql.socket.pong(String(frame))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const [{ state } = { state: '' }] = await asSuperuser<{ state: string }>(
      lakegate,
      `SELECT state FROM pg_stat_activity WHERE usename = $1`,
      [person.userName],
    )
    expect(state).toBe('active')
  })

  it('is let go when it asks for more answers than anybody reads', async () => {
    const sql = await open()
    sql.socket.pause()
    for (let count = 0; count < 5_000; count += 1) sql.socket.ping('x'.repeat(125))
    sql.socket.resume()
    expect(await sql.closed()).toBe(1006)
    expect(sql.frames).not.toContainEqual(expect.objectContaining({ type: 'ended' }))
  })

  it('gets few pieces of a long value, however often it asks', { timeout: 60_000 }, async () => {
    const sql = await open()
    const { run: long } = await sql.run(`SELECT repeat('x', 8000000)`)
    sql.socket.pause()
    for (let count = 0; count < 900; count += 1)
      sql.send({ type: 'cell', run: long, statement: 0, row: 0, column: 0, offset: count })
    sql.socket.resume()
    await waitFor('a refusal, or all of it', () =>
      sql.frames.some(({ type }) => type === 'not_understood') ||
      sql.frames.filter(({ type }) => type === 'cell').length >= 900
        ? true
        : undefined,
    )
    expect(sql.frames.filter(({ type }) => type === 'cell').length).toBeLessThan(100)
  })
})

it('a text of commands that need no PostgreSQL can be cancelled', { timeout: 60_000 }, async () => {
  const sql = await open()
  const count = 200_000
  sql.send(run('\\x\n'.repeat(count)))
  await sql.next('statement')
  sql.send({ type: 'cancel' })
  await sql.next('done')
  expect(sql.frames.filter(({ type }) => type === 'complete').length).toBeLessThan(count / 2)
})

it('values are read as they were written, whatever a statement says of the encoding', async () => {
  const sql = await open()
  const changed = await sql.run(`SET client_encoding = 'LATIN1'; SELECT 'ä€', length('ä€')`)
  expect(changed.rows[1]).toEqual([['ä€', '2']])
  expect(changed.frames).toContainEqual(
    expect.objectContaining({
      type: 'notice',
      notice: expect.objectContaining({
        message: expect.stringContaining('client_encoding is UTF8 again') as string,
      }) as object,
    }),
  )
  await sql.run(`BEGIN; SET LOCAL client_encoding = 'LATIN1'`)
  expect((await sql.run(`SELECT 'ä€', current_setting('client_encoding')`)).rows[0]).toEqual([['ä€', 'UTF8']])
  await sql.run(`SELECT set_config('client_encoding', 'LATIN1', false); SELECT 1/0`)
  await sql.run('ROLLBACK')
  expect((await sql.run(`SELECT 'ä€', current_setting('client_encoding')`)).rows[0]).toEqual([['ä€', 'UTF8']])
})

/** All that the questions use, by the types that they use it with. */
const TYPES = ['"char"', 'name', 'text', 'oid', 'int2', 'int4', 'int8', 'bool']
const OPERATORS = ['=', '<>', '~', '!~', '<', '>', '||']
const SHADOWS = [
  `CREATE SCHEMA shadows; GRANT USAGE ON SCHEMA shadows TO public`,
  ...TYPES.map(
    (
      type,
    ) => `CREATE FUNCTION shadows.met(pg_catalog.${type}, pg_catalog.${type}) RETURNS pg_catalog.bool LANGUAGE plpgsql
       AS $$ BEGIN RAISE EXCEPTION 'shadowed'; END $$`,
  ),
  ...OPERATORS.flatMap((operator) =>
    TYPES.map(
      (type) =>
        `CREATE OPERATOR shadows.${operator} (FUNCTION = shadows.met, LEFTARG = pg_catalog.${type}, RIGHTARG = pg_catalog.${type})`,
    ),
  ),
  `CREATE FUNCTION shadows.met(pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql
     AS $$ BEGIN RAISE EXCEPTION 'shadowed'; END $$`,
  ...['"char"', 'name', 'text', 'oid', 'int4', 'int8', 'regclass'].map(
    (type) => `CREATE DOMAIN shadows.${type} AS pg_catalog.text CHECK (shadows.met(VALUE))`,
  ),
  ...['pg_namespace', 'pg_class', 'pg_attribute', 'pg_proc', 'pg_roles', 'pg_database', 'pg_settings'].map(
    (view) => `CREATE VIEW shadows.${view} AS SELECT shadows.met('x'::pg_catalog.text)`,
  ),
  `CREATE FUNCTION shadows.concat(VARIADIC "any") RETURNS pg_catalog.text LANGUAGE internal AS 'text_concat'`,
].join(';\n')
