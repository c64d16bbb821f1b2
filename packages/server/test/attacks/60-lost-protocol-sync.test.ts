/**
 * Attack 60: a client that PostgreSQL cannot follow any more. PostgreSQL answers what came before, says why in a FATAL and
 * closes, often with more of the client's bytes unread ("Message Flow", "Termination"; `PostgresMain`, "protocol
 * synchronization was lost"). The client reads all of that at both endpoints, whatever else it sends meanwhile.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  bindMessage,
  copyData,
  describeStatement,
  executeMessage,
  int32,
  parseMessage,
  passwordMessage,
  queryMessage,
  sslRequest,
  startupMessage,
  syncMessage,
  typed,
} from '../stage/byte-builder.ts'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { connectWire, errorFields, type ServerMessage, type WireClient } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
let login: { readonly user: string; readonly password: string }
beforeAll(async () => {
  const principal = await createServicePrincipal(lakegate, 'confused')
  await createRoleFor(lakegate, principal)
  login = { user: principal.applicationId, password: await principal.workspaceToken() }
})

interface Address {
  readonly host: string
  readonly port: number
}

async function logIn(address: Address): Promise<WireClient> {
  const plain = await connectWire(lakegate, address)
  plain.send(sslRequest())
  if ((await plain.byte()) !== 'S') throw new Error('the server does not take TLS')
  const client = await plain.startTls()
  client.send(
    startupMessage([
      ['user', login.user],
      ['database', lakegate.ready.instance.database],
    ]),
  )
  await client.next()
  client.send(passwordMessage(login.password))
  for (let message = await client.next(); message?.type !== 'Z'; message = await client.next())
    if (message === undefined || message.type === 'E') throw new Error('the login was refused')
  return client
}

/** What came, a letter a message, errors by their SQLSTATE; settings and notices left out. */
const summaryOf = (messages: readonly ServerMessage[]): string =>
  messages
    .filter(({ type }) => type !== 'S' && type !== 'N')
    .map((message) => (message.type === 'E' ? codeOf(message) : message.type))
    .join(' ')
const codeOf = (message: ServerMessage): string => {
  const { S: severity = '', C: sqlstate = '' } = errorFields(message)
  return `${severity}:${sqlstate}`
}
const lastOf = (messages: readonly ServerMessage[]) => errorFields(messages.at(-1))

const COPY_OUT = queryMessage('COPY (SELECT 1) TO STDOUT')
const COPY_IN = queryMessage('CREATE TEMPORARY TABLE lines (line text); COPY lines FROM STDIN')
/** No frontend message begins with it. */
const GARBAGE = typed('!', Buffer.from('garbage'))
const SYNC_LOST = 'terminating connection because protocol synchronization was lost'
const LARGE = Buffer.alloc(4 * 1024 * 1024, 'x')

