/** A login by token as drivers see it, from both ends of the connection. */
import net from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { InstanceConnection } from '../../src/connection.ts'
import { lakegateKnexConfig } from '../../src/drivers/knex.ts'
import { LakegateClient, LakegatePool } from '../../src/drivers/pg.ts'
import { lakegatePostgres } from '../../src/drivers/postgres.ts'
import type { TokenSource } from '../../src/tokens/token-source.ts'
import { createTestAuthority } from '../../../server/test/stage/test-authority.ts'
import { waitFor } from '../../../server/test/stage/wait-for.ts'
import { playServer, type Play, type PlayedServer } from './played-server.ts'
import { playTokens } from './played-tokens.ts'

/** The played server knows no types, and says something to everybody. */
const QUIET = { fetch_types: false, onnotice: () => undefined }

let server: PlayedServer
const begin = async (play: Play = {}) => {
  await server.close()
  server = await playServer(play)
}
beforeEach(async () => {
  server = await playServer()
})
afterEach(() => server.close())

const to = (credentials: TokenSource, more: Partial<InstanceConnection> = {}): InstanceConnection => ({
  host: server.host,
  port: server.port,
  database: 'databricks_postgres',
  user: 'ada@example.com',
  ca: server.caPem,
  credentials,
  ...more,
})

interface Driver {
  ask(text: string): Promise<string>
  end(): Promise<void>
}
const drivers: readonly (readonly [string, (connection: InstanceConnection) => Driver])[] = [
  [
    'node-postgres',
    (connection) => {
      const pool = new LakegatePool(connection)
      return {
        ask: async (text) => (await pool.query<{ answer: string }>(text)).rows[0]?.answer ?? '',
        end: () => pool.end(),
      }
    },
  ],
  [
    'postgres.js',
    (connection) => {
      const sql = lakegatePostgres(connection, { ...QUIET })
      return {
        ask: async (text) => String((await sql.unsafe(text))[0]?.['answer']),
        end: () => sql.end(),
      }
    },
  ],
]

