/**
 * A client that says it will send no more, and reads on, gets what it asked for, as from PostgreSQL, which reads the end
 * of the stream where it would read the next message (issue 10, A7). One that is gone looks the same at first.
 */
import { once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import { connect as connectOverTls, type TLSSocket } from 'node:tls'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  bindMessage,
  executeMessage,
  parseMessage,
  passwordMessage,
  queryMessage,
  sslRequest,
  startupMessage,
  syncMessage,
} from '../stage/byte-builder.ts'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { asOwner, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin_user: user } = lakegate.ready
let password: string
beforeAll(async () => {
  password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
})

const ENDPOINTS = {
  direct: () => lakegate.ready.instance,
  pooled: () => pooledEndpointOf(lakegate),
} as const

async function atPassword(endpoint: { host: string; port: number }): Promise<TLSSocket> {
  const plain = connectPlainly({ ...endpoint, allowHalfOpen: true })
  await once(plain, 'connect')
  plain.write(sslRequest())
  await once(plain, 'data')
  const socket = connectOverTls({ socket: plain, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.write(
    startupMessage([
      ['user', user],
      ['database', lakegate.ready.instance.database],
    ]),
  )
  await once(socket, 'data')
  return socket
}

/** Everything that comes until the server ends. */
async function heardOf(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  return Buffer.concat(chunks).toString('latin1')
}

async function loggedIn(endpoint: { host: string; port: number }): Promise<TLSSocket> {
  const socket = await atPassword(endpoint)
  let heard = ''
  const onData = (chunk: Buffer) => {
    heard += chunk.toString('latin1')
  }
  socket.on('data', onData)
  socket.write(passwordMessage(password))
  await waitFor('the open session', () => Promise.resolve(heard.endsWith('Z\0\0\0\x05I') || undefined))
  socket.off('data', onData)
  return socket
}

const ANSWER = '42'.repeat(8)
const extended = (sql: string) => [parseMessage('', sql), bindMessage(''), executeMessage(), syncMessage()]

describe.each(['direct', 'pooled'] as const)('a client of the %s endpoint that sends no more', (name) => {
  it.each([
    ['a query', [queryMessage(`SELECT pg_sleep(0.3), '${ANSWER}'`)]],
    ['a pipeline', extended(`SELECT pg_sleep(0.3), '${ANSWER}'`)],
    ['a transaction that it leaves open', [queryMessage(`BEGIN; SELECT '${ANSWER}'`)]],
  ])('behind %s gets its answer, and then the end', async (_what, messages) => {
    const socket = await loggedIn(ENDPOINTS[name]())
    const heard = heardOf(socket)
    socket.end(Buffer.concat(messages))
    expect(await heard).toContain(ANSWER)
  })

  it('behind a query that it sent together with its password gets its answer', async () => {
    const socket = await atPassword(ENDPOINTS[name]())
    const heard = heardOf(socket)
    socket.end(Buffer.concat([passwordMessage(password), queryMessage(`SELECT '${ANSWER}'`)]))
    expect(await heard).toContain(ANSWER)
  })

  it('behind a query with a long answer gets all of it', async () => {
    const socket = await loggedIn(ENDPOINTS[name]())
    const heard = heardOf(socket)
    socket.end(queryMessage(`SELECT repeat('x', 20000000), '${ANSWER}'`))
    const answer = await heard
    expect(answer.length).toBeGreaterThan(20_000_000)
    expect(answer).toContain(ANSWER)
  })

  it('and never asked for anything is closed', async () => {
    const socket = await loggedIn(ENDPOINTS[name]())
    const heard = heardOf(socket)
    socket.end()
    expect(await heard).toBe('')
  })

  it('in the middle of its login is closed', async () => {
    const socket = await atPassword(ENDPOINTS[name]())
    const heard = heardOf(socket)
    socket.end()
    expect(await heard).toBe('')
  })
})

describe('a client of the pooled endpoint that is gone', () => {
  it('has its statement cancelled, although it ended its stream in order', async () => {
    const socket = await loggedIn(ENDPOINTS.pooled())
    const mark = `gone ${crypto.randomUUID()}`
    const isRunning = () =>
      asOwner(lakegate, async (owner) => {
        const running = `SELECT FROM pg_stat_activity WHERE query LIKE $1 AND state = 'active' AND pid <> pg_backend_pid()`
        return (await owner.query(running, [`%${mark}%`])).rowCount === 1
      })
    socket.write(queryMessage(`SELECT pg_sleep(600) -- ${mark}`))
    await waitFor('the statement', async () => (await isRunning()) || undefined)
    socket.destroy()
    await waitFor('the end of the statement', async () => !(await isRunning()) || undefined)
  })
})

describe('node-postgres', () => {
  it.each(['direct', 'pooled'] as const)(
    'that is told to connect and at once to end raises nothing at the %s endpoint',
    async (name) => {
      const uncaught: unknown[] = []
      const client = new pg.Client({
        ...ENDPOINTS[name](),
        user,
        password,
        database: lakegate.ready.instance.database,
        ssl: { rejectUnauthorized: false },
      })
      const onUncaught = (error: unknown) => uncaught.push(error)
      const others = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException').on('uncaughtException', onUncaught)
      try {
        client.connect().catch((error: unknown) => uncaught.push(error))
        await client.end()
        // Whatever it raises, it raises in the turn in which its connection ends.
        await new Promise((resolve) => setImmediate(resolve))
      } finally {
        process.off('uncaughtException', onUncaught)
        for (const other of others) process.on('uncaughtException', other)
      }
      expect(uncaught).toEqual([])
    },
  )
})
