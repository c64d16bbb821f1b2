/** Attacks 8, 9, 12, 14: lengths, layouts, options and order of messages inside TLS. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  cstring,
  int32,
  passwordMessage,
  PROTOCOL_3_0,
  queryMessage,
  startupMessage,
  terminateMessage,
  typed,
  untyped,
} from '../stage/byte-builder.ts'
import { asOwner, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { beginLogin, connectWireOverTls, errorFields, type WireClient } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
const { admin_user, instance } = lakegate.ready
const ASKED = { type: 'R', body: Buffer.of(0, 0, 0, 3) }
const AUTHENTICATION_OK = { type: 'R', body: Buffer.of(0, 0, 0, 0) }
let token: string

beforeAll(async () => {
  token = await mintCredential(lakegate.admin, instance.name)
})

/** Answers of one statement, as text of the first column. */
async function ask(client: WireClient, sql: string): Promise<string | undefined> {
  client.send(queryMessage(sql))
  let value: string | undefined
  for (;;) {
    const message = await client.next()
    if (message === undefined) throw new Error('the server closed')
    if (message.type === 'D') value = message.body.subarray(6).toString('utf8')
    if (message.type === 'E') throw new Error(errorFields(message)['M'])
    if (message.type === 'Z') return value
  }
}

/** Reads up to ReadyForQuery. */
async function ready(client: WireClient): Promise<readonly string[]> {
  const types: string[] = []
  for (let message = await client.next(); message !== undefined; message = await client.next()) {
    if (message.type === 'E') throw new Error(JSON.stringify(errorFields(message)))
    types.push(message.type)
    if (message.type === 'Z') return types
  }
  throw new Error('the server closed')
}

async function signIn(parameters: readonly (readonly [string, string])[] = []): Promise<WireClient> {
  const client = await beginLogin(lakegate, [
    ['user', admin_user],
    ['database', instance.database],
    ...parameters,
  ])
  expect(await client.next()).toEqual(ASKED)
  client.send(passwordMessage(token))
  return client
}

describe('a length', () => {
  it.each([0, 3, 4, 7, 10_001, 2 ** 31 - 1, -1])(
    'of %i in a startup packet is refused at once (attack 8)',
    async (length) => {
      const client = await connectWireOverTls(lakegate)
      client.send(int32(length))
      expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
      expect(await client.next()).toBeUndefined()
    },
  )

  it.each([0, 3, 65_536, 2 ** 31 - 1, -1])(
    'of %i in a password message is refused at once (attack 8)',
    async (length) => {
      const client = await beginLogin(lakegate, [['user', admin_user]])
      expect(await client.next()).toEqual(ASKED)
      client.send(typed('p', Buffer.alloc(0), length))
      expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
      expect(await client.next()).toBeUndefined()
    },
  )

  it('of a password of 60 kilobytes is read and is no token (attack 8)', async () => {
    const client = await beginLogin(lakegate, [['user', admin_user]])
    expect(await client.next()).toEqual(ASKED)
    client.send(passwordMessage('x'.repeat(60_000)))
    expect(errorFields(await client.next())).toMatchObject({ C: '28P01' })
  })
})

