/** What of a text is a reason to ask the backend what it left. A miss loses a setting in silence; a false alarm costs a question. */
import { describe, expect, it } from 'vitest'
import { Leftovers } from '../../../../src/gateway/pooled/conversation/leftovers.ts'
import { traitsOf } from '../../../../src/gateway/pooled/conversation/text-traits.ts'

describe('may leave something', () => {
  it.each([
    `SELECT set_config('a.b', 'c', false)`,
    `SELECT set_config('a.b', 'c', $1)`,
    `SELECT set_config('a.b', f(), true)`,
    `SELECT SET_CONFIG /* comment ( */ ('a.b', 'c', false)`,
    `SELECT pg_catalog . set_config ('a.b', 'c', false)`,
    `SELECT "set_config"('a.b', 'c', false)`,
    'SELECT -- (\n set_config --\n (1)',
    'SELECT pg_advisory_lock(1)',
    'SELECT pg_try_advisory_lock(1), count(*) FROM t',
    'SELECT app.login()',
    'SELECT evil.count(*)',
    'SELECT größe(1)',
    // A double quote in a string or a comment begins no name.
    `SELECT 'size 5"', pg_advisory_lock(7)`,
    `SELECT 'size 5"', pg_advisory_lock(7), '6"'`,
    'SELECT pg_advisory_lock/* " */(7)',
    `SELECT 'it is "', "set_config"('a.b', 'c', false)`,
    // A comment ends with either end of line (scan.l, non_newline).
    'SELECT pg_advisory_lock --upper\r(1)',
    // This is no INSERT.
    'SELECT /* into */ pg_advisory_lock(1)',
    'SELECT --into\n pg_advisory_lock(1)',
    'SELECT /* /* */ into */ pg_advisory_lock(1)',
    'SELECT 2 */* into */ pg_advisory_lock(1)',
    `SELECT '*/' /* into */ pg_advisory_lock(1)`,
    // PostgreSQL has no blanks but those of ASCII: this is a name (scan.l, ident_start).
    'SELECT lower \u00a0(1)',
    'SELECT * INTO TEMP x FROM y',
    'CREATE TEMPORARY TABLE x AS SELECT 1',
    // With pg_temp in search_path; its tag is that of a SELECT.
    'CREATE TABLE x AS SELECT 1',
    'EXECUTE prepared',
    `INSERT INTO t VALUES (f(1))`,
    `WITH x AS (SELECT f(1)) SELECT * FROM x`,
  ])('%s', (text) => {
    expect(traitsOf(text).mayLeave).toBe(true)
  })

  it('a text of any kind is read once, however long it is: more would take minutes here', () => {
    const pieces = [
      'x',
      ' ',
      '(',
      '"',
      "'",
      '--',
      '/*',
      '*/',
      'set ',
      'set /*',
      'setx.',
      'set\x80.',
      'set_config(',
      'a.',
      'into ',
      '\n',
    ]
    const texts = pieces.flatMap((piece) => pieces.map((other) => (piece + other).repeat(30_000)))
    expect(texts.map(traitsOf)).toHaveLength(pieces.length ** 2)
  })

  it('a text that was not seen', () => {
    expect(traitsOf(undefined)).toMatchObject({ mayLeave: true, setsLocally: false, mayDeallocateAll: true })
  })
})

describe('leaves nothing by what it calls', () => {
  it.each([
    'SELECT abalance FROM pgbench_accounts WHERE aid = $1',
    'UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = 1',
    'INSERT INTO "public"."users" ("id", name) VALUES ($1, now()) ON CONFLICT (id) DO NOTHING RETURNING id',
    'SELECT count(*), coalesce(sum(x), 0) FROM t WHERE (a = 1 OR b IN (1, 2)) AND c = ANY ($1)',
    'SELECT x::numeric(10, 2), cast(y AS varchar(3)) FROM t JOIN u USING (id) GROUP BY x HAVING (count(*) > 1)',
    'WITH a AS (SELECT 1) SELECT row_number() OVER (PARTITION BY x) FROM a',
    'SELECT pg_catalog.lower(x), pg_advisory_xact_lock(1) FROM t',
    `SELECT set_config('app.tenant', $1, true)`,
    `SELECT set_config($1, $2::text, true), set_config('b.c', '(', TRUE)`,
    'SELECT temperature, template FROM sensors',
    `/* insert com.example.Entity */ insert into t (a, b) values ('x', "y")`,
    `SELECT "t"."a" FROM "t" WHERE "t"."b" = 'c' AND ("t"."d" = 1 OR "t"."e" IN (1, 2)) -- page 1`,
    `INSERT INTO "orders" ("id", "note") VALUES (1, '5" pipe')`,
  ])('%s', (text) => {
    expect(traitsOf(text).mayLeave).toBe(false)
  })
})

