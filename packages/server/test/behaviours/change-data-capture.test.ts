/**
 * Change data capture: logical replication with a token, for a role that a manager gave REPLICATION, on an instance that has
 * it switched on; and never the physical kind, which copies the whole cluster (docs/change-data-capture.md).
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import {
  createLakegateHttp,
  type DatabaseCredential,
  type DatabaseInstance,
  type DatabaseInstanceRole,
} from '@lakegate/client'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { passwordMessage, queryMessage, startupMessage, sslRequest, typed } from '../stage/byte-builder.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { refusal } from '../stage/refusal.ts'
import {
  asOwner,
  createServicePrincipal,
  inSession,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWire, errorFields, type ServerMessage, type WireClient } from '../stage/wire-client.ts'

let lakegate: OwnLakegate
/** Has REPLICATION from where the setting is on. */
let reader: TestServicePrincipal
let other: TestServicePrincipal
const instancePath = () => `/api/2.0/database/instances/${lakegate.ready.instance.name}`
const rolePath = ({ applicationId }: TestServicePrincipal) => `${instancePath()}/roles/${applicationId}`

const createRole = (principal: TestServicePrincipal, more: object = {}) =>
  lakegate.admin.request<DatabaseInstanceRole>('POST', `${instancePath()}/roles`, {
    name: principal.applicationId,
    identity_type: 'SERVICE_PRINCIPAL',
    ...more,
  })

/** Waits until the cluster has restarted. */
async function enable(enabled: boolean): Promise<DatabaseInstance> {
  const changed = await lakegate.admin.request<DatabaseInstance>(
    'PATCH',
    `${instancePath()}?update_mask=enable_logical_replication`,
    { enable_logical_replication: enabled },
  )
  expect(changed).toMatchObject({ state: 'UPDATING', effective_enable_logical_replication: enabled })
  return waitFor('the instance to be AVAILABLE again', async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>('GET', instancePath())
    return instance.state === 'AVAILABLE' && instance
  })
}

const ofOwner = <Row>(query: string): Promise<readonly Row[]> =>
  asOwner(lakegate, async (client) => (await client.query(query)).rows as Row[])

/** On the machine itself, as only its operator can. */
async function ofSuperuser<Row>(...queries: readonly string[]): Promise<readonly Row[]> {
  const host = path.join(lakegate.dataDirectory, 'instances', lakegate.ready.instance.uid, 'socket')
  const client = new pg.Client({ host, user: 'cloud_admin', database: 'postgres' })
  await client.connect()
  try {
    let rows: readonly Row[] = []
    for (const query of queries) rows = (await client.query(query)).rows as Row[]
    return rows
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_REPLICATION_SLOT_MEGABYTES: '64' })
  reader = await createServicePrincipal(lakegate, 'reader of changes')
  other = await createServicePrincipal(lakegate, 'reads no changes')
  await createRole(reader)
  await createRole(other)
  await ofOwner('CREATE TABLE event (id int PRIMARY KEY, what text)')
  await ofOwner('CREATE PUBLICATION events FOR TABLE event')
})
afterAll(() => lakegate.remove())

/** A connection that was let in or not, up to ReadyForQuery or the refusal. */
async function connect(
  principal: TestServicePrincipal,
  parameters: readonly (readonly [string, string])[],
  options: {
    readonly endpoint?: { readonly host: string; readonly port: number }
    readonly password?: string
  } = {},
): Promise<{ readonly client: WireClient; readonly last: ServerMessage }> {
  const plain = await connectWire(lakegate, options.endpoint ?? lakegate.ready.instance)
  plain.send(sslRequest())
  await plain.byte()
  const client = await plain.startTls()
  const { database } = lakegate.ready.instance
  client.send(startupMessage([['user', principal.applicationId], ['database', database], ...parameters]))
  let last = await nextOf(client)
  if (last.type === 'E') return { client, last }
  client.send(passwordMessage(options.password ?? (await principal.workspaceToken())))
  last = await lastOf(client)
  return { client, last }
}

async function nextOf(client: WireClient): Promise<ServerMessage> {
  const message = await client.next()
  if (message === undefined) throw new Error('the server closed without a word')
  return message
}