describe('a startup message', () => {
  it.each([
    ['without a terminator', untyped(Buffer.concat([int32(PROTOCOL_3_0), cstring('user'), cstring('x')]))],
    ['whose last value has no NUL', untyped(Buffer.concat([int32(PROTOCOL_3_0), Buffer.from('user\0ada')]))],
    [
      'with a database that is not UTF-8',
      startupMessage([
        ['user', 'x'],
        ['database', Buffer.of(0xff)],
      ]),
    ],
    ['with a user that is not UTF-8', startupMessage([['user', Buffer.of(0xc3, 0x28)]])],
  ])('%s is a protocol violation (attack 9)', async (_what, bytes) => {
    const client = await connectWireOverTls(lakegate)
    client.send(bytes)
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })

  it.each([
    ['without a user', startupMessage([['database', 'x']])],
    ['with an empty user', startupMessage([['user', '']])],
  ])('%s is refused in PostgreSQL’s words (attack 9)', async (_what, bytes) => {
    const client = await connectWireOverTls(lakegate)
    client.send(bytes)
    expect(errorFields(await client.next())).toMatchObject({
      C: '28000',
      M: 'no PostgreSQL user name specified in startup packet',
    })
  })

  it.each([
    ['in another case', (name: string) => name.toUpperCase()],
    ['with a blank behind it', (name: string) => `${name} `],
    ['in quotes', (name: string) => `"${name}"`],
    ['with a look-alike letter', (name: string) => name.replace('a', 'а')],
    ['with SQL in it', (name: string) => `${name}'; DROP ROLE x; --`],
    ['of 100 bytes', () => 'x'.repeat(100)],
  ])('names a role %s, and that is another role (attacks 9, 25)', async (_what, change) => {
    const client = await beginLogin(lakegate, [['user', change(admin_user)]])
    expect(await client.next()).toEqual(ASKED)
    client.send(passwordMessage(token))
    expect(errorFields(await client.next())).toMatchObject({
      C: '28000',
      M: expect.stringContaining('does not exist') as string,
    })
  })

  it('of protocol 2.0 is refused and told what is spoken (attack 12)', async () => {
    const client = await connectWireOverTls(lakegate)
    client.send(untyped(Buffer.concat([int32(0x0002_0000), Buffer.alloc(288)])))
    expect(errorFields(await client.next())).toMatchObject({
      C: '0A000',
      M: 'unsupported frontend protocol 2.0: server supports 3.0 to 3.2',
    })
  })

  it('of protocol 3.2 gets a longer cancel key, and unknown options are negotiated away (attack 12)', async () => {
    const client = await beginLogin(
      lakegate,
      [
        ['user', admin_user],
        ['database', instance.database],
        ['_pq_.x', '1'],
      ],
      0x0003_0002,
    )
    expect((await client.next())?.type).toBe('v')
    expect(await client.next()).toEqual(ASKED)
    client.send(passwordMessage(token))
    let key: Buffer | undefined
    for (let message = await client.next(); message?.type !== 'Z'; message = await client.next()) {
      if (message === undefined) throw new Error('the server closed')
      if (message.type === 'K') key = message.body.subarray(4)
    }
    expect(key?.length).toBe(32)
    client.close()
  })

  it.each([
    ['options=-c role=cloud_admin', [['options', '-c role=cloud_admin']]],
    ['session_authorization', [['options', '-c session_authorization=cloud_admin']]],
    ['a role as a parameter', [['role', 'cloud_admin']]],
  ] as const)('with %s gets nothing beyond the role’s own rights (attack 12)', async (_what, parameters) => {
    const client = await signIn(parameters)
    expect(await client.next()).toEqual(AUTHENTICATION_OK)
    const rest = await client.untilClosed()
    const refusal = rest.find(({ type }) => type === 'E')
    expect(['42501', '28000', '22023']).toContain(errorFields(refusal)['C'])
    expect(rest.some(({ type }) => type === 'Z')).toBe(false)
  })

  it('with replication=true is refused before anything is proved (attack 12)', async () => {
    const client = await beginLogin(lakegate, [
      ['user', admin_user],
      ['database', instance.database],
      ['replication', 'true'],
    ])
    const [answer, ...rest] = await client.untilClosed()
    expect(errorFields(answer)).toMatchObject({ S: 'FATAL', C: '42501' })
    expect(rest).toEqual([])
  })

  it('with replication=database gets no session without the setting of the instance (attack 12)', async () => {
    const client = await signIn([['replication', 'database']])
    const [answer, ...rest] = await client.untilClosed()
    expect(errorFields(answer)).toMatchObject({ S: 'FATAL', C: '55000' })
    expect(rest).toEqual([])
  })

  it('with a search_path changes it for the session and for no check of ours (attack 12, CVE-2025-12819)', async () => {
    const client = await signIn([['search_path', 'pg_temp']])
    await ready(client)
    expect(await ask(client, 'SHOW search_path')).toBe('pg_temp')
    expect(await ask(client, 'SELECT session_user')).toBe(admin_user)
    client.close()
  })

  it('cannot bring a session ticket of its own (DESIGN §4)', async () => {
    const client = await signIn([
      ['databricks_auth.session', 'forged'],
      ['options', '-c databricks_auth.session=forged'],
    ])
    await ready(client)
    expect(await ask(client, "SELECT current_setting('databricks_auth.session')")).toMatch(/^ey/)
    client.close()
  })
})

describe('messages out of turn', () => {
  it('are not executed before the password was verified, and never with a bad one (attack 14)', async () => {
    await asOwner(lakegate, async (sql) => sql.query('CREATE TABLE IF NOT EXISTS pipelined (n int)'))
    const client = await beginLogin(lakegate, [
      ['user', admin_user],
      ['database', instance.database],
    ])
    client.send(passwordMessage('garbage'), queryMessage('INSERT INTO pipelined VALUES (1)'))
    const messages = await client.untilClosed()
    expect(messages.map(({ type }) => type)).toEqual(['R', 'E'])
    const count = await asOwner(lakegate, async (sql) => (await sql.query('TABLE pipelined')).rowCount)
    expect(count).toBe(0)
  })

  it('behind a good password are PostgreSQL’s to read, in order (attack 14)', async () => {
    const client = await beginLogin(lakegate, [
      ['user', admin_user],
      ['database', instance.database],
    ])
    client.send(passwordMessage(token), queryMessage('SELECT 42'), terminateMessage())
    const types = (await client.untilClosed()).map(({ type }) => type)
    expect(types.slice(0, 2)).toEqual(['R', 'R'])
    expect(types).toContain('D')
  })

  it('in the place of the password end the login (attack 14)', async () => {
    const client = await beginLogin(lakegate, [['user', admin_user]])
    expect(await client.next()).toEqual(ASKED)
    client.send(queryMessage('SELECT 1'))
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })
})

describe('a session', () => {
  it.each([
    'RESET ROLE',
    'SET SESSION AUTHORIZATION DEFAULT',
    'RESET SESSION AUTHORIZATION',
    'SET ROLE NONE',
  ])('is still the same role after %s (attack 29)', async (statement) => {
    const client = await signIn()
    await ready(client)
    await ask(client, statement)
    expect(await ask(client, 'SELECT session_user::text || current_user::text')).toBe(admin_user + admin_user)
    client.close()
  })

  it.each(['cloud_admin', 'databricks_control_plane', 'databricks_gateway'])(
    'cannot become %s (attack 29)',
    async (role) => {
      const client = await signIn()
      await ready(client)
      await expect(ask(client, `SET ROLE ${role}`)).rejects.toThrow('permission denied')
      client.close()
      const another = await signIn()
      await ready(another)
      await expect(ask(another, `SET SESSION AUTHORIZATION ${role}`)).rejects.toThrow('permission denied')
      another.close()
    },
  )
})
