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
async function sessionWith(answer: Buffer) {
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
        far.once('data', () => far.end(answer))
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
  return { client, near, session, over, defects, opened: () => opened }
}

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
