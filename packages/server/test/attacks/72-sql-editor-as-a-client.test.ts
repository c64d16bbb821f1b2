/**
 * Attack 72: the SQL editor is a client like any other. A stranger who forges its header is nobody; a role that is not the
 * person's is refused by the gateway; credentials and passwords are in no frame and in no log.
 */
import { connect } from 'node:net'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { loadMasterKey } from '../../src/keys/master-key.ts'
import { encodeHandedOnAddress } from '../../src/protocol/handed-on-address.ts'
import { signInToConsole, type ConsoleBrowser } from '../stage/console-session.ts'
import { asSuperuser } from '../stage/inside-instance.ts'
import { logsBelow } from '../stage/logs-below.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { proxiedFrom } from '../stage/proxy-header.ts'
import { openSqlSession } from '../stage/sql-socket.ts'
import { waitFor } from '../stage/wait-for.ts'

const LITERAL = 'pl@in-Secret-9'

let lakegate: OwnLakegate
let person: Person
let browser: ConsoleBrowser
beforeAll(async () => {
  lakegate = await startOwnLakegate({
    LAKEGATE_DRAIN_SECONDS: '600',
    LAKEGATE_LOG_LEVEL: 'debug',
    LAKEGATE_FORWARDED_FOR_FROM: '127.0.0.1',
  })
  const { name } = lakegate.ready.instance
  person = await createPerson(lakegate)
  await lakegate.admin.request('POST', `/api/2.0/database/instances/${name}/roles`, {
    name: person.userName,
    identity_type: 'USER',
    attributes: { createrole: true },
  })
  await lakegate.admin.request(
    'PATCH',
    `/api/2.0/database/instances/${name}?update_mask=enable_pg_native_login`,
    {
      enable_pg_native_login: true,
    },
  )
  await asSuperuser(lakegate, `ALTER ROLE "${person.userName}" SET log_statement = 'all'`)
  browser = await signInToConsole(lakegate.ready.http_url, person)
})
afterAll(() => lakegate.remove())

/** @returns the first byte that the gateway answers to an SSLRequest behind the header */
async function answerBehind(header: Buffer): Promise<string> {
  const { host, port } = lakegate.ready.instance
  const socket = connect({ host, port })
  socket.on('error', () => undefined)
  const answer = await new Promise<Buffer>((resolve) => {
    socket.once('data', resolve)
    socket.once('close', () => {
      resolve(Buffer.from('-'))
    })
    socket.write(Buffer.concat([header, Buffer.from('0000000804d2162f', 'hex')]))
  })
  socket.destroy()
  return answer.toString('latin1', 0, 1)
}

describe('the address that the console hands on', () => {
  it('is believed from the control plane alone, and for a moment', async () => {
    const masterKey = await loadMasterKey(path.join(lakegate.dataDirectory, 'master.key'))
    const key = createKeyEncryption(masterKey)
      .deriveSecret('client addresses that the console hands on')
      .reveal()
    const header = (of: Uint8Array, at = new Date(), address = '203.0.113.7') =>
      encodeHandedOnAddress({ address, family: address.includes(':') ? 6 : 4, port: 1234 }, of, at)
    const genuine = header(key)
    expect(await answerBehind(genuine)).toBe('S')
    expect(await answerBehind(header(key, undefined, '2001:db8::7'))).toBe('S')
    expect(await answerBehind(header(Buffer.alloc(32)))).not.toBe('S')
    expect(await answerBehind(header(key, new Date(Date.now() - 60_000)))).not.toBe('S')
    expect(await answerBehind(header(key, new Date(Date.now() + 60_000)))).not.toBe('S')
    expect(await answerBehind(proxiedFrom('203.0.113.7'))).not.toBe('S')
    expect(await answerBehind(Buffer.concat([genuine, genuine]))).not.toBe('S')
    // Another address, the same proof.
    for (let index = 12; index < genuine.length; index += 1) {
      if (index % 7 !== 0 && index > 30) continue
      const changed = Buffer.from(genuine)
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
      expect(await answerBehind(changed), String(index)).not.toBe('S')
    }
  })
})

