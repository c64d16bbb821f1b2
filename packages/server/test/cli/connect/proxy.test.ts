/** What the proxy decides before a session is there: who connects, what a client may say and for how long, and as whom. */
import { once } from 'node:events'
import { createServer, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ClientGone, LocalClient, RefusedClient } from '../../../src/cli/connect/proxy/local-client.ts'
import { addressesOf, findPeer } from '../../../src/cli/connect/proxy/peer.ts'
import { destinationOf } from '../../../src/cli/connect/proxy/startup-parameters.ts'
import { decodeStartupPacket, type StartupMessage } from '../../../src/protocol/startup.ts'
import { gssEncryptionRequest, int32, sslRequest, startupMessage } from '../../stage/byte-builder.ts'

const open: { destroy(): unknown }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.destroy()
})

async function pair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const far = connect(address.port, '127.0.0.1')
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  open.push(near, far)
  return { near, far }
}

const never = new AbortController().signal

describe('a local client', () => {
  it('may come in single bytes, behind requests for encryption', async () => {
    const { near, far } = await pair()
    far.setNoDelay(true)
    const opening = new LocalClient(near).opening(never)
    const bytes = Buffer.concat([sslRequest(), gssEncryptionRequest(), startupMessage([['user', 'ada']])])
    for (const byte of bytes) far.write(Buffer.of(byte))
    await expect(opening).resolves.toMatchObject({ kind: 'startup_message' })
    const [answers] = (await once(far, 'data')) as [Buffer]
    expect(answers.toString()).toMatch(/^N{1,2}$/)
  })

  it.each([
    ['a length beyond the limit', int32(10_001)],
    ['a negative length', int32(-1)],
    ['another major version', Buffer.concat([int32(8), int32(0x0002_0000)])],
  ])('is refused for %s', async (_what, bytes) => {
    const { near, far } = await pair()
    far.write(bytes)
    await expect(new LocalClient(near).opening(never)).rejects.toBeInstanceOf(RefusedClient)
  })

  it('is refused when it goes on asking for encryption', async () => {
    const { near, far } = await pair()
    far.write(Buffer.concat(Array.from({ length: 4 }, sslRequest)))
    await expect(new LocalClient(near).opening(never)).rejects.toMatchObject({
      fields: { sqlstate: '0A000' },
    })
  })

  it('that says too little for too long is given up', async () => {
    const { near, far } = await pair()
    far.write(startupMessage([['user', 'ada']]).subarray(0, 7))
    const limit = new AbortController()
    const opening = new LocalClient(near).opening(limit.signal)
    limit.abort()
    await expect(opening).rejects.toBeInstanceOf(ClientGone)
  })

  it('that goes is given up', async () => {
    const { near, far } = await pair()
    const opening = new LocalClient(near).opening(never)
    far.end()
    await expect(opening).rejects.toBeInstanceOf(ClientGone)
  })
})

describe('the account of a connection', () => {
  const local = addressesOf('127.0.0.1', 40_000)
  const remote = addressesOf('127.0.0.1', 6432)
  const [ours = ''] = local
  const [theirs = ''] = remote
  const line = (state: string, uid: number, inode: string) =>
    `  sl  local_address rem_address   st …\n   0: ${ours} ${theirs} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0\n`

  it('is that of the entry with both addresses', () => {
    expect(findPeer(line('01', 1000, '4711'), local, remote)).toEqual({ uid: 1000, inode: '4711' })
    expect(findPeer(line('01', 1000, '4711'), remote, local)).toBeUndefined()
  })

  it('is found where the client has an IPv6 socket', () => {
    const mapped = line('01', 7, '12')
      .replace(ours, local[1] ?? '')
      .replace(theirs, remote[1] ?? '')
    expect(findPeer(mapped, local, remote)).toEqual({ uid: 7, inode: '12' })
  })

  it('is unknown when nobody owns the socket any more, which the kernel shows as account 0', () => {
    expect(findPeer(line('06', 0, '0'), local, remote)).toBeUndefined()
    expect(findPeer(line('01', 0, '0'), local, remote)).toBeUndefined()
  })
})

describe('the startup message at the gateway', () => {
  const role = { user: 'ada', isFixed: false, database: 'databricks_postgres' }
  const of = (parameters: readonly (readonly [string, string])[]): StartupMessage => {
    const decoded = decodeStartupPacket(startupMessage(parameters))
    if (decoded.outcome !== 'message' || decoded.message.kind !== 'startup_message')
      throw new Error('no message')
    return decoded.message
  }
  const sent = (parameters: readonly (readonly [string, string])[], chosen = role) =>
    Object.fromEntries(
      destinationOf(of(parameters), chosen).parameters.map(({ name, value }) => [name, value.toString()]),
    )

  it('is what the client said', () => {
    const said = { user: 'readers', database: 'sales', application_name: 'x', options: '-c a.b=c' }
    expect(sent(Object.entries(said))).toEqual(said)
  })

  it('names the person’s role and the usual database for a client that names none', () => {
    const usual = { user: 'ada', database: 'databricks_postgres' }
    expect(sent([['user', '']])).toEqual(usual)
    expect(sent([['database', '']])).toEqual(usual)
    expect(
      sent([
        ['user', 'ada'],
        ['database', 'ada'],
      ]),
    ).toEqual(usual)
  })

  it('names the last of several users, as PostgreSQL has it, and only that', () => {
    expect(
      sent([
        ['user', 'first'],
        ['user', 'last'],
      ]),
    ).toMatchObject({ user: 'last' })
  })

  it('has no database for physical replication', () => {
    expect(
      sent([
        ['user', 'ada'],
        ['replication', 'true'],
      ]),
    ).toEqual({ user: 'ada', replication: 'true' })
  })

  it('is refused when a role was chosen and the client names another', () => {
    expect(() => sent([['user', 'eve']], { ...role, isFixed: true })).toThrow('the client asks for "eve"')
    expect(sent([['user', 'ada']], { ...role, isFixed: true })).toMatchObject({ user: 'ada' })
  })
})
