/** Attack 60: what a pooled session does when its backend ends it. Over real sockets, with a backend that says what a test tells it. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readToEnd } from '../../../src/gateway/read-to-end.ts'
import { PooledBackend } from '../../../src/gateway/pooled/backend.ts'
import type { DatabaseOid, RoleOid } from '../../../src/domain/ids.ts'
import { InstanceBackends } from '../../../src/gateway/pooled/instance-backends.ts'
import { PoolCounts } from '../../../src/gateway/pooled/pool-counts.ts'
import { Pool } from '../../../src/gateway/pooled/pool.ts'
import { PooledSession } from '../../../src/gateway/pooled/session.ts'
import { refused } from '../../../src/operations/refused-error.ts'
import { cstring, queryMessage, typed } from '../../stage/byte-builder.ts'
import { waitFor } from '../../stage/wait-for.ts'

const error = (severity: string, sqlstate: string) =>
  typed('E', Buffer.concat([cstring(`V${severity}`), cstring(`C${sqlstate}`), Buffer.of(0)]))

let server: Server
beforeEach(async () => {
  server = createServer({ allowHalfOpen: true })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(() => {
  vi.useRealTimers()
  server.close()
})

/** Two connected sockets; the far one goes on speaking when the near one has ended. */
async function pair(): Promise<readonly [near: Socket, far: Socket]> {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = await accepted
  for (const socket of [near, far]) socket.on('error', () => undefined)
  return [near, far]
}

/** A session whose backends answer everything with these bytes and close. */
const sessionWith = (answer: Buffer) =>
  sessionAt((backend) => {
    backend.once('data', () => backend.end(answer))
  })

async function sessionAt(play: (backend: Socket) => void) {
  let opened = 0
  const limits = {
    backendsPerPool: 5,
    backendsPerInstance: 5,
    waitMs: 1000,
    idleMs: 60_000,
    lifetimeMs: 60_000,
  }
  const pool = new Pool(
    { roleOid: '16385' as RoleOid, databaseOid: '16384' as DatabaseOid },
    {
      async open() {
        opened += 1
        const [near, far] = await pair()
        play(far)
        return new PooledBackend(readToEnd(near), Buffer.alloc(0))
      },
      random: () => 0.5,
      now: () => performance.now(),
    },
    limits,
    new InstanceBackends(5, new PoolCounts()),
  )
  const [near, client] = await pair()
  const defects: unknown[] = []
  const session = new PooledSession(near, new Map<string, string>(), {
    pool,
    passCancel: () => Promise.resolve(),
    onDefect: (defect) => defects.push(defect),
  })
  const over = session.run(Buffer.alloc(0))
  return { client, near, session, over, defects, pool, opened: () => opened }
}

/** Reads on, and counts, until there is this much. */
async function readOn(client: Socket, bytes: number): Promise<void> {
  let seen = 0
  client.on('data', (chunk: Buffer) => (seen += chunk.length))
  client.resume()
  await waitFor('everything', () => seen >= bytes)
  expect(seen).toBe(bytes)
}

const READY = typed('Z', Buffer.from('I'))
const MEGABYTE = 1_000_000

/** Reads until there is this much. */
async function read(client: Socket, bytes: number): Promise<Buffer> {
  let seen = Buffer.alloc(0)
  while (seen.length < bytes) {
    const [chunk] = (await once(client, 'data')) as [Buffer]
    seen = Buffer.concat([seen, chunk])
  }
  return seen
}

it('asks no other backend for what comes behind the last word of the first', async () => {
  const lastWord = error('FATAL', '08P01')
  const { client, over, defects, opened } = await sessionWith(lastWord)
  client.write(queryMessage('SELECT 1'))
  expect(await read(client, lastWord.length)).toEqual(lastWord)
  // The session has ended its side; the client does not care and asks on.
  client.end(queryMessage('DELETE FROM everything'))
  expect(await over).toEqual({ reason: 'backend_ended', sqlstate: '08P01' })
  expect(opened()).toBe(1)
  expect(defects).toEqual([])
})

it('says that the backend was lost behind an error that ends nothing', async () => {
  const answer = error('ERROR', '22012')
  const { client, over } = await sessionWith(answer)
  client.write(queryMessage('SELECT 1/0'))
  let seen = Buffer.alloc(0)
  client.on('data', (chunk: Buffer) => (seen = Buffer.concat([seen, chunk])))
  await once(client, 'end')
  client.end()
  expect(seen.subarray(0, answer.length)).toEqual(answer)
  expect(seen.subarray(answer.length).toString('latin1')).toContain('C08006')
  expect(await over).toEqual({ reason: 'backend_ended', sqlstate: undefined })
})

