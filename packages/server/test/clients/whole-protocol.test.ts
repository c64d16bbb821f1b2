/** Everything that PostgreSQL's protocol does after a login passes the gateway as it is (DESIGN §6.7, §8). */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import postgres from 'postgres'
import { beforeAll, describe, expect, it } from 'vitest'
import { cstring, int32, passwordMessage, queryMessage, typed } from '../stage/byte-builder.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { beginLogin, type ServerMessage, type WireClient } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
const { instance } = lakegate.ready
let principal: TestServicePrincipal
let sql: postgres.Sql
beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'whole protocol')
  await createRoleFor(lakegate, principal)
  sql = postgres({
    host: instance.host,
    port: instance.port,
    database: instance.database,
    username: principal.applicationId,
    password: () => principal.workspaceToken(),
    ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
    max: 2,
    onnotice: () => undefined,
  })
  return () => sql.end()
})

const int16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff)

/** A session over the wire, ready for queries. */
async function openWire(parameters: readonly (readonly [string, string])[] = []): Promise<WireClient> {
  const client = await beginLogin(lakegate, [
    ['user', principal.applicationId],
    ['database', instance.database],
    ...parameters,
  ])
  await client.next()
  client.send(passwordMessage(await principal.workspaceToken()))
  await untilReady(client)
  return client
}

async function untilReady(client: WireClient): Promise<readonly ServerMessage[]> {
  const messages: ServerMessage[] = []
  for (;;) {
    const message = await client.next()
    if (message === undefined) throw new Error('the server closed before ReadyForQuery')
    messages.push(message)
    if (message.type === 'Z') return messages
  }
}

describe('COPY', () => {
  it('takes and gives thirty megabytes byte for byte', async () => {
    const line = `${'x'.repeat(1023)}\n`
    const lines = 30_000
    const sent = createHash('sha256')
    await sql.begin(async (transaction) => {
      await transaction`CREATE TEMP TABLE bulk (line text) ON COMMIT DROP`
      const into = await transaction`COPY bulk FROM STDIN`.writable()
      await pipeline(
        Readable.from(
          (function* () {
            for (let n = 0; n < lines; n += 1) {
              const one = `${String(n).padStart(8, '0')}${line.slice(8)}`
              sent.update(one)
              yield one
            }
          })(),
        ),
        into,
      )
      const got = createHash('sha256')
      let bytes = 0
      for await (const chunk of (await transaction`COPY bulk TO STDOUT`.readable()) as AsyncIterable<Buffer>) {
        got.update(chunk)
        bytes += chunk.length
      }
      expect(bytes).toBe(lines * 1024)
      expect(got.digest('hex')).toBe(sent.digest('hex'))
    })
  })

  it('ends a COPY that the client gives up, and the session goes on', async () => {
    const client = await openWire()
    client.send(queryMessage('CREATE TEMP TABLE given_up (x int)'))
    await untilReady(client)
    client.send(queryMessage('COPY given_up FROM STDIN'))
    expect((await client.next())?.type).toBe('G')
    client.send(typed('d', Buffer.from('1\n')), typed('f', cstring('no more')))
    expect((await untilReady(client)).map(({ type }) => type)).toEqual(['E', 'Z'])
    client.send(queryMessage('SELECT count(*) FROM given_up'))
    const row = (await untilReady(client)).find(({ type }) => type === 'D')
    expect(row?.body.toString('latin1').endsWith('0')).toBe(true)
    client.close()
  })
})

describe('LISTEN and NOTIFY', () => {
  it('bring a notification of one session to another', async () => {
    const heard: string[] = []
    const { unlisten } = await sql.listen('gate', (payload) => heard.push(payload))
    await sql.notify('gate', 'hello through the gateway')
    await waitFor('the notification', () => Promise.resolve(heard.length > 0 ? true : undefined))
    expect(heard).toEqual(['hello through the gateway'])
    await unlisten()
  })
})

describe('the extended query protocol', () => {
  const parse = (name: string, text: string) =>
    typed('P', Buffer.concat([cstring(name), cstring(text), int16(0)]))
  const bind = (statement: string, value: string) =>
    typed(
      'B',
      Buffer.concat([
        cstring(''),
        cstring(statement),
        int16(0),
        int16(1),
        int32(Buffer.byteLength(value)),
        Buffer.from(value),
        int16(0),
      ]),
    )
  const execute = typed('E', Buffer.concat([cstring(''), int32(0)]))
  const sync = typed('S', Buffer.alloc(0))

  it('pipelines a thousand statements behind one Sync', async () => {
    const client = await openWire()
    const count = 1000
    client.send(
      parse('echo', 'SELECT $1::text'),
      ...Array.from({ length: count }, (_, n) => Buffer.concat([bind('echo', `n${String(n)}`), execute])),
      sync,
    )
    const rows = (await untilReady(client)).filter(({ type }) => type === 'D')
    expect(rows).toHaveLength(count)
    expect(rows.at(-1)?.body.toString('latin1')).toContain('n999')
    client.close()
  })

  it('skips to the Sync behind a statement that failed, and no further', async () => {
    const client = await openWire()
    client.send(
      parse('', 'SELECT 1/$1::int'),
      bind('', '0'),
      execute,
      bind('', '1'),
      execute,
      sync,
      parse('', 'SELECT $1::text'),
      bind('', 'after'),
      execute,
      sync,
    )
    // With a constant as divisor PostgreSQL notices while it plans, at Bind.
    expect((await untilReady(client)).map(({ type }) => type)).toEqual(['1', 'E', 'Z'])
    expect((await untilReady(client)).map(({ type }) => type)).toEqual(['1', '2', 'D', 'C', 'Z'])
    client.close()
  })
})

describe('long messages', () => {
  it('pass in both directions, 64 MiB as one value', async () => {
    const value = 'y'.repeat(64 * 1024 * 1024)
    const [row] = await sql<{ echoed: string }[]>`SELECT ${value}::text AS echoed`
    // Compared here: a failure must not print it.
    expect(row?.echoed === value).toBe(true)
  })
})

describe('replication', () => {
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({
      host: path.join(lakegate.dataDirectory, 'instances', instance.uid, 'socket'),
      user: 'cloud_admin',
      database: 'postgres',
    })
    await client.connect()
    await client.query(statement)
    await client.end()
  }

  it('is refused on an instance that has it not switched on (change-data-capture.test.ts has the rest)', async () => {
    const client = await beginLogin(lakegate, [
      ['user', principal.applicationId],
      ['database', instance.database],
      ['replication', 'database'],
    ])
    await client.next()
    client.send(passwordMessage(await principal.workspaceToken()))
    const [last] = (await client.untilClosed()).slice(-1)
    expect(last?.type).toBe('E')
    expect(last?.body.toString('utf8')).toContain('55000')
    client.close()
  })

  it('of the physical kind is refused by the gateway, also to a role that an operator gave REPLICATION', async () => {
    await administer(`ALTER ROLE "${principal.applicationId}" REPLICATION`)
    try {
      const client = await beginLogin(lakegate, [
        ['user', principal.applicationId],
        ['database', instance.database],
        ['replication', 'true'],
      ])
      const [last] = (await client.untilClosed()).slice(-1)
      expect(last?.type).toBe('E')
      expect(last?.body.toString('utf8')).toContain('42501')
      client.close()
    } finally {
      await administer(`ALTER ROLE "${principal.applicationId}" NOREPLICATION`)
    }
  })
})
