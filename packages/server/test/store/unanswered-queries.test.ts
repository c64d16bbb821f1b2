/** A system database that is gone without a word: its machine died, or nothing comes through any more. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Redacted } from '../../src/domain/redacted.ts'
import {
  askSystemDatabase,
  openSystemDatabase,
  type SystemDatabase,
} from '../../src/store/system-database.ts'
import { cstring, int32, typed } from '../stage/byte-builder.ts'

let server: Server
let database: SystemDatabase
/** The first connection is never answered once it is open. */
const connections: Socket[] = []

beforeEach(async () => {
  server = createServer((socket) => {
    const isSilent = connections.push(socket) === 1
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write(Buffer.concat([typed('R', int32(0)), typed('Z', Buffer.from('I'))]))
      socket.on('data', () => {
        if (isSilent) return
        const answers = ['1', '2', 'n'].map((type) => typed(type, Buffer.alloc(0)))
        socket.write(
          Buffer.concat([...answers, typed('C', cstring('SELECT 0')), typed('Z', Buffer.from('I'))]),
        )
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = new Redacted(`postgres://u:p@127.0.0.1:${String(port)}/d?sslmode=disable`)
  database = openSystemDatabase({ kind: 'url', url }, () => undefined, 1)
})
afterEach(async () => {
  vi.useRealTimers()
  await database.destroy()
  for (const socket of connections.splice(0)) socket.destroy()
  server.close()
})

describe('a query without an answer', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['by name', () => database.queryByName({ name: 'q', text: 'SELECT', values: [] })],
    ['by kysely', () => sql`SELECT`.execute(database)],
  ])('%s fails, and the next one has another connection', async (_how, ask) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const failing = askSystemDatabase(ask)
    const failed = expect(failing).rejects.toMatchObject({ code: 'system_database_unavailable' })
    await vi.waitFor(() => expect(connections).toHaveLength(1))
    await vi.advanceTimersByTimeAsync(11_500)
    await failed
    await askSystemDatabase(ask)
    expect(connections).toHaveLength(2)
  })
})