it('passes what there is of an answer in the middle of which the backend is lost, and nothing of its own', async () => {
  const answer = Buffer.concat([
    typed('D', Buffer.from('a row')),
    typed('D', Buffer.from('half a row'), 1000),
  ])
  const { client, over } = await sessionWith(answer)
  client.write(queryMessage('SELECT'))
  let seen = Buffer.alloc(0)
  client.on('data', (chunk: Buffer) => (seen = Buffer.concat([seen, chunk])))
  await once(client, 'end')
  client.end()
  expect(seen).toEqual(answer)
  expect(await over).toEqual({ reason: 'backend_ended', sqlstate: undefined })
})

it('lets a client that reads slowly come to the end of what it was sent when the session is ended', async () => {
  const { client, near, session, over } = await sessionWith(typed('D', Buffer.alloc(64_000_000)))
  client.write(queryMessage('SELECT'))
  let before = 0
  await waitFor('a client that is far behind', () => {
    const isStuck = near.writableNeedDrain && near.bytesWritten === before
    before = near.bytesWritten
    return isStuck
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  session.end(refused('pooled_session_ended'))
  const sent = near.bytesWritten
  vi.advanceTimersByTime(10_000)
  let seen = 0
  client.on('data', (chunk: Buffer) => (seen += chunk.length))
  await once(client, 'end')
  client.end()
  expect(seen).toBe(sent)
  expect(await over).toBeUndefined()
})

it('reads no more from a client that does not read its answers', async () => {
  const answer = Buffer.concat([typed('D', Buffer.alloc(8_000)), typed('C', cstring('SELECT 1')), READY])
  let asked = 0
  const { client, near, over } = await sessionAt((backend) => {
    backend.on('data', (chunk: Buffer) => {
      // Each of them is as long.
      const queries = chunk.length / queryMessage('SELECT 1').length
      asked += queries
      for (let query = 0; query < queries; query += 1) backend.write(answer)
    })
  })
  const sendOne = (sent: number): void => {
    if (sent === 5_000) return
    client.write(queryMessage('SELECT 1'), () => setImmediate(sendOne, sent + 1))
  }
  client.pause()
  sendOne(0)
  let before = -1
  await waitFor('a session that asks no more', () => {
    const isStuck = near.writableNeedDrain && asked === before
    before = asked
    return isStuck
  })
  expect(asked).toBeLessThan(5_000)
  expect(near.writableLength).toBeLessThan(MEGABYTE)
  await readOn(client, 5_000 * answer.length)
  client.destroy()
  await over
})

it('reads no more from a backend that notifies a client which does not read', async () => {
  const notification = typed('A', Buffer.concat([Buffer.alloc(4), cstring('x'), cstring('y'.repeat(7_900))]))
  const notifications = 64 * MEGABYTE
  const listening = Buffer.concat([typed('C', cstring('LISTEN')), READY])
  let backend: Socket | undefined
  const { client, near, over, pool } = await sessionAt((made) => {
    backend = made
    made.once('data', () => made.write(listening))
  })
  client.pause()
  client.write(queryMessage('LISTEN x'))
  await waitFor('an idle backend', () => pool.idleBackends === 1)
  const count = Math.floor(notifications / notification.length)
  for (let sent = 0; sent < count; sent += 1) backend?.write(notification)
  let before = -1
  await waitFor('a client that is far behind', () => {
    const isStuck = near.writableNeedDrain && near.bytesWritten === before
    before = near.bytesWritten
    return isStuck
  })
  expect(near.writableLength).toBeLessThan(MEGABYTE)
  await readOn(client, listening.length + count * notification.length)
  client.destroy()
  await over
})

it('reads the rest of an answer for nobody when its client has left in the middle of it', async () => {
  let isOver = false
  let asked = Buffer.alloc(0)
  let backend: Socket | undefined
  const { client, over, pool } = await sessionAt((made) => {
    backend = made
    made.on('data', (chunk: Buffer) => (asked = Buffer.concat([asked, chunk])))
    made.once('close', () => (isOver = true))
  })
  const [query, terminate] = [queryMessage('SELECT'), typed('X', Buffer.alloc(0))]
  client.write(Buffer.concat([query, terminate]))
  await waitFor('a client that has left', () => asked.length === query.length + terminate.length)
  client.resetAndDestroy()
  await over
  for (let sent = 0; sent < 1_000; sent += 1) backend?.write(typed('D', Buffer.alloc(8_000)))
  backend?.end(Buffer.concat([typed('C', cstring('SELECT 1000')), READY]))
  await waitFor('a backend that has said everything', () => isOver)
  await waitFor('its place in the pool', () => pool.backendsInUse === 0)
})
