/** The SQL editor's sessions, frame by frame (console-design §8, points 22 to 35). */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AuditAnswer } from '@lakegate/client'
import { signInToConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { asSuperuser } from '../stage/inside-instance.ts'
import { createPerson, formAction, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { openSqlSession, connectSqlSocket, type SqlSocket } from '../stage/sql-socket.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const instance = ready.instance.name

let person: Person
let browser: ConsoleBrowser
const opened: SqlSocket[] = []

beforeAll(async () => {
  person = await createPerson(lakegate)
  await admin.request('POST', `/api/2.0/database/instances/${instance}/roles`, {
    name: person.userName,
    identity_type: 'USER',
    membership_role: 'DATABRICKS_SUPERUSER',
  })
  browser = await signInToConsole(ready.http_url, person)
})
afterEach(async () => {
  for (const socket of opened.splice(0)) {
    if (socket.closeCode() !== undefined) continue
    socket.send({ type: 'end' })
    await socket.closed()
  }
})

async function open(options: { readonly time_zone?: string } = {}) {
  const session = await openSqlSession(browser, { instance, ...options })
  opened.push(session.sql)
  return session
}

describe('a session of the SQL editor', () => {
  it('is opened as the own role, with the settings that values are read by', async () => {
    const { sql, opened: hello } = await open({ time_zone: 'Europe/Berlin' })
    expect(hello).toMatchObject({
      instance,
      database: 'databricks_postgres',
      role: person.userName,
      time_zone: 'Europe/Berlin',
      transaction: 'none',
      resumed: false,
    })
    const ran = await sql.run(`SELECT current_setting('application_name'), current_setting('DateStyle'),
      current_setting('bytea_output'), session_user = current_user, pg_backend_pid()`)
    expect(ran.rows[0]?.[0]).toEqual([
      'lakegate-console',
      expect.stringContaining('ISO'),
      'hex',
      't',
      String(hello.process_id),
    ])
  })

  it('22: gives values as the text that PostgreSQL sent', async () => {
    const { sql } = await open({ time_zone: 'UTC' })
    const ran = await sql.run(`SELECT 9223372036854775807, 12345678901234567890.123456789, 1e-400::numeric,
      'infinity'::timestamptz, '\\x00ff'::bytea, '{{1,NULL},{3,4}}'::int[][], '{"a":1,"a":1e400}'::json, 'NaN'::float8, NULL, ''`)
    expect(ran.rows[0]?.[0]).toEqual([
      '9223372036854775807',
      '12345678901234567890.123456789',
      `0.${'0'.repeat(399)}1`,
      'infinity',
      '\\x00ff',
      '{{1,NULL},{3,4}}',
      '{"a":1,"a":1e400}',
      'NaN',
      null,
      '',
    ])
    expect(ran.columns[0]?.columns.map(({ type, align }) => [type, align]).slice(0, 2)).toEqual([
      ['bigint', 'right'],
      ['numeric', 'right'],
    ])
    const typed = await sql.run(`SELECT 1::numeric(10,2), 'a'::varchar(7)`)
    expect(typed.columns[0]?.columns.map(({ type }) => type)).toEqual([
      'numeric(10,2)',
      'character varying(7)',
    ])
  })

  it('23: shows the first rows of ten million, says that there are more, and brings more of them', async () => {
    const { sql } = await open()
    const ran = await sql.run('SELECT generate_series(1, 10000000)')
    expect(ran.rows[0]).toHaveLength(1000)
    expect(ran.complete[0]).toMatchObject({
      rows: 1000,
      more: true,
      kept_until: expect.any(String) as string,
    })
    expect(ran.done.transaction).toBe('none')
    sql.send({ type: 'more', run: ran.run, statement: 0, rows: 500 })
    const complete = await waitFor('the second part', () =>
      sql.frames.filter(({ type }) => type === 'complete').length === 2 ? sql.frames : undefined,
    )
    const rows = complete.flatMap((frame) => (frame.type === 'rows' ? frame.rows : []))
    expect(rows).toHaveLength(1500)
    expect(rows.at(-1)).toEqual(['1500'])
    expect(complete.findLast(({ type }) => type === 'complete')).toMatchObject({ rows: 1500, more: true })
    expect((await sql.run('SELECT 1')).rows[0]).toEqual([['1']])
  })

  it('says that there are no more rows where the limit is exactly their number', async () => {
    const { sql } = await open()
    const ran = await sql.run('SELECT generate_series(1, 1000)')
    expect(ran.complete[0]).toMatchObject({
      rows: 1000,
      more: false,
      tag: 'SELECT 1000',
    })
  })

  it('commits at once what a statement wrote whose rows are not all shown', async () => {
    const { sql } = await open()
    await sql.run('CREATE SCHEMA own; CREATE TABLE own.written (n int)')
    const ran = await sql.run('INSERT INTO own.written SELECT generate_series(1, 200) RETURNING n', {
      row_limit: 100,
    })
    expect(ran.complete[0]).toMatchObject({ rows: 100, more: true })
    expect(ran.complete[0]).not.toHaveProperty('kept_until')
    const other = await open()
    expect((await other.sql.run('SELECT count(*) FROM own.written')).rows[0]).toEqual([['200']])
    await sql.run('DROP SCHEMA own CASCADE')
  })

  it('24: stops reading where the browser gives no credit, and goes on afterwards', async () => {
    const { sql } = await open()
    sql.send({
      type: 'run',
      run: 1,
      sql: `SELECT repeat('x', 1000) FROM generate_series(1, 20000)`,
      row_limit: 20_000,
      continue_after_errors: false,
      hash_passwords: false,
    })
    await sql.next('rows')
    await pause(1_000)
    const rows = () => sql.frames.flatMap((frame) => (frame.type === 'rows' ? frame.rows : [])).length
    const standing = rows()
    expect(standing).toBeLessThan(1_000)
    await pause(500)
    expect(rows()).toBe(standing)
    let credited = 0
    await waitFor('all rows', () => {
      const now = rows()
      if (now > credited) sql.send({ type: 'credit', run: 1, statement: 0, rows: now - credited })
      credited = now
      return sql.frames.some(({ type }) => type === 'done')
    })
    expect(rows()).toBe(20_000)
  })

  it('25: cancels what is under way, and goes on', async () => {
    const { sql } = await open()
    const running = sql.run(`DO $$ BEGIN RAISE NOTICE 'under way'; PERFORM pg_sleep(60); END $$`)
    await sql.next('notice')
    sql.send({ type: 'cancel' })
    expect((await running).failed[0]?.error).toMatchObject({ sqlstate: '57014' })
    expect((await sql.run('SELECT 2')).rows[0]).toEqual([['2']])
  })

  it('25: cancels a result of which the browser takes nothing in', async () => {
    const { sql } = await open()
    sql.send({
      type: 'run',
      run: 1,
      sql: `SELECT repeat('x', 1000) FROM generate_series(1, 20000)`,
      row_limit: 20_000,
      continue_after_errors: false,
      hash_passwords: false,
    })
    await sql.next('rows')
    sql.send({ type: 'cancel' })
    expect((await sql.next('failed')).error.sqlstate).toBe('57014')
    expect((await sql.next('done')).transaction).toBe('none')
  })

  it('26: keeps temporary tables, settings and the transaction between runs, and tells its state', async () => {
    const { sql } = await open()
    const other = await open()
    await sql.run(`CREATE TEMPORARY TABLE mine (n int); SET my.setting = 'kept'`)
    expect((await sql.run(`SELECT current_setting('my.setting'), count(*) FROM mine`)).rows[0]).toEqual([
      ['kept', '0'],
    ])
    expect((await other.sql.run('SELECT * FROM mine')).failed[0]?.error.sqlstate).toBe('42P01')
    expect((await sql.run('BEGIN')).done.transaction).toBe('open')
    expect((await sql.run('SELECT 1/0')).done.transaction).toBe('failed')
    expect((await sql.run('SELECT 1')).failed[0]?.error.sqlstate).toBe('25P02')
    sql.send({ type: 'rollback' })
    expect((await sql.next('transaction')).transaction).toBe('none')
    await sql.run('BEGIN; INSERT INTO mine VALUES (1)')
    sql.send({ type: 'commit' })
    expect((await sql.next('transaction')).transaction).toBe('none')
    expect((await sql.run('SELECT n FROM mine')).rows[0]).toEqual([['1']])
  })

  it('28: stops at the first error, marks its place in the text, and goes on only when told to', async () => {
    const { sql } = await open()
    const text = `SELECT 'ä😀'; SELECT '😀', nothing; SELECT 3`
    const ran = await sql.run(text)
    expect(ran.rows[0]).toEqual([['ä😀']])
    expect(ran.failed[1]?.error).toMatchObject({ sqlstate: '42703', offset: text.indexOf('nothing') })
    expect(ran.frames.filter(({ type }) => type === 'statement')).toHaveLength(2)
    expect((await sql.run(text, { continue_after_errors: true })).rows[2]).toEqual([['3']])
  })

  it('28: does not glue statements together: what came before an error is committed', async () => {
    const { sql } = await open()
    await sql.run(
      'CREATE SCHEMA apart; CREATE TABLE apart.one (n int); INSERT INTO apart.one VALUES (1); SELECT 1/0',
    )
    expect((await sql.run('SELECT n FROM apart.one')).rows[0]).toEqual([['1']])
    await sql.run('DROP SCHEMA apart CASCADE')
  })

  it('29: sends notices while the statement still runs, and command tags', async () => {
    const { sql } = await open()
    const running = sql.run(`DO $$ BEGIN RAISE NOTICE 'now'; PERFORM pg_sleep(1); END $$`)
    const { notice } = await sql.next('notice')
    expect(notice).toMatchObject({ severity: 'NOTICE', message: 'now', sqlstate: '00000' })
    expect(sql.frames.some(({ type }) => type === 'done')).toBe(false)
    await running
    const ran = await sql.run(
      'CREATE TEMPORARY TABLE five AS SELECT generate_series(1, 5) AS n; UPDATE five SET n = 1',
    )
    expect(ran.complete.map((complete) => complete?.tag)).toEqual(['SELECT 5', 'UPDATE 5'])
    const many = await sql.run(`DO $$ BEGIN FOR i IN 1..1500 LOOP RAISE NOTICE '%', i; END LOOP; END $$`)
    expect(many.frames.filter(({ type }) => type === 'notice')).toHaveLength(1000)
    expect(many.frames).toContainEqual({ type: 'notices_dropped', count: 500 })
  })

  it('29: passes notifications on', async () => {
    const { sql } = await open()
    await sql.run(`LISTEN news; NOTIFY news, 'hello'`)
    expect(await sql.next('notification')).toMatchObject({ channel: 'news', payload: 'hello' })
  })

  it('30: answers COPY with what it cannot do, and stays usable', async () => {
    const { sql } = await open()
    await sql.run('CREATE TEMPORARY TABLE copied (n int)')
    const from = await sql.run('COPY copied FROM STDIN')
    expect(from.complete[0]?.remark).toBe(
      String.raw`COPY moves files; the console has none. In psql: \copy copied FROM 'file.csv'`,
    )
    const to = await sql.run('COPY (SELECT generate_series(1, 100000)) TO STDOUT')
    expect(to.complete[0]).toMatchObject({
      tag: 'COPY 100000',
      rows: 0,
      remark: expect.stringContaining('psql') as string,
    })
    expect((await sql.run('SELECT 1')).rows[0]).toEqual([['1']])
  })

  it('31: cuts a value of 48 MB, and gives out the first 8 MB of it piece by piece', async () => {
    const { sql } = await open()
    const ran = await sql.run(`SELECT repeat('ä', 24000000), repeat('x', 10240)`)
    const [cut, whole] = ran.rows[0]?.[0] ?? []
    expect(whole).toBe('x'.repeat(10240))
    expect(cut).toMatchObject({ beginning: 'ä'.repeat(1024), bytes: 48_000_000, kept_bytes: 8 * 1024 * 1024 })
    let text = ''
    for (;;) {
      sql.send({ type: 'cell', run: ran.run, statement: 0, row: 0, column: 0, offset: text.length })
      const piece = await sql.next('cell')
      expect(piece.offset).toBe(text.length)
      text += piece.text
      if (piece.is_last) break
    }
    expect(text).toBe('ä'.repeat(4 * 1024 * 1024))
  })

  it('answers the commands of psql that it knows, whatever the search path holds', async () => {
    const { sql } = await open()
    await sql.run(`CREATE SCHEMA trap; CREATE TABLE trap.described (id bigint PRIMARY KEY, total numeric(10,2) DEFAULT 1.5);
      CREATE FUNCTION trap.no(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT 1/0 = 1';
      CREATE OPERATOR trap.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = trap.no); SET search_path = trap, pg_catalog`)
    const described = await sql.run(String.raw`\d described`)
    expect(described.rows[0]?.map((row) => row.slice(1, 4))).toEqual(
      [
        ['column', 'id', 'bigint'],
        ['column', 'total', 'numeric(10,2)'],
        ['index', 'described_pkey', expect.stringContaining('UNIQUE INDEX')],
        ['constraint', 'described_id_not_null', 'NOT NULL id'],
        ['constraint', 'described_pkey', 'PRIMARY KEY (id)'],
      ].filter(
        ([, name]) => name !== 'described_id_not_null' || described.rows[0]?.some((row) => row[2] === name),
      ),
    )
    for (const command of ['d', 'dt', 'dn', 'du', 'l', 'dx', 'conninfo', 'dt+ trap.*']) {
      const ran = await sql.run(`\\${command}`)
      expect(ran.failed, command).toEqual([])
      expect(ran.rows[0]?.length, command).toBeGreaterThan(0)
    }
    const unknown = await sql.run(String.raw`\copy t from 'x'`)
    expect(unknown.complete[0]?.remark).toBe(String.raw`\copy works only in psql.`)
    sql.send({
      type: 'catalog',
      question: 7,
      sql: { about: 'columns', schema: 'trap', relation: 'described' },
    })
    expect((await sql.next('catalog')).rows.map(([name, type]) => [name, type])).toEqual([
      ['id', 'bigint'],
      ['total', 'numeric(10,2)'],
    ])
    for (const [question, about] of [
      { about: 'schemas' },
      { about: 'relations', schema: 'trap' },
      { about: 'functions', schema: 'trap' },
      { about: 'roles' },
      { about: 'databases' },
    ].entries()) {
      sql.send({ type: 'catalog', question, sql: about as { about: 'schemas' } })
      const answer = await sql.next('catalog')
      expect(answer.error).toBeUndefined()
      expect(answer.rows.length).toBeGreaterThan(0)
    }
    await sql.run('SET search_path = public; DROP SCHEMA trap CASCADE')
  })

  it('rolls back what EXPLAIN (ANALYZE) did, and runs nothing else that way', async () => {
    const { sql } = await open()
    await sql.run('CREATE TEMPORARY TABLE explained (n int)')
    const ran = await sql.run('EXPLAIN ANALYZE INSERT INTO explained VALUES (1)', { roll_back: true })
    expect(ran.rows[0]?.length).toBeGreaterThan(0)
    expect(ran.done.transaction).toBe('none')
    await sql.run('EXPLAIN ANALYZE INSERT INTO explained VALUES (1); COMMIT', { roll_back: true })
    expect((await sql.next('not_understood')).message).toContain('Nothing was run')
    expect((await sql.run('SELECT count(*) FROM explained')).rows[0]).toEqual([['0']])
  })

  it('35: outlives its WebSocket for a while, with what it runs, and loses no frame and runs nothing twice', async () => {
    const { sql, opened: hello } = await open()
    await sql.run('CREATE TEMPORARY TABLE counted (n int)')
    sql.send({
      type: 'run',
      run: 1000,
      sql: 'INSERT INTO counted VALUES (1); SELECT pg_sleep(1.5); SELECT n FROM counted',
      row_limit: 1000,
      continue_after_errors: false,
      hash_passwords: false,
    })
    await waitFor('the sleep', () => sql.frames.filter(({ type }) => type === 'complete').length >= 2)
    sql.socket.terminate()
    await sql.closed()
    await pause(2_000)
    const again = await connectSqlSocket(browser)
    opened.push(again)
    again.send({
      type: 'resume',
      csrf: browser.session.csrf,
      session_key: hello.session_key,
      received: sql.frames.length - 1,
    })
    expect(await again.next('opened')).toMatchObject({ resumed: true, process_id: hello.process_id })
    await again.next('done')
    const all = [...sql.frames, ...again.frames.slice(1)]
    expect(
      all.flatMap((frame) => (frame.type === 'rows' && frame.statement === 2 ? frame.rows : [])),
    ).toEqual([['1']])
    again.send({
      type: 'run',
      run: 1000,
      sql: 'INSERT INTO counted VALUES (1)',
      row_limit: 1000,
      continue_after_errors: false,
      hash_passwords: false,
    })
    expect((await again.next('not_understood')).message).toContain('nothing was done')
    expect((await again.run('SELECT count(*) FROM counted', { run: 2000 })).rows[0]).toEqual([['1']])
  })

  it('tells why it ended: by PostgreSQL, and by the person', async () => {
    const { sql, opened: hello } = await open()
    await sql.run('BEGIN')
    await asSuperuser(lakegate, `SELECT pg_terminate_backend(${String(hello.process_id)})`)
    expect(await sql.next('ended')).toMatchObject({
      reason: 'ended_by_server',
      error: { sqlstate: '57P01' },
      rolled_back: true,
    })
    const second = await open()
    second.sql.send({ type: 'end' })
    expect(await second.sql.next('ended')).toMatchObject({ reason: 'ended_by_person', rolled_back: false })
    expect(await second.sql.closed()).toBe(1000)
  })

  it('13: ends when the person signs out at the account page', async () => {
    const leaving = await signInToConsole(ready.http_url, person)
    const { sql } = await openSqlSession(leaving, { instance })
    await sql.run('BEGIN')
    const account = await leaving.visitor.visit(`${ready.http_url}/oidc/account`)
    await leaving.visitor.submit(formAction(account, 'sign-out'), {})
    expect(await sql.next('ended')).toMatchObject({ reason: 'sign_in_over', rolled_back: true })
    expect(await sql.closed()).toBe(4401)
  })

  it('is one of five of a person', async () => {
    const five = await Promise.all([open(), open(), open(), open(), open()])
    await expect(open()).rejects.toThrow('too_many_sql_sessions')
    five[0].sql.send({ type: 'end' })
    await five[0].sql.closed()
    await open()
  })

  it('says through which groups the person acts, from the group of the role down to the person', async () => {
    const suffix = randomUUID().slice(0, 8)
    const scim = '/api/2.0/preview/scim/v2'
    const inner = await admin.request<{ id: string }>('POST', `${scim}/Groups`, {
      displayName: `inner ${suffix}`,
      members: [{ value: person.id }],
    })
    await admin.request('POST', `${scim}/Groups`, {
      displayName: `outer ${suffix}`,
      members: [{ value: inner.id }],
    })
    await admin.request('POST', `/api/2.0/database/instances/${instance}/roles`, {
      name: `outer ${suffix}`,
      identity_type: 'GROUP',
    })
    const { sql, opened: hello } = await openSqlSession(browser, { instance, role: `outer ${suffix}` })
    opened.push(sql)
    expect(hello.path).toEqual([`outer ${suffix}`, `inner ${suffix}`, person.userName])
  })

  it('shows the browser, and not the control plane, as the client: in the audit, and in SQL', async () => {
    const { sql } = await open()
    const ran = await sql.run('SELECT host(client_address) FROM databricks_session_identity()')
    expect(ran.rows[0]).toEqual([['127.0.0.1']])
    const records = await admin.request<AuditAnswer>('GET', '/api/2.0/lakegate/audit?event=login')
    expect(JSON.stringify(records)).toContain(person.userName)
  })

  it('36: refuses with the words of the gateway', async () => {
    await expect(openSqlSession(browser, { instance, role: `nobody-${randomUUID()}` })).rejects.toThrow(
      /"sqlstate":"28/,
    )
    await expect(openSqlSession(browser, { instance: 'no-such-instance' })).rejects.toThrow(
      'instance_not_found',
    )
    await expect(openSqlSession(browser, { instance, database: 'no_such_database' })).rejects.toThrow('3D000')
    await expect(openSqlSession(browser, { instance, time_zone: 'Nowhere/Else' })).rejects.toThrow('22023')
  })
})