describe.each(drivers)('%s', (_name, open) => {
  const outcome = async (connection: InstanceConnection): Promise<unknown> => {
    const driver = open(connection)
    try {
      return await driver.ask('hello')
    } catch (error) {
      return error
    } finally {
      await driver.end()
    }
  }

  it('sends the token as the password, inside TLS, and its own startup message', async () => {
    expect(await outcome(to(playTokens('good')))).toBe('hello')
    expect(server.passwords).toEqual(['good'])
    const [startup = Buffer.alloc(0)] = server.firstPackets
    expect(startup.toString('utf8')).toContain('user\0ada@example.com\0database\0databricks_postgres')
  })

  it('logs in once more with a new token when the first is refused, with the same startup message', async () => {
    const tokens = playTokens('stale', 'good')
    expect(await outcome(to(tokens))).toBe('hello')
    expect(server.passwords).toEqual(['stale', 'good'])
    expect(tokens.refused).toEqual(['stale'])
    expect(server.firstPackets[0]).toEqual(server.firstPackets[1])
  })

  it('lets the second refusal through, as the server said it', async () => {
    await begin({ refusal: { code: '28P01', message: 'no token of ours', detail: 'It is forged.' } })
    const tokens = playTokens('bad 1', 'bad 2', 'bad 3')
    expect(await outcome(to(tokens))).toMatchObject({
      code: '28P01',
      message: 'no token of ours',
      detail: 'It is forged.',
    })
    expect(server.passwords).toEqual(['bad 1', 'bad 2'])
  })

  it('does not ask again where there is no other token', async () => {
    expect(await outcome(to(playTokens('bad')))).toMatchObject({ code: '28P01' })
    expect(server.passwords).toEqual(['bad'])
  })

  it('does not ask again when another token would not help', async () => {
    await begin({
      refusal: { code: '28000', message: 'OAuth authentication failed', detail: 'Not a member.' },
    })
    const tokens = playTokens('bad', 'good')
    expect(await outcome(to(tokens))).toMatchObject({ code: '28000', detail: 'Not a member.' })
    expect(tokens.refused).toEqual([])
  })

  it('asks again on 28000 when that is about an expired token', async () => {
    await begin({ refusal: { code: '28000', message: 'login failed', detail: 'The token has expired.' } })
    expect(await outcome(to(playTokens('stale', 'good')))).toBe('hello')
  })

  it('sends no token to a server with the certificate of another authority', async () => {
    await begin({ authority: await createTestAuthority() })
    const { caPem: ca } = await createTestAuthority()
    const error = await outcome(to(playTokens('good'), { ca }))
    expect(error).toMatchObject({
      code: 'CERTIFICATE_NOT_TRUSTED',
      nextStep: expect.stringContaining('ca.pem') as string,
    })
    expect(server.passwords).toEqual([])
  })

  it('checks the certificate also where NODE_TLS_REJECT_UNAUTHORIZED says not to', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    await begin({ certificateFor: 'elsewhere.example.com' })
    expect(await outcome(to(playTokens('good')))).toMatchObject({ code: 'CERTIFICATE_NOT_TRUSTED' })
    expect(server.passwords).toEqual([])
  })

  it('sends no token to a server whose certificate is for another host', async () => {
    await begin({ certificateFor: 'elsewhere.example.com' })
    const error = await outcome(to(playTokens('good')))
    expect(error).toMatchObject({ code: 'CERTIFICATE_NOT_TRUSTED' })
    expect(server.passwords).toEqual([])
  })

  it.each([
    ['without TLS', Buffer.from('N'), 'TLS_NOT_OFFERED'],
    ['that puts bytes behind its consent', Buffer.from('S and more'), 'PROTOCOL_VIOLATION'],
    ['that hangs up', Buffer.alloc(0), 'CONNECTION_CLOSED'],
  ])('sends no token to a server %s', async (_how, beforeTls, code) => {
    await begin({ beforeTls })
    expect(await outcome(to(playTokens('good')))).toMatchObject({ code })
  })

  it('says so when the role has a password of its own', async () => {
    await begin({ asksFor: Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0', 'latin1') })
    expect(await outcome(to(playTokens('good')))).toMatchObject({ code: 'TOKEN_NOT_ASKED_FOR' })
  })

  it('lets through why there is no token, and opens no connection', async () => {
    const none = { ...playTokens(''), token: () => Promise.reject(new Error('the secret was deleted')) }
    expect(await outcome(to(none))).toMatchObject({ message: 'the secret was deleted' })
    expect(server.firstPackets).toEqual([])
  })

  it('takes for connections that end before their token only a token that lives long enough', async () => {
    const secondsFromNow = (seconds: number) => new Date(Date.now() + seconds * 1000)
    const tokens = playTokens(
      { value: 'good but old', expiresAt: secondsFromNow(600) },
      { value: 'good and new', expiresAt: secondsFromNow(3600) },
    )
    const connection = to(tokens)
    const pool = new LakegatePool(connection, { retire: 'before_token_expiry' })
    const sql = lakegatePostgres(connection, { retire: 'before_token_expiry', ...QUIET })
    await pool.query('x')
    await sql.unsafe('x')
    await pool.end()
    await sql.end()
    expect(server.passwords).toEqual(['good and new', 'good and new'])
  })
})

it('PGSSLNEGOTIATION does not ask for a second layer of TLS', async () => {
  vi.stubEnv('PGSSLNEGOTIATION', 'direct')
  const client = new LakegateClient(to(playTokens('good')))
  await client.connect()
  expect((await client.query('hello')).rows).toEqual([{ answer: 'hello' }])
  await client.end()
  const { connection } = lakegateKnexConfig(to(playTokens('good')))
  const config = typeof connection === 'function' ? await connection() : connection
  expect(() => new pg.Client(config as pg.ClientConfig)).not.toThrow()
})

describe('LakegateClient', () => {
  it('is a pg.Client, and shows its token to nobody', async () => {
    const client = new LakegateClient(to(playTokens('good secret')))
    expect(client).toBeInstanceOf(pg.Client)
    await client.connect()
    const { rows } = await client.query('hello')
    expect(rows).toEqual([{ answer: 'hello' }])
    const { inspect } = await import('node:util')
    expect(inspect(client, { depth: 9, showHidden: true })).not.toContain('good secret')
    await client.end()
  })

  it('takes queries before it is connected, also when its first token is refused', async () => {
    const client = new LakegateClient(to(playTokens('stale', 'good')))
    const connected = client.connect()
    const { rows } = await client.query('early')
    await connected
    expect(rows).toEqual([{ answer: 'early' }])
    await client.end()
  })

  it('ends a login that takes longer than connectionTimeoutMillis', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as net.AddressInfo
    const client = new LakegateClient(to(playTokens('good'), { port }), { connectionTimeoutMillis: 50 })
    await expect(client.connect()).rejects.toThrow()
    silent.close()
  })

  it('ends while it waits for its token, and sends none later', async () => {
    let give: (() => void) | undefined
    const slow: TokenSource = {
      ...playTokens('good'),
      token: () => new Promise((resolve) => (give = () => resolve({ value: 'good', expiresAt: undefined }))),
    }
    const client = new LakegateClient(to(slow), { connectionTimeoutMillis: 20 })
    await expect(client.connect()).rejects.toThrow()
    give?.()
    await new Promise(setImmediate)
    expect(server.firstPackets).toEqual([])
  })

  it('is retired when its connection is over', async () => {
    const client = new LakegateClient(to(playTokens('good')))
    client.on('error', () => undefined)
    expect(client.retired).toBe(false)
    await client.connect()
    expect(client.retired).toBe(false)
    server.endSessions()
    await waitFor('the end of the session', () => client.retired)
    await client.end()
  })

  it('is retired when it has lived as long as it may', async () => {
    const client = new LakegateClient(to(playTokens('good')), { maxLifetimeSeconds: 0.01 })
    await client.connect()
    await waitFor('its retirement', () => client.retired)
    await client.end()
  })
})

