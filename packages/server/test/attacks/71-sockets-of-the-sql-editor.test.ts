/**
 * Attack 71: the WebSocket of the SQL editor. From another site, without the CSRF value, with another person's session key, at
 * another workspace, with a cookie that is over; frames that are none, too long, out of order, too many; too many sockets; and a
 * person that is deactivated meanwhile.
 */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { WorkspaceAnswer } from '@lakegate/client'
import { signInToConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { connectSqlSocket, HandshakeRefused, openSqlSession, type SqlSocket } from '../stage/sql-socket.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const origin = ready.http_url
const instance = ready.instance.name

const opened: SqlSocket[] = []
let person: Person
let browser: ConsoleBrowser

async function createSqlPerson(): Promise<Person> {
  const made = await createPerson(lakegate)
  await admin.request('POST', `/api/2.0/database/instances/${instance}/roles`, {
    name: made.userName,
    identity_type: 'USER',
  })
  return made
}

beforeAll(async () => {
  person = await createSqlPerson()
  browser = await signInToConsole(origin, person)
})
afterEach(async () => {
  for (const socket of opened.splice(0)) {
    if (socket.closeCode() !== undefined) continue
    socket.sendText('{"type":"end"}')
    socket.close()
    await socket.closed()
  }
})

async function connect(
  headers: Readonly<Record<string, string | undefined>> = {},
  as: Pick<ConsoleBrowser, 'origin' | 'cookie'> = browser,
): Promise<SqlSocket> {
  const socket = await connectSqlSocket(as, headers)
  opened.push(socket)
  return socket
}
const statusOf = async (...of: Parameters<typeof connect>): Promise<number | undefined> =>
  connect(...of).then(
    () => undefined,
    (error: unknown) => (error instanceof HandshakeRefused ? error.status : -1),
  )
const openFrame = (changes: object = {}) =>
  JSON.stringify({
    type: 'open',
    csrf: browser.session.csrf,
    instance,
    database: 'databricks_postgres',
    ...changes,
  })
async function open(): Promise<Awaited<ReturnType<typeof openSqlSession>>> {
  const session = await openSqlSession(browser, { instance })
  opened.push(session.sql)
  return session
}
const sessionsOf = async (): Promise<string> =>
  JSON.stringify(
    await admin.request('GET', `/api/2.0/lakegate/sessions?identity_id=${person.id}`).catch(() => ''),
  )

describe('a WebSocket of the SQL editor', () => {
  it('is refused before anything is opened: from another site, without a cookie, at another path', async () => {
    expect(await statusOf({ origin: 'https://evil.example' })).toBe(403)
    expect(await statusOf({ origin: undefined })).toBe(403)
    expect(await statusOf({ origin: 'null' })).toBe(403)
    expect(await statusOf({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await statusOf({ cookie: undefined })).toBe(401)
    expect(await statusOf({ cookie: `${browser.cookie}x` })).toBe(401)
    expect(await statusOf({ cookie: undefined, authorization: `Bearer ${ready.admin_token}` })).toBe(401)
  })

  it('opens nothing without the CSRF value of its own session', async () => {
    const stranger = await signInToConsole(origin, await createPerson(lakegate))
    for (const csrf of ['', 'wrong', stranger.session.csrf]) {
      const socket = await connect()
      socket.sendText(openFrame({ csrf }))
      expect((await socket.next('refused')).refusal.name).toBe('console_request_forged')
      await socket.closed()
    }
  })

  it('takes nobody to the session of another person, nor of another browser of the same one', async () => {
    const { opened: hello, sql } = await open()
    await sql.run('SET my.secret = 1')
    for (const other of [await createPerson(lakegate), person]) {
      const thief = await signInToConsole(origin, other)
      const socket = await connect({}, thief)
      socket.send({ type: 'resume', csrf: thief.session.csrf, session_key: hello.session_key })
      expect((await socket.next('refused')).refusal.name).toBe('sql_session_unknown')
      await socket.closed()
    }
    // And disturbs nothing.
    expect((await sql.run(`SELECT current_setting('my.secret')`)).rows[0]).toEqual([['1']])
  })

  it('tells the same of a key that never was, and how the own one ended', async () => {
    const { opened: hello, sql } = await open()
    sql.send({ type: 'end' })
    await sql.closed()
    const [unknown, own] = [await connect(), await connect()]
    unknown.send({ type: 'resume', csrf: browser.session.csrf, session_key: 'A'.repeat(43) })
    expect((await unknown.next('refused')).refusal.name).toBe('sql_session_unknown')
    own.send({ type: 'resume', csrf: browser.session.csrf, session_key: hello.session_key })
    expect((await own.next('ended')).reason).toBe('ended_by_person')
  })

  it('knows no instance of another workspace', async () => {
    const other = await admin.request<WorkspaceAnswer>(
      'POST',
      `/api/2.0/accounts/${ready.account_id}/workspaces`,
      {
        workspace_name: 'another one for sockets',
      },
    )
    await admin.request(
      'PUT',
      `/api/2.0/accounts/${ready.account_id}/workspaces/${String(other.workspace_id)}/permissionassignments/principals/${person.id}`,
      { permissions: ['USER'] },
    )
    expect(await statusOf({ origin: new URL(other.workspace_url).origin })).toBe(403)
    const there = await signInToConsole(new URL(other.workspace_url).origin, person)
    await expect(openSqlSession(there, { instance })).rejects.toThrow('instance_not_found')
    expect(await statusOf({ cookie: there.cookie })).toBe(401)
  })

  it.each([
    ['a run', '{"type":"run"}'],
    ['no JSON', '{'],
    ['a number', '1'],
    ['nothing', ''],
    ['an unknown type', '{"type":"sudo"}'],
  ])('is closed when its first frame is %s', async (_name, text) => {
    const socket = await connect()
    socket.sendText(text)
    expect(await socket.closed()).toBe(1008)
  })

  it('answers what it does not understand, does nothing of it, and is closed when it goes on', async () => {
    const { sql } = await open()
    const strange = [
      '{',
      '[]',
      '{"type":"open"}',
      openFrame(),
      '{"type":"run","run":1}',
      '{"type":"more","run":9,"statement":0,"rows":1}',
      '{"type":"run","run":1,"sql":"SELECT 1\\u0000","row_limit":1,"continue_after_errors":false,"hash_passwords":false}',
      '{"type":"run","run":-1,"sql":"SELECT 1","row_limit":1e9,"continue_after_errors":false,"hash_passwords":false}',
      '{"type":"cell","run":0,"statement":0,"row":0,"column":0,"offset":0}',
      '{"type":"catalog","question":1,"sql":{"about":"columns","schema":"a"}}',
      '{"__proto__":{"type":"end"}}',
    ]
    for (const text of strange) {
      sql.sendText(text)
      expect((await sql.next('not_understood')).message, text).toContain('nothing was done')
    }
    sql.socket.send(Buffer.from('{"type":"cancel"}'), { binary: true })
    await sql.next('not_understood')
    expect((await sql.run('SELECT 1')).rows[0]).toEqual([['1']])
    for (let index = 0; index < 20; index += 1) sql.sendText('{')
    expect(await sql.closed()).toBe(1008)
  })

  it('is closed at a frame of 100 MB, and at a flood', async () => {
    const long = await connect()
    long.sendText(' '.repeat(100 * 1024 * 1024))
    // Or reset, before the close could be read.
    expect([1006, 1009]).toContain(await long.closed())
    const { sql } = await open()
    for (let index = 0; index < 3_000; index += 1) sql.sendText('{"type":"cancel"}')
    expect(await sql.closed()).toBe(1008)
  })

  it('is one of ten that have no session yet', async () => {
    const ten = await Promise.all(Array.from({ length: 10 }, () => connect()))
    expect(await statusOf()).toBe(403)
    ten[0]?.close()
    await ten[0]?.closed()
    await waitFor('a place', async () => (await statusOf()) === undefined)
  })

  it('and its session are over soon after the person was deactivated', async () => {
    const leaver = await createSqlPerson()
    const theirs = await signInToConsole(origin, leaver)
    const { sql } = await openSqlSession(theirs, { instance })
    await sql.run('BEGIN')
    await admin.request('PATCH', `/api/2.0/preview/scim/v2/Users/${leaver.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(await sql.next('ended')).toMatchObject({ reason: 'sign_in_over', rolled_back: true })
    expect(await sql.closed()).toBe(4401)
    expect(await statusOf({}, theirs)).toBe(401)
  })

  it('of another protocol is no WebSocket: such a request is answered as if it had not asked', async () => {
    const answer = await fetch(`${origin}/api/2.0/lakegate/users/me/sessions`, {
      headers: { authorization: `Bearer ${ready.admin_token}` },
    })
    expect(answer.status).toBe(200)
    expect(await offeringHttp2('GET', '/api/2.0/preview/scim/v2/Me', '')).toMatch(/^HTTP\/1\.1 200 /)
    const body = JSON.stringify({ comment: 'h2c', lifetime_seconds: 60 })
    expect(await offeringHttp2('POST', '/api/2.0/token/create', body)).toMatch(/^HTTP\/1\.1 200 /)
    expect(await sessionsOf()).toBeTypeOf('string')
  })
})

/** As Java's HttpClient asks in clear. */
async function offeringHttp2(method: string, path: string, body: string): Promise<string> {
  const { connect: connectTcp } = await import('node:net')
  const url = new URL(origin)
  const socket = connectTcp(Number(url.port), url.hostname)
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${url.host}`,
    'connection: Upgrade, HTTP2-Settings',
    'upgrade: h2c',
    'http2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
    `authorization: Bearer ${ready.admin_token}`,
    ...(body === ''
      ? []
      : ['content-type: application/json', `content-length: ${String(Buffer.byteLength(body))}`]),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')))
  const whole = await waitFor('the answer', () => (answer.includes('\r\n\r\n') ? answer : undefined))
  socket.end()
  return whole
}