/** The first that ends a request: ReadyForQuery, or an error that ends the session. */
async function lastOf(client: WireClient): Promise<ServerMessage> {
  for (;;) {
    const message = await nextOf(client)
    if (message.type === 'Z' || message.type === 'W') return message
    if (message.type === 'E' && errorFields(message)['S'] === 'FATAL') return message
  }
}

const refusedWith = async (...given: Parameters<typeof connect>) => {
  const { client, last } = await connect(...given)
  client.close()
  return errorFields(last)
}

const LOGICAL = [['replication', 'database']] as const

async function openReplication(): Promise<WireClient> {
  const { client, last } = await connect(reader, LOGICAL)
  expect(last.type).toBe('Z')
  return client
}

describe('an instance without the setting', () => {
  it('says that it is not on', async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>('GET', instancePath())
    expect(instance).not.toHaveProperty('enable_logical_replication')
    expect(instance.effective_enable_logical_replication).toBe(false)
    expect(await ofOwner('SHOW wal_level')).toEqual([{ wal_level: 'replica' }])
  })

  it('refuses replication connections, and says what to do', async () => {
    expect(await refusedWith(reader, LOGICAL)).toMatchObject({
      C: '55000',
      M: `logical replication is not enabled on database instance "${lakegate.ready.instance.name}"`,
      H: expect.stringContaining('enable_logical_replication') as string,
    })
  })

  it('gives no role REPLICATION', async () => {
    const attributes = { replication: true }
    const answer = await refusal(lakegate.admin.request('PATCH', rolePath(reader), { attributes }))
    expect(answer).toMatchObject({ status: 400 })
    expect(answer.message).toContain('enable_logical_replication')
  })
})