describe('the SQL editor', () => {
  it('shows the browser as the client, also behind a proxy: to SQL, in the audit, among the open sessions', async () => {
    const { name } = lakegate.ready.instance
    const { sql } = await openSqlSession(
      browser,
      { instance: name },
      { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' },
    )
    const ran = await sql.run('SELECT host(client_address) FROM databricks_session_identity()')
    expect(ran.rows[0]).toEqual([['203.0.113.9']])
    for (const address of ['/api/2.0/lakegate/audit', `/api/2.0/lakegate/instances/${name}/sessions`])
      await waitFor(`the address in ${address}`, async () =>
        JSON.stringify(await lakegate.admin.request('GET', address)).includes('203.0.113.9'),
      )
    sql.close()
  })

  it('is refused a role that is not the person’s, in the words that psql would read', async () => {
    const { name } = lakegate.ready.instance
    await expect(
      openSqlSession(browser, { instance: name, role: lakegate.ready.admin_user }),
    ).rejects.toThrow(/"sqlstate":"28\d{3}"/)
  })

  it('shows its credential in no frame', async () => {
    const { name } = lakegate.ready.instance
    const { sql } = await openSqlSession(browser, { instance: name })
    const ran = await sql.run('SELECT name, setting FROM pg_settings; SELECT * FROM pg_stat_activity', {
      row_limit: 100_000,
    })
    expect(ran.failed).toEqual([])
    expect(JSON.stringify(sql.frames)).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}\.eyJ/)
    sql.close()
  })

  it('32: sends no password on: hashed here where the browser could not, it is in no frame, log or view, and works', async () => {
    const { name } = lakegate.ready.instance
    const { sql } = await openSqlSession(browser, { instance: name })
    const ran = await sql.run(
      `CREATE ROLE hashed_here LOGIN PASSWORD '${LITERAL}'; CREATE ROLE hashed_here PASSWORD E'${LITERAL}'; SELECT query FROM pg_stat_activity`,
      { hash_passwords: true, continue_after_errors: true },
    )
    expect(ran.failed.map((failed) => failed?.error.sqlstate)).toEqual([undefined, '42710'])
    expect(JSON.stringify(sql.frames)).not.toContain(LITERAL)
    sql.close()
    const stored = await asSuperuser<{ rolpassword: string }>(
      lakegate,
      `SELECT rolpassword FROM pg_authid WHERE rolname = 'hashed_here'`,
    )
    expect(JSON.stringify(stored)).toContain('SCRAM-SHA-256$4096:')
    const { default: pg } = await import('pg')
    const { host, port, database } = lakegate.ready.instance
    const client = new pg.Client({
      host,
      port,
      database,
      user: 'hashed_here',
      password: LITERAL,
      ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
    })
    await client.connect()
    expect((await client.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
    // The statement was logged: the log that is looked through is the right one.
    const texts = await waitFor('the log of PostgreSQL', async () => {
      const read = await logsBelow(lakegate.dataDirectory)
      return read.some((text) => text.includes('CREATE ROLE hashed_here')) ? read : undefined
    })
    expect(texts.filter((text) => text.includes(LITERAL))).toEqual([])
    expect(lakegate.output()).not.toContain(LITERAL)
    expect(lakegate.output()).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}\.eyJ/)
  })
})

describe('a Lakegate that stops', () => {
  it('34: tells its sessions so at once, with what was rolled back, instead of waiting for them', async () => {
    const { name } = lakegate.ready.instance
    const { sql } = await openSqlSession(browser, { instance: name })
    await sql.run('BEGIN')
    const stopped = lakegate.stop()
    expect(await sql.next('ended')).toMatchObject({ reason: 'server_stopping', rolled_back: true })
    expect(await sql.closed()).toBe(1001)
    expect(await stopped).toBe(0)
  })
})