describe('sets locally', () => {
  it.each([
    ['SET LOCAL work_mem = 1', true],
    ['BEGIN; set local a.b = 1; SELECT 1', true],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', true],
    ['SET work_mem = 1', false],
    ['SET LOCAL work_mem = 1; SET work_mem = 2', false],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', false],
    ['SET /* LOCAL */ work_mem = 1', false],
    ['RESET work_mem', false],
    ['SET local.x = 1', false],
    ['SET LOCAL .x = 1', false],
    ['SET LOCAL/* . */work_mem = 1', false],
    ['SET LOCAL /* . */ work_mem = 1', false],
    ['SET \u00a0local.x = 1', false],
    ['SET LOCAL work_mem = 1 -- a word', false],
  ])('%s: %s', (text, isLocal) => {
    expect(traitsOf(text).setsLocally).toBe(isLocal)
  })
})

describe('names custom settings', () => {
  it.each([
    ['SET app.user = 1', ['app.user']],
    ['SET SESSION "App" . "User" TO 1', ['app.user']],
    [
      `select set_config('app.user.id', '1', false), set_config(E'b.c', 'x.y', false)`,
      ['app.user.id', 'b.c'],
    ],
    ['UPDATE t SET a.b = 1', ['a.b']],
    ['SET local.x = 1', ['local.x']],
    // One quoted name with a dot in it is a custom setting as well.
    [`SET "app.user" = '42'`, ['app.user']],
    [`SET SESSION /* of the tenant */ "app.user" = '42'`, ['app.user']],
    [`SET --\rfoo.bar = 'x'`, ['foo.bar']],
    [`SET /*${'long '.repeat(100)}*/ foo.bar = 1`, ['foo.bar']],
    ['SET foo/* */./* */bar = 1', ['foo.bar']],
    ['SET foo -- a\n.bar = 1; SELECT a.b', ['a.bar', 'a.b', 'foo.bar']],
    ['SET foo.bar/* */.baz = 1', ['foo.bar', 'foo.bar.baz']],
    // UTF-8, one character per byte: a blank of JavaScript is a part of these.
    [Buffer.from(`SET àpp.x = '1'`).toString('latin1'), [Buffer.from('àpp.x').toString('latin1')]],
    ['SET work_mem = 1', []],
    ['SELECT t.a FROM t', []],
    [`SET databricks_auth.identity = 'root'`, []],
    [`SELECT set_config('{"a"}', '', false)`, []],
  ])('%s: %j', (text, names) => {
    expect(traitsOf(text).customSettings).toEqual(names)
  })
})

it('names the parameters that are names of settings, unless they are set locally', () => {
  const text = `SELECT set_config($2, $1, false), set_config($3, $4, true), set_config($15::text, '', $5)`
  expect(traitsOf(text).settingsByParameter).toEqual([2, 15])
})

describe('the tag of a command', () => {
  it.each([
    ['SELECT 5', false],
    ['INSERT 0 1', false],
    ['START TRANSACTION', false],
    ['ROLLBACK', false],
    ['SET', true],
    ['RESET', true],
    ['LISTEN', true],
    ['DISCARD ALL', true],
    ['CREATE TABLE', true],
    ['DECLARE CURSOR', true],
    ['PREPARE', true],
    ['DO', true],
    ['CALL', true],
    ['a tag of PostgreSQL 30', true],
  ])('%s is a reason: %s', (tag, isReason) => {
    const leftovers = new Leftovers()
    leftovers.completed(tag, false)
    expect(leftovers.isSuspected).toBe(isReason)
  })

  it('LOAD leaves what no question finds', () => {
    const leftovers = new Leftovers()
    leftovers.completed('LOAD', false)
    expect(leftovers.unseen).toEqual(['libraries loaded by LOAD'])
  })
})

it('more custom settings than are remembered are left where they are', () => {
  const leftovers = new Leftovers()
  for (let count = 0; count < 101; count += 1) leftovers.sent(traitsOf(`SET app.s${String(count)} = 1`))
  expect(leftovers.customNames).toHaveLength(100)
  expect(leftovers.unseen).toEqual(['more than 100 custom settings'])
})