describe('an instance with the setting', () => {
  beforeAll(async () => {
    await enable(true)
    const role = await lakegate.admin.request<DatabaseInstanceRole>('PATCH', rolePath(reader), {
      attributes: { replication: true },
    })
    expect(role.effective_attributes.replication).toBe(true)
  })

  it('was restarted with wal_level = logical, and bounds what slots keep', async () => {
    expect(await ofOwner('SHOW wal_level')).toEqual([{ wal_level: 'logical' }])
    expect(await ofOwner('SHOW max_slot_wal_keep_size')).toEqual([{ max_slot_wal_keep_size: '64MB' }])
    expect(await ofOwner('SHOW max_replication_slots')).toEqual([{ max_replication_slots: '10' }])
    expect(await ofOwner('SHOW max_wal_senders')).toEqual([{ max_wal_senders: '10' }])
  })

  it('streams changes by pgoutput to a client with a token, and takes its confirmations', async () => {
    const client = await openReplication()
    client.send(queryMessage('CREATE_REPLICATION_SLOT "over the wire" TEMPORARY LOGICAL pgoutput'))
    // A name of a slot has lower-case letters, digits and underscores only; PostgreSQL says so, and the session goes on.
    expect(errorFields(await client.next())['C']).toBe('42602')
    await lastOf(client)
    client.send(queryMessage('CREATE_REPLICATION_SLOT wire TEMPORARY LOGICAL pgoutput'))
    expect((await lastOf(client)).type).toBe('Z')
    client.send(
      queryMessage(
        `START_REPLICATION SLOT "wire" LOGICAL 0/0 ("proto_version" '1', "publication_names" 'events')`,
      ),
    )
    expect((await lastOf(client)).type).toBe('W')
    const inserted = async (id: number, what: string) => {
      await ofOwner(`INSERT INTO event VALUES (${String(id)}, '${what}')`)
      for (;;) {
        const { type, body } = await nextOf(client)
        expect(type).toBe('d')
        // XLogData: w, three numbers of eight bytes, then pgoutput's Insert.
        if (body[0] === 'w'.charCodeAt(0) && body[25] === 'I'.charCodeAt(0)) return body
      }
    }
    const first = await inserted(1, 'first change')
    expect(first.toString('latin1')).toContain('first change')
    const position = first.subarray(9, 17)
    const feedback = Buffer.concat([
      Buffer.from('r'),
      position,
      position,
      position,
      Buffer.alloc(8),
      Buffer.of(0),
    ])
    client.send(typed('d', feedback))
    expect((await inserted(2, 'second change')).toString('latin1')).toContain('second change')
    // CopyDone ends the stream; the connection is good for SQL again.
    client.send(typed('c', Buffer.alloc(0)))
    expect((await lastOf(client)).type).toBe('Z')
    client.send(queryMessage('SELECT 1'))
    expect((await lastOf(client)).type).toBe('Z')
    client.close()
  })

  const recvlogical = spawnSync('pg_recvlogical', ['--version'], { encoding: 'utf8' })
  it.skipIf(recvlogical.error !== undefined)('serves pg_recvlogical', async () => {
    const { host, port, database } = lakegate.ready.instance
    const conninfo = `host=${host} port=${String(port)} dbname=${database} user=${reader.applicationId} sslmode=verify-full sslrootcert=${lakegate.ready.ca_file}`
    const environment = { ...process.env, PGPASSWORD: await reader.workspaceToken() }
    // Interrupted, it complains that the stream ended.
    const run = (...words: readonly string[]) =>
      spawn('pg_recvlogical', ['--dbname', conninfo, '--slot', 'received', ...words], {
        env: environment,
        stdio: ['ignore', 'pipe', words.includes('--start') ? 'ignore' : 'inherit'],
      })
    const created = run('--create-slot', '--plugin', 'test_decoding')
    expect(await once(created, 'exit')).toEqual([0, null])
    const receiving = run('--start', '--no-loop', '--file', '-')
    let received = ''
    receiving.stdout.on('data', (chunk: Buffer) => {
      received += chunk.toString('utf8')
    })
    await ofOwner("INSERT INTO event VALUES (100, 'received')")
    await waitFor('the change', () => received.includes("what[text]:'received'"))
    receiving.kill('SIGINT')
    await once(receiving, 'exit')
    expect(await once(run('--drop-slot'), 'exit')).toEqual([0, null])
  })

  it('serves node-postgres in its replication mode', async () => {
    const { host, port, database } = lakegate.ready.instance
    const client = new pg.Client({
      ...{ host, port, database, user: reader.applicationId, password: await reader.workspaceToken() },
      ssl: { rejectUnauthorized: false },
      replication: 'database',
    } as pg.ClientConfig)
    await client.connect()
    const { rows } = await client.query<{ dbname: string }>('IDENTIFY_SYSTEM')
    expect(rows[0]?.dbname).toBe(database)
    await client.end()
  })

  it('is refused by PostgreSQL to a role without REPLICATION', async () => {
    expect(await refusedWith(other, LOGICAL)).toMatchObject({
      C: '42501',
      M: 'permission denied to start WAL sender',
    })
  })

  it('is refused with claims, which a slot does not know of', async () => {
    await lakegate.admin.request('POST', '/api/2.0/database/catalogs', {
      name: 'changes',
      database_instance_name: lakegate.ready.instance.name,
      database_name: lakegate.ready.instance.database,
    })
    const table = 'changes.public.event'
    await lakegate.admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${table}`, {
      changes: [{ principal: reader.applicationId, add: ['SELECT'] }],
    })
    const { token } = await reader.http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', {
      request_id: crypto.randomUUID(),
      claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: table }] }],
    })
    expect(await refusedWith(reader, LOGICAL, { password: token })).toMatchObject({
      C: '42501',
      M: `role "${reader.applicationId}" cannot use a credential with claims for replication`,
    })
  })

  it('is refused at the pooled endpoint', async () => {
    expect(await refusedWith(reader, LOGICAL, { endpoint: pooledEndpointOf(lakegate) })).toMatchObject({
      C: '0A000',
      H: expect.stringContaining('read_write_dns') as string,
    })
  })

  describe('gives away nothing of the cluster', () => {
    it.each(['true', 'on', 'yes', '1', 'TRUE', 'y', 'sometimes'])('for replication=%s', async (value) => {
      expect(await refusedWith(reader, [['replication', value]])).toMatchObject({
        C: '42501',
        M: 'physical replication and base backups are not possible through Lakegate',
      })
    })

    it('for a parameter that says both', async () => {
      const both = [
        ['replication', 'true'],
        ['replication', 'database'],
      ] as const
      expect(await refusedWith(reader, both)).toMatchObject({ C: '08P01' })
      expect(await refusedWith(reader, [...both].reverse())).toMatchObject({ C: '08P01' })
    })

    it.each([
      'BASE_BACKUP',
      "base_backup ( LABEL 'x' )",
      '\n\t BASE_BACKUP;',
      'START_REPLICATION PHYSICAL 0/0',
      'START_REPLICATION 0/0',
      'START_REPLICATION SLOT wire 0/0',
      'START_REPLICATION SLOT wire PHYSICAL 0/0',
      'CREATE_REPLICATION_SLOT wire PHYSICAL',
      'CREATE_REPLICATION_SLOT logical PHYSICAL',
      'TIMELINE_HISTORY 1',
      'UPLOAD_MANIFEST',
      `${' '.repeat(5000)}BASE_BACKUP`,
    ])('for %j in a session of the logical kind', async (command) => {
      const client = await openReplication()
      client.send(queryMessage(command))
      expect(errorFields(await lastOf(client))).toMatchObject({ S: 'FATAL', C: '42501' })
      expect(await client.untilClosed()).toEqual([])
    })

    it('when PostgreSQL is asked past the gateway, but to the operator', async () => {
      const host = path.join(lakegate.dataDirectory, 'instances', lakegate.ready.instance.uid, 'socket')
      const physical = (user: string) =>
        new pg.Client({ host, user, database: 'postgres', replication: 'true' } as pg.ClientConfig)
      const refused = physical(reader.applicationId)
      refused.on('error', () => undefined)
      await expect(refused.connect()).rejects.toMatchObject({ code: '28000' })
      const operator = physical('cloud_admin')
      await operator.connect()
      await operator.end()
    })
  })

  it('gives REPLICATION only by who manages the instance, and not beside CREATEROLE', async () => {
    const user = await createServicePrincipal(lakegate, 'helps itself')
    await lakegate.admin.request(
      'PATCH',
      `/api/2.0/permissions/database-instances/${lakegate.ready.instance.name}`,
      {
        access_control_list: [{ service_principal_name: user.applicationId, permission_level: 'CAN_USE' }],
      },
    )
    const token = await user.workspaceToken()
    const self = createLakegateHttp(lakegate.ready.http_url, () => token)
    const wish = {
      name: user.applicationId,
      identity_type: 'SERVICE_PRINCIPAL',
      attributes: { replication: true },
    }
    expect(await refusal(self.request('POST', `${instancePath()}/roles`, wish))).toMatchObject({
      status: 403,
    })
    for (const attributes of [{ replication: true, createrole: true }])
      expect(await refusal(createRole(user, { attributes }))).toMatchObject({ status: 400 })
    expect(
      await refusal(lakegate.admin.request('PATCH', rolePath(reader), { attributes: { createrole: true } })),
    ).toMatchObject({ status: 400 })
    expect((await createRole(user, { attributes: { replication: true } })).attributes.replication).toBe(true)
    await lakegate.admin.request('PATCH', rolePath(user), { attributes: { replication: false } })
    const role = await lakegate.admin.request<DatabaseInstanceRole>('GET', rolePath(user))
    expect(role.attributes).not.toHaveProperty('replication')
  })

  it('gives a slot up that nobody comes for, before it fills the disk', async () => {
    await inSession(
      lakegate,
      {
        user: reader.applicationId,
        password: await mintCredential(reader.http, lakegate.ready.instance.name),
      },
      (client) => client.query("SELECT pg_create_logical_replication_slot('forgotten', 'pgoutput')"),
    )
    // Each leaves a segment of 16 MB behind.
    const segments = Array.from({ length: 7 }, () => [
      "SELECT pg_logical_emit_message(false, 'x', 'x')",
      'SELECT pg_switch_wal()',
    ]).flat()
    await ofSuperuser(...segments, 'CHECKPOINT')
    const status = await ofSuperuser(
      "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'forgotten'",
    )
    expect(status).toEqual([{ wal_status: 'lost' }])
  })
})

it('an instance where it is switched off again starts, without the slots', async () => {
  await ofSuperuser("SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')")
  await enable(false)
  expect(await ofSuperuser('SELECT slot_name FROM pg_replication_slots')).toEqual([])
  expect(await refusedWith(reader, LOGICAL)).toMatchObject({ C: '55000' })
})