describe.each([
  ['the direct endpoint', lakegate.ready.instance],
  ['the pooled endpoint', pooledEndpointOf(lakegate)],
])('at %s', (_name, address: Address) => {
  it('a message of no known type is answered by PostgreSQL, behind the answers to what came before', async () => {
    const client = await logIn(address)
    client.send(queryMessage('SELECT 1'), COPY_OUT, GARBAGE)
    const answers = await client.untilClosed()
    expect(summaryOf(answers)).toBe('T D C Z H d c C Z FATAL:08P01')
    expect(lastOf(answers)['M']).toBe('invalid frontend message type 33')
  })

  it('a message of no known type in a transaction is answered by PostgreSQL', async () => {
    const client = await logIn(address)
    client.send(queryMessage('BEGIN'))
    await client.next()
    await client.next()
    client.send(parseMessage('', 'SELECT 1'), bindMessage(''), executeMessage(), GARBAGE, syncMessage())
    expect(summaryOf(await client.untilClosed())).toBe('1 2 D C FATAL:08P01')
  })

  it('a message of an impossible length ends the session behind the answers to what came before', async () => {
    const client = await logIn(address)
    client.send(queryMessage('SELECT 1'), queryMessage('SELECT 2'), Buffer.from('Q'), int32(3))
    expect(summaryOf((await client.untilClosed()).slice(0, 8))).toBe('T D C Z T D C Z')
  })

  it('a query in the middle of a COPY ends it, and the client reads why', async () => {
    const client = await logIn(address)
    client.send(COPY_IN)
    for (let message = await client.next(); message?.type !== 'G'; message = await client.next());
    client.send(copyData('a line\n'), queryMessage('SELECT 1'))
    const answers = await client.untilClosed()
    expect(summaryOf(answers)).toBe('ERROR:08P01 FATAL:08P01')
    expect(lastOf(answers)['M']).toBe(SYNC_LOST)
  })

  it('a query behind a COPY in one pipeline ends it, and the client reads all that came before', async () => {
    const client = await logIn(address)
    client.send(queryMessage('SELECT 1'), COPY_IN, copyData('a line\n'), queryMessage('SELECT 1'))
    expect(summaryOf(await client.untilClosed())).toBe('T D C Z C G ERROR:08P01 FATAL:08P01')
  })

  it('megabytes that PostgreSQL reads no more take nothing from the client of what it said', async () => {
    for (let round = 0; round < 10; round += 1) {
      const client = await logIn(address)
      client.send(
        queryMessage('SELECT 1'),
        COPY_IN,
        queryMessage('SELECT 1'),
        copyData(LARGE),
        copyData(LARGE),
      )
      const answers = await client.untilClosed()
      expect(summaryOf(answers)).toBe('T D C Z C G ERROR:08P01 FATAL:08P01')
    }
  })

  it('a client that reads late reads all of it', async () => {
    const client = await logIn(address)
    client.pause()
    client.send(
      queryMessage(`SELECT repeat('x', ${String(LARGE.length)})`),
      queryMessage('SELECT 1'),
      COPY_IN,
      queryMessage('SELECT 1'),
      copyData(LARGE),
    )
    client.resume()
    const answers = await client.untilClosed()
    expect(summaryOf(answers)).toBe('T D C Z T D C Z C G ERROR:08P01 FATAL:08P01')
  })
})

describe('at the pooled endpoint', () => {
  const address = pooledEndpointOf(lakegate)

  it.each([
    ['too short', Buffer.concat([Buffer.from('Q'), int32(3)])],
    ['longer than PostgreSQL takes of its kind', describeStatement('x'.repeat(10_000))],
    ['longer than PostgreSQL takes of any', Buffer.concat([Buffer.from('Q'), int32(0x4000_0000)])],
  ])(
    'a message that is %s is named behind the answers, because PostgreSQL says nothing',
    async (_what, bytes) => {
      const client = await logIn(address)
      client.send(queryMessage('SELECT 1'), bytes)
      const answers = await client.untilClosed()
      expect(summaryOf(answers)).toBe('T D C Z FATAL:08P01')
      expect(lastOf(answers)['M']).toContain('invalid message length')
    },
  )

  it('a Describe of the greatest length is answered', async () => {
    const client = await logIn(address)
    client.send(describeStatement('x'.repeat(9_990)), syncMessage(), GARBAGE)
    expect(summaryOf(await client.untilClosed())).toBe('ERROR:26000 Z FATAL:08P01')
  })

  it('a name that has no end is named behind the answers', async () => {
    const client = await logIn(address)
    client.send(
      queryMessage('BEGIN'),
      parseMessage('', 'SELECT 1'),
      bindMessage(''),
      executeMessage(),
      bindMessage('x'.repeat(100_000)),
      syncMessage(),
    )
    const answers = await client.untilClosed()
    expect(summaryOf(answers)).toBe('C Z 1 2 D C FATAL:08P01')
    expect(lastOf(answers)['M']).toContain('does not end')
  })
})
