/** Attack 15: a backend is as foreign as a client. A server of our own plays one that misbehaves. */
import { createServer, type Server, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backendSocketPath, openBackend } from '../../../src/gateway/backend/open-backend.ts'
import type { IdentityId, InstanceUid, RoleOid } from '../../../src/domain/ids.ts'
import type { Admission } from '../../../src/operations/login/admission.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'
import { cstring, int32, startupMessage, typed } from '../../stage/byte-builder.ts'

let directory: string
let server: Server
let answerWith: (socket: Socket, startup: Buffer) => void
let received: Buffer

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-backend-'))
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (startup: Buffer) => {
      received = startup
      answerWith(socket, startup)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(backendSocketPath(directory), resolve)
  })
})
afterEach(async () => {
  server.close()
  await rm(directory, { recursive: true, force: true })
})

const CLAIMED_TABLE = {
  name: 'main.sales.orders',
  instanceUid: '6b1f9c52-3a0e-4a8e-9d27-0f2f4c1f7a11' as InstanceUid,
  databaseName: 'd',
  schemaName: 'sales',
  tableName: 'orders',
}

/** As far as `openBackend` looks at it. */
const admission = () =>
  ({
    roleName: 'ada@example.com',
    roleOid: '16385' as RoleOid,
    sessionTicket: 'the ticket',
    behind: { id: '7' as IdentityId, type: 'USER', name: 'ada@example.com', path: [] as string[] },
    instance: { backend: { kind: 'embedded', socketDirectory: directory } } as Admission['instance'],
    token: undefined,
    claimedTables: [] as Admission['claimedTables'],
  }) satisfies Admission
const open = async (parameters: Record<string, string> = { user: 'ADA', database: 'd' }) =>
  openBackend(
    admission(),
    {
      version: { major: 3, minor: 0 },
      message: {
        kind: 'startup_message',
        version: { major: 3, minor: 0 },
        parameters: Object.entries(parameters).map(([name, value]) => ({ name, value: Buffer.from(value) })),
      },
    },
    new AbortController().signal,
    NO_CLUSTERS,
  )
const NO_CLUSTERS = { open: () => Promise.reject(new Error('attached')), cancel: () => Promise.resolve() }
const refusalOf = async (): Promise<string> => {
  try {
    await open()
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal.name
    throw error
  }
  throw new Error('the backend was taken')
}
const ok = typed('R', int32(0))
const ready = typed('Z', Buffer.from('I'))

describe('the backend', () => {
  it('is asked for exactly the admitted role, with the ticket, and without what only pretends to be ours', async () => {
    answerWith = (socket) => socket.write(Buffer.concat([ok, ready]))
    const answer = await open({
      user: 'ADA',
      database: 'd',
      'databricks_auth.session': 'forged',
      'Databricks_Auth.other': 'x',
      '_pq_.option': '1',
      application_name: 'psql',
    })
    expect(received).toEqual(
      startupMessage([
        ['user', 'ada@example.com'],
        ['database', 'd'],
        ['application_name', 'psql'],
        ['databricks_auth.session', 'the ticket'],
        ['databricks_auth.identity', '{"id":"7","type":"USER","name":"ada@example.com","path":[]}'],
        ['databricks_auth.claims', ''],
      ]),
    )
    if (answer.kind === 'open') answer.session.socket.destroy()
  })

  it('that admits is handed over with every byte it said behind AuthenticationOk', async () => {
    const greeting = Buffer.concat([ok, typed('S', Buffer.concat([cstring('a'), cstring('b')])), ready])
    answerWith = (socket) => socket.write(greeting)
    const answer = await open()
    if (answer.kind !== 'open') throw new Error(answer.kind)
    const chunks = [answer.session.greeting]
    const isWhole = () => Buffer.concat(chunks).length >= greeting.length
    await new Promise<void>((resolve) => {
      answer.session.socket.on('data', (chunk) => {
        chunks.push(chunk)
        if (isWhole()) resolve()
      })
      answer.session.socket.resume()
      if (isWhole()) resolve()
    })
    expect(Buffer.concat(chunks)).toEqual(greeting)
    answer.session.socket.destroy()
  })

  it('that refuses a login with claims behind AuthenticationOk is heard: its error goes to the client', async () => {
    const refusal = typed('E', Buffer.concat([cstring('SFATAL'), cstring('C53300'), Buffer.of(0)]))
    answerWith = (socket) => socket.end(Buffer.concat([ok, refusal]))
    const opened = await openBackend(
      { ...admission(), claimedTables: [CLAIMED_TABLE] },
      {
        version: { major: 3, minor: 0 },
        message: { kind: 'startup_message', version: { major: 3, minor: 0 }, parameters: [] },
      },
      new AbortController().signal,
      NO_CLUSTERS,
    )
    expect(opened).toMatchObject({ kind: 'open' })
    if (opened.kind !== 'open') return
    expect(opened.session.greeting.subarray(-refusal.length)).toEqual(refusal)
    opened.session.socket.destroy()
  })

  it('that is of an older minor version may say so first', async () => {
    answerWith = (socket) =>
      socket.write(Buffer.concat([typed('v', Buffer.concat([int32(0x30000), int32(0)])), ok, ready]))
    const answer = await open()
    expect(answer.kind).toBe('open')
    if (answer.kind === 'open') answer.session.socket.destroy()
  })

  it.each([
    ['whole', Buffer.from('SFATAL\0C53300\0Msorry, too many clients already\0\0')],
    ['without SQLSTATE (CVE-2026-6666)', Buffer.from('SFATAL\0Mwhy\0\0')],
    ['without an end', Buffer.from('SFATAL')],
  ])('that refuses is quoted byte for byte: %s', async (_what, body) => {
    answerWith = (socket) => socket.end(typed('E', body))
    await expect(open()).resolves.toEqual({ kind: 'refused', message: typed('E', body) })
  })

  it.each([
    ['asks for a password', typed('R', int32(3))],
    ['asks for SASL', typed('R', Buffer.concat([int32(10), cstring('SCRAM-SHA-256'), Buffer.of(0)]))],
    ['claims a length below four', typed('R', Buffer.alloc(0), 3)],
    ['claims a negative length', typed('R', Buffer.alloc(0), -1)],
    ['claims two gigabytes', typed('E', Buffer.alloc(0), 2 ** 31 - 1)],
    ['sends AuthenticationOk with bytes too many', typed('R', Buffer.concat([int32(0), Buffer.of(1)]))],
    ['speaks another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['sends a row before it admits', typed('D', Buffer.of(0, 0))],
    ['ends within a message', ok.subarray(0, 7)],
    ['says nothing', Buffer.alloc(0)],
  ])('that %s is not used, and the client may retry', async (_what, bytes) => {
    answerWith = (socket) => socket.end(bytes)
    await expect(refusalOf()).resolves.toBe('facts_unavailable')
  })

  it('that is not there is not used, and the client may retry', async () => {
    await new Promise((resolve) => server.close(resolve))
    await expect(refusalOf()).resolves.toBe('facts_unavailable')
  })
})
