/**
 * docs/clients/README.md, "What SQL sees of the client": the gateway is PostgreSQL's client, and databricks_session_identity()
 * tells what it saw (issue 10, A8). Process ids at the direct endpoint are the backends'.
 */
import type pg from 'pg'
import { TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { queryMessage } from '../stage/byte-builder.ts'
import { directWire, pooledClient } from '../stage/pooled-sessions.ts'
import {
  createPrincipalWithRole,
  databaseClient,
  inSession,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { errorFields } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
let principal: TestServicePrincipal
let login: { readonly user: string; readonly password: string }
beforeAll(async () => {
  principal = await createPrincipalWithRole(lakegate, 'seen by SQL')
  const password = await mintCredential(principal.http, lakegate.ready.instance.name)
  login = { user: principal.applicationId, password }
})

const WHO = 'SELECT *, client_address::text FROM databricks_session_identity()'
const socketOf = (client: pg.Client): TLSSocket => {
  const { connection } = client as unknown as { readonly connection: { readonly stream: unknown } }
  if (connection.stream instanceof TLSSocket) return connection.stream
  throw new Error('the session is not over TLS')
}

describe('databricks_session_identity()', () => {
  it('tells who it is, from where, and over which TLS', async () => {
    await inSession(lakegate, login, async (client) => {
      const socket = socketOf(client)
      expect((await client.query(WHO)).rows).toEqual([
        {
          identity_id: principal.id,
          identity_type: 'service_principal',
          identity_name: principal.applicationId,
          membership_path: [],
          client_address: `${String(socket.localAddress)}/32`,
          tls_version: socket.getProtocol(),
          tls_cipher: socket.getCipher().name,
        },
      ])
    })
  })

  it('says of a pooled session who it is, and nothing of a client: many share what its backend was opened with', async () => {
    const client = await pooledClient(lakegate, login)
    const { rows } = await client.query(WHO)
    await client.end()
    expect(rows).toMatchObject([
      { identity_id: principal.id, client_address: null, tls_version: null, tls_cipher: null },
    ])
  })

  const FORGED = JSON.stringify({
    id: '1',
    type: 'USER',
    name: 'x',
    path: [],
    client: { address: '10.0.0.1' },
  })
  const forgedIn = (options: string | undefined, statement: string) =>
    inSession(
      lakegate,
      { ...login, ...(options === undefined ? {} : { options }) },
      async (client): Promise<unknown[]> => {
        await client.query(statement)
        return (await client.query<Record<string, unknown>>(WHO)).rows
      },
    )

  it.each<[string, () => Promise<unknown[]>]>([
    ['SET', () => forgedIn(undefined, `SET databricks_auth.identity = '${FORGED}'`)],
    [
      'set_config',
      () => forgedIn(undefined, `SELECT set_config('databricks_auth.identity', '${FORGED}', false)`),
    ],
    ['its startup message', () => forgedIn(`-c databricks_auth.identity=${FORGED}`, 'SELECT 1')],
  ])('says the same whatever the session brings by %s', async (_way, forge) => {
    expect(await forge()).toMatchObject([
      { identity_id: principal.id, client_address: expect.stringMatching(/^127\./) as string },
    ])
  })
})

describe('at the direct endpoint', () => {
  const pidOf = async (client: pg.Client): Promise<number> => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    return rows[0]?.pid ?? 0
  }

  it('a session can end itself by the process id that its driver has, and reads 57P01 before the end', async () => {
    const wire = await directWire(lakegate, login)
    const key = wire.greeting.find(({ type }) => type === 'K')?.body
    wire.send(queryMessage(`SELECT pg_terminate_backend(${String(key?.readInt32BE(0))})`))
    const last = (await wire.untilClosed()).find(({ type }) => type === 'E')
    expect(errorFields(last)).toMatchObject({ S: 'FATAL', C: '57P01' })
  })

  it('a session can end another of its role, whose client reads 57P01', async () => {
    const other = await databaseClient(lakegate, login)
    const said = new Promise((resolve) => other.on('error', resolve))
    await other.connect()
    const pid = await pidOf(other)
    const { rows } = await inSession(lakegate, login, (client) =>
      client.query('SELECT pg_terminate_backend($1) AS ended', [pid]),
    )
    expect(rows).toEqual([{ ended: true }])
    expect(await said).toMatchObject({ code: '57P01' })
  })

  it('a session can cancel what another of its role runs', async () => {
    const other = await databaseClient(lakegate, login)
    await other.connect()
    const pid = await pidOf(other)
    const outcome = other.query('SELECT pg_sleep(600)').catch((error: unknown) => error)
    await inSession(lakegate, login, async (client) => {
      await waitFor('the other to be at work', async () => {
        const { rowCount } = await client.query(
          `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`,
          [pid],
        )
        return rowCount === 1
      })
      await client.query('SELECT pg_cancel_backend($1)', [pid])
    })
    expect(await outcome).toMatchObject({ code: '57014' })
    await other.end()
  })

  it('a session can do neither to one of another role (42501)', async () => {
    const stranger = await createPrincipalWithRole(lakegate, 'somebody else')
    const password = await mintCredential(stranger.http, lakegate.ready.instance.name)
    await inSession(lakegate, { user: stranger.applicationId, password }, async (client) => {
      const pid = await pidOf(client)
      for (const way of ['pg_terminate_backend', 'pg_cancel_backend'])
        await expect(
          inSession(lakegate, login, (session) => session.query(`SELECT ${way}($1)`, [pid])),
        ).rejects.toMatchObject({ code: '42501' })
    })
  })
})
