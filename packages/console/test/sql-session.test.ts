import { describe, expect, it, vi } from 'vitest'
import { runOnce, SqlOnceError } from '../src/data/sql-once.ts'
import { createSqlSession } from '../src/data/sql-session.ts'
import { opened, playServer, settle } from './played-sql-server.ts'

const TARGET = { instance: 'dev', database: 'databricks_postgres' }
const text = (values: unknown) => JSON.stringify(values)

function start(isSignedIn = true) {
  const server = playServer()
  const options = {
    connect: server.connect,
    csrf: () => 'csrf',
    isSignedIn: async () => isSignedIn,
    retryAfter: 0,
  }
  return { server, options, session: createSqlSession(TARGET, options) }
}

async function open() {
  const all = start()
  all.session.open()
  await settle()
  all.server.last.say(opened())
  return all
}

describe('a SQL session', () => {
  it('is opened by the first run, with the CSRF value before anything else', async () => {
    const { server, session } = start()
    expect(server.sockets).toEqual([])
    await session.run({ sql: 'SELECT 1', rowLimit: 1000 })
    await settle()
    expect(server.last.sent).toEqual([{ type: 'open', csrf: 'csrf', ...TARGET }])
    server.last.say(opened())
    expect(server.last.sent[1]).toMatchObject({ type: 'run', run: 1, sql: 'SELECT 1', row_limit: 1000 })
    expect(session.getState()).toMatchObject({
      isRunning: true,
      connection: { kind: 'open', processId: 4711 },
    })
  })

  it('keeps a result for each statement, and leaves the first one when the second fails', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'SELECT 1; SELECT x', rowLimit: 1000 })
    server.last.say(
      { type: 'statement', run: 1, statement: 0, start: 0, end: 8 },
      { type: 'rows', run: 1, statement: 0, rows: [['1']] },
      { type: 'complete', run: 1, statement: 0, tag: 'SELECT 1', rows: 1, milliseconds: 2, more: false },
      { type: 'statement', run: 1, statement: 1, start: 10, end: 18 },
      {
        type: 'failed',
        run: 1,
        statement: 1,
        milliseconds: 1,
        error: { severity: 'ERROR', sqlstate: '42703', message: 'column "x" does not exist', offset: 17 },
      },
      { type: 'done', run: 1, transaction: 'none' },
    )
    expect(session.getState().run?.results).toMatchObject([
      { status: 'complete', tag: 'SELECT 1', rows: [['1']] },
      { status: 'failed', error: { offset: 17 } },
    ])
    expect(session.getState().isRunning).toBe(false)
  })

  it('gives credit for the rows that it took in, together for what came within a moment', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'TABLE t', rowLimit: 1000 })
    server.last.say(
      { type: 'statement', run: 1, statement: 0, start: 0, end: 7 },
      { type: 'rows', run: 1, statement: 0, rows: [['1'], ['2']] },
    )
    server.last.say({ type: 'rows', run: 1, statement: 0, rows: [['3']] })
    await vi.waitFor(() =>
      expect(server.last.sent.at(-1)).toEqual({ type: 'credit', run: 1, statement: 0, rows: 3 }),
    )
  })

  it('comes back after a lost connection with its key and the number of frames, and goes on with its run', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'SELECT pg_sleep(30)', rowLimit: 1000 })
    server.last.say({ type: 'statement', run: 1, statement: 0, start: 0, end: 19 })
    server.last.cut()
    await settle()
    expect(session.getState().connection.kind).toBe('lost')
    await vi.waitFor(() =>
      expect(server.last.sent).toEqual([{ type: 'resume', csrf: 'csrf', session_key: 'key', received: 1 }]),
    )
    server.last.say(opened({ resumed: true, last_run: 1 }))
    server.last.say({ type: 'rows', run: 1, statement: 0, rows: [['']] })
    expect(session.getState()).toMatchObject({
      isRunning: true,
      connection: { kind: 'open' },
      run: { results: [{ rowCount: 1 }] },
    })
    server.last.cut()
    await vi.waitFor(() => expect(server.last.sent).toMatchObject([{ type: 'resume', received: 2 }]))
  })

  it('never sends a run again that was lost on its way: nothing was executed, and that is said', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'INSERT INTO t VALUES (1)', rowLimit: 1000 })
    server.last.cut()
    await vi.waitFor(() => expect(server.sockets).toHaveLength(2))
    await settle()
    server.last.say(opened({ resumed: true, last_run: 0 }))
    expect(session.getState()).toMatchObject({ isRunning: false, run: { isLost: true } })
    expect(server.last.sent.map(({ type }) => type)).toEqual(['resume'])
  })

  it('tries again until the server answers, and ends when the server no longer has it', async () => {
    const { server, session } = await open()
    server.last.say({ type: 'transaction', transaction: 'open' })
    server.last.cut()
    await vi.waitFor(() => expect(server.sockets).toHaveLength(2))
    server.last.cut()
    await vi.waitFor(() => expect(server.sockets).toHaveLength(3))
    server.last.say({ type: 'ended', reason: 'lost', rolled_back: true, time: '2026-11-26T14:31:00Z' })
    expect(session.getState()).toMatchObject({
      transaction: 'none',
      connection: { kind: 'ended', reason: 'lost', rolledBack: true },
    })
    expect(server.last.isClosed).toBe(true)
  })

  it('shows why a login was refused, and opens anew with the next run', async () => {
    const { server, session } = start()
    await session.run({ sql: 'SELECT 1', rowLimit: 1000 })
    await settle()
    const refusal = { name: 'not_a_member', sqlstate: '28000', message: 'You are not in the group.' }
    server.last.say({ type: 'refused', refusal })
    expect(session.getState()).toMatchObject({
      isRunning: false,
      connection: { kind: 'refused', refusal },
    })
    await session.run({ sql: 'SELECT 1', rowLimit: 1000 })
    expect(server.sockets).toHaveLength(2)
  })

  it('says that the server cannot be reached when its WebSocket closes before it opened', async () => {
    const { server, session } = start()
    session.open()
    server.last.cut()
    await settle()
    expect(session.getState().connection).toEqual({ kind: 'unreachable' })
  })

  it('cancels once, and the session goes on', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'SELECT pg_sleep(60)', rowLimit: 1000 })
    session.cancel()
    session.cancel()
    expect(server.last.sent.filter(({ type }) => type === 'cancel')).toHaveLength(1)
    server.last.say({ type: 'done', run: 1, transaction: 'none' })
    expect(session.getState()).toMatchObject({ isRunning: false, cancelledAt: undefined })
  })

  it('asks for more rows of a result that is kept, and takes no run meanwhile', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'TABLE t', rowLimit: 1 })
    server.last.say(
      { type: 'statement', run: 1, statement: 0, start: 0, end: 7 },
      { type: 'rows', run: 1, statement: 0, rows: [['1']] },
      {
        type: 'complete',
        run: 1,
        statement: 0,
        rows: 1,
        milliseconds: 1,
        more: true,
        kept_until: '2026-11-26T14:31:00Z',
      },
      { type: 'done', run: 1, transaction: 'none' },
    )
    session.loadMore(0, 1)
    await session.run({ sql: 'SELECT 2', rowLimit: 1 })
    expect(server.last.sent.at(-1)).toEqual({ type: 'more', run: 1, statement: 0, rows: 1 })
    server.last.say(
      { type: 'rows', run: 1, statement: 0, rows: [['2']] },
      { type: 'complete', run: 1, statement: 0, tag: 'SELECT 2', rows: 2, milliseconds: 1, more: false },
      { type: 'done', run: 1, transaction: 'none' },
    )
    expect(session.getState()).toMatchObject({ isRunning: false, run: { results: [{ rowCount: 2 }] } })
  })

  it('tells why the server did not run something, and takes the next run', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'SELECT 1', rowLimit: 1 })
    server.last.say({ type: 'not_understood', message: 'Nothing was done.', frame: 'run' })
    expect(session.getState()).toMatchObject({ isRunning: false, run: { problem: 'Nothing was done.' } })
  })

  it('asks the catalog only when nothing runs', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'SELECT 1', rowLimit: 1 })
    const answer = session.ask({ about: 'schemas' })
    expect(server.last.sent.map(({ type }) => type)).not.toContain('catalog')
    server.last.say({ type: 'done', run: 1, transaction: 'none' })
    expect(server.last.sent.at(-1)).toEqual({ type: 'catalog', question: 1, sql: { about: 'schemas' } })
    server.last.say({ type: 'catalog', question: 1, rows: [['public']] })
    expect(await answer).toEqual([['public']])
  })

  it('lets nobody wait for an answer of a session that ended', async () => {
    const { session } = await open()
    const answer = session.loadCell({ run: 1, statement: 0, row: 0, column: 0, offset: 0 })
    session.end()
    await expect(answer).rejects.toThrow('ended')
  })

  it('hashes the password of a role before it is sent, and finds errors at the place where they were written', async () => {
    const { server, session } = await open()
    const sql = `CREATE ROLE x LOGIN PASSWORD 'pl@in-Secret-9'; SELECT nothing`
    await session.run({ sql, rowLimit: 1 })
    const frame = server.last.sent.at(-1)
    if (frame?.type !== 'run') throw new Error('no run was sent')
    expect(text(server.last.sent)).not.toContain('pl@in-Secret-9')
    expect(frame.sql).toContain('SCRAM-SHA-256$4096:')
    const start = frame.sql.indexOf('SELECT')
    server.last.say({ type: 'statement', run: 1, statement: 1, start, end: frame.sql.length })
    expect(session.getState().run?.results[0]).toMatchObject({
      start: sql.indexOf('SELECT'),
      end: sql.length,
    })
  })

  it('sends a password as it was written when the person wants that', async () => {
    const { server, session } = await open()
    const sql = `ALTER ROLE x PASSWORD 'pl@in-Secret-9'`
    await session.run({ sql, rowLimit: 1, asWritten: true })
    expect(server.last.sent.at(-1)).toMatchObject({ sql, hash_passwords: false })
  })

  it('forgets the messages beyond a thousand, but counts them', async () => {
    const { server, session } = await open()
    await session.run({ sql: 'DO $$…$$', rowLimit: 1 })
    const notice = { severity: 'NOTICE', sqlstate: '00000', message: 'x' }
    for (let index = 0; index < 1002; index += 1)
      server.last.say({ type: 'notice', notice, time: '2026-11-26T14:31:00Z' })
    expect(session.getState().run).toMatchObject({ droppedMessages: 2 })
    expect(session.getState().run?.messages).toHaveLength(1000)
  })
})

describe('one text of SQL in a session of its own', () => {
  it('gives its results and ends the session', async () => {
    const { server, options } = start()
    const results = runOnce('dev', 'postgres', 'SELECT 1', options)
    await settle()
    server.last.say(
      opened(),
      { type: 'statement', run: 1, statement: 0, start: 0, end: 8 },
      { type: 'rows', run: 1, statement: 0, rows: [['1']] },
      { type: 'complete', run: 1, statement: 0, tag: 'SELECT 1', rows: 1, milliseconds: 2, more: false },
      { type: 'done', run: 1, transaction: 'none' },
    )
    expect(await results).toMatchObject([{ tag: 'SELECT 1', rows: [['1']] }])
    expect(server.last.sent.at(-1)).toEqual({ type: 'end' })
  })

  it('throws the refusal of the login', async () => {
    const { server, options } = start()
    const results = runOnce('dev', 'postgres', 'SELECT 1', options)
    await settle()
    server.last.say({ type: 'refused', refusal: { name: 'role_not_found', message: 'No such role.' } })
    await expect(results).rejects.toThrow(SqlOnceError)
  })
})