describe('LakegatePool', () => {
  it('is a pg.Pool whose connections live between four fifths of the limit and the limit', async () => {
    const pool = new LakegatePool(to(playTokens('good')), { maxLifetimeSeconds: 1000 })
    expect(pool).toBeInstanceOf(pg.Pool)
    const lives = Array.from({ length: 200 }, () => pool.options.maxLifetimeSeconds)
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(800)
    expect(Math.max(...lives)).toBeLessThanOrEqual(1000)
    expect(new Set(lives).size).toBeGreaterThan(100)
    await pool.end()
  })

  it('opens another connection for one that has lived as long as it may, while it is not in use', async () => {
    const pool = new LakegatePool(to(playTokens('good')), { maxLifetimeSeconds: 0.05, max: 1 })
    await pool.query('x')
    await waitFor('the connection to leave', () => pool.totalCount === 0)
    await pool.query('x')
    expect(server.firstPackets).toHaveLength(2)
    await pool.end()
  })

  it('goes on when the server ends an idle connection and nobody listens to errors', async () => {
    const pool = new LakegatePool(to(playTokens('good')))
    await pool.query('x')
    server.endSessions()
    await waitFor('the connection to leave', () => pool.totalCount === 0)
    await expect(pool.query('again')).resolves.toMatchObject({ rows: [{ answer: 'again' }] })
    await pool.end()
  })

  it('logs all connections in with one new token when all were refused at once', async () => {
    const tokens = playTokens('stale', 'good')
    const pool = new LakegatePool(to(tokens), { max: 8 })
    await Promise.all(Array.from({ length: 8 }, () => pool.query('x')))
    expect(server.passwords.filter((password) => password === 'good')).toHaveLength(8)
    expect(tokens.made()).toBe(2)
    await pool.end()
  })
})

it('a request to cancel is sent without a token', async () => {
  const tokens = playTokens('good')
  const sql = lakegatePostgres(to(tokens), { ...QUIET })
  await sql.unsafe('x')
  await sql.end()
  const { LoginSocket } = await import('../../src/login/login-socket.ts')
  const socket = new LoginSocket(to(tokens))
  socket.resume()
  const packet = Buffer.alloc(16)
  packet.writeInt32BE(16)
  packet.writeInt32BE(80_877_102, 4)
  socket.write(packet)
  await new Promise((resolve) => socket.once('close', resolve))
  expect(server.firstPackets.at(-1)).toEqual(packet)
  expect(server.passwords).toHaveLength(1)
})
