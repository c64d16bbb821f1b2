/**
 * Attack 15 on the leg over TCP, TLS and SCRAM: a server of our own plays an attached cluster that misbehaves. The other
 * way round is tried with real PostgreSQL in test/behaviours/attached-clusters.test.ts.
 */
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ClusterHost } from '../../../src/domain/attached-cluster.ts'
import type { AttachedBackend } from '../../../src/domain/database-instance.ts'
import type { RoleOid } from '../../../src/domain/ids.ts'
import { Redacted } from '../../../src/domain/redacted.ts'
import {
  createAttachedClusters,
  type AttachedClusters,
} from '../../../src/gateway/backend/attached-clusters.ts'
import type { CertificateAuthority } from '../../../src/keys/certificate-authority.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'
import { cstring, int32, startupMessage, typed } from '../../stage/byte-builder.ts'
import { makeAuthority } from '../../stage/foreign-cluster.ts'
import { instanceRow } from '../../operations/instance-world.ts'

const KEY = {
  salt: Buffer.alloc(16, 7),
  iterations: 4096,
  clientKey: Buffer.alloc(32, 1),
  serverKey: Buffer.alloc(32, 2),
}
const OK = typed('R', int32(0))
const READY = typed('Z', Buffer.from('I'))
const SASL = (...names: string[]) =>
  typed('R', Buffer.concat([int32(10), ...names.map(cstring), Buffer.of(0)]))
const parameter = (name: string, value: string) => typed('S', Buffer.concat([cstring(name), cstring(value)]))

let authority: CertificateAuthority
const servers: Server[] = []
beforeAll(async () => {
  authority = await makeAuthority()
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Messages of the gateway, one after another, without their frames. */
type Conversation = (
  say: (...bytes: Buffer[]) => void,
  receive: () => Promise<Buffer>,
) => Promise<void> | void

async function listen(
  serve: (socket: Socket) => void,
  options: { readonly allowHalfOpen?: boolean } = {},
): Promise<ClusterHost> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { host: '127.0.0.1', port: address.port }
}

/** Answers SSLRequest with these bytes and says nothing more. */
const answering = (bytes: Buffer): Promise<ClusterHost> =>
  listen((socket) => {
    socket.once('data', () => socket.end(bytes))
  })

async function overTls(talk: Conversation, name = '127.0.0.1', signedBy = authority): Promise<ClusterHost> {
  const { certificateChainPem, privateKeyPem } = await signedBy.certificateFor(name)
  const secureContext = createSecureContext({ cert: certificateChainPem, key: privateKeyPem.reveal() })
  return listen((socket) => {
    socket.once('data', () => {
      socket.write('S')
      const encrypted = new TLSSocket(socket, { isServer: true, secureContext })
      encrypted.on('error', () => undefined)
      const receive = async () => ((await once(encrypted, 'data')) as [Buffer])[0]
      void (async () => {
        await receive()
        await talk((...bytes) => encrypted.write(Buffer.concat(bytes)), receive)
      })().catch(() => encrypted.destroy())
    })
  })
}

async function open(hosts: ClusterHost[], clusters: AttachedClusters = scram()): Promise<Buffer> {
  const backend: AttachedBackend = {
    kind: 'attached',
    bindings: 'system_database',
    cluster: {
      hosts,
      database: 'd',
      tls: { mode: 'verify-full', caPem: authority.certificatePem() },
      administrator: 'a',
      backendAuthentication: 'scram',
      existingPasswords: 'refuse',
    },
  }
  const answer = await clusters.open(
    { instance: instanceRow({ backend }), roleName: 'ada', roleOid: '16384' as RoleOid },
    backend,
    { packet: startupMessage([['user', 'ada']]), claims: undefined },
    new AbortController().signal,
  )
  if (answer.kind === 'refused') throw new Error('refused by the cluster')
  answer.session.socket.destroy()
  return answer.session.greeting
}

const scram = (): AttachedClusters =>
  createAttachedClusters({ credentialFor: () => Promise.resolve({ kind: 'scram', key: new Redacted(KEY) }) })

async function refusalOf(host: ClusterHost): Promise<string> {
  try {
    await open([host])
  } catch (error) {
    if (error instanceof RefusedError && error.refusal.name === 'facts_unavailable')
      return `${JSON.stringify(error.refusal)} ${error.cause instanceof Error ? error.cause.message : ''}`
    throw error
  }
  throw new Error('the backend was taken')
}

/** The server's side of RFC 5802, by the book; `change` makes it a liar. */
const honest =
  (
    change: {
      readonly first?: (message: string) => string
      readonly final?: (message: string) => string
      readonly mechanisms?: string[]
      readonly greeting?: Buffer[]
    } = {},
  ): Conversation =>
  async (say, receive) => {
    say(SASL(...(change.mechanisms ?? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'])))
    const initial = (await receive()).toString('latin1')
    const clientFirst = /n=,r=.*$/s.exec(initial)?.[0] ?? ''
    const nonce = clientFirst.slice('n=,r='.length)
    const byTheBook = `r=${nonce}server,s=${KEY.salt.toString('base64')},i=4096`
    const first = change.first?.(byTheBook) ?? byTheBook
    say(typed('R', Buffer.concat([int32(11), Buffer.from(first)])))
    const response = (await receive()).subarray(5).toString('latin1')
    const withoutProof = response.slice(0, response.lastIndexOf(',p='))
    const signed = `${clientFirst},${first},${withoutProof}`
    const storedKey = createHash('sha256').update(KEY.clientKey).digest()
    const signature = createHmac('sha256', storedKey).update(signed).digest()
    const proof = Buffer.from(response.slice(response.lastIndexOf(',p=') + 3), 'base64')
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)))
    if (!clientKey.equals(KEY.clientKey)) throw new Error('the proof of the gateway is wrong')
    const final = `v=${createHmac('sha256', KEY.serverKey).update(signed).digest('base64')}`
    say(
      typed('R', Buffer.concat([int32(12), Buffer.from(change.final?.(final) ?? final)])),
      OK,
      ...(change.greeting ?? [READY]),
    )
  }

describe('an attached cluster', () => {
  it.each([[['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']], [['SCRAM-SHA-256']]])(
    'that proves itself by %j is taken',
    async (mechanisms) => {
      await expect(open([await overTls(honest({ mechanisms }))])).resolves.toEqual(Buffer.concat([OK, READY]))
    },
  )

  it.each([
    ['refuses TLS', Buffer.from('N'), 'refuses TLS'],
    ['says more behind its S (CVE-2021-23222)', Buffer.from('SR'), 'out of turn'],
    ['answers the request for TLS with an error', typed('E', Buffer.from('SFATAL\0\0')), 'out of turn'],
    ['closes at once', Buffer.alloc(0), 'closes'],
  ])('that %s hears nothing of the session', async (_what, bytes, words) => {
    await expect(refusalOf(await answering(bytes))).resolves.toContain(words)
  })

  it('with the certificate of another authority, or of another host, is a stranger', async () => {
    const stranger = await overTls(honest(), '127.0.0.1', await makeAuthority())
    await expect(refusalOf(stranger)).resolves.toContain('certificate')
    await expect(refusalOf(await overTls(honest(), 'db.example.com'))).resolves.toContain('altnames')
  })

  it.each([
    ['a nonce that is not ours continued', (m: string) => m.replace(/^r=./, 'r=!')],
    ['our nonce with nothing added', (m: string) => m.replace('server,', ',')],
    ['another salt', (m: string) => m.replace(/s=[^,]+/, `s=${Buffer.alloc(16).toString('base64')}`)],
    ['four billion iterations', (m: string) => m.replace('i=4096', 'i=4000000000')],
    ['one iteration', (m: string) => m.replace('i=4096', 'i=1')],
    ['an extension', (m: string) => `m=x,${m}`],
    ['a message without an end', (m: string) => m + 'x'.repeat(20_000)],
    ['nothing', () => ''],
  ])('that answers SCRAM with %s gets no proof', async (_what, first) => {
    await expect(refusalOf(await overTls(honest({ first })))).resolves.toContain('does not have the key')
  })

  it.each([
    ['the signature of another', () => `v=${Buffer.alloc(32).toString('base64')}`],
    ['an error', () => 'e=other-error'],
    ['nothing', () => ''],
  ])('that ends SCRAM with %s is not used', async (_what, final) => {
    await expect(refusalOf(await overTls(honest({ final })))).resolves.toContain('does not prove')
  })

  it.each([
    ['lets everybody in', [OK, READY], 'without asking for a proof'],
    ['asks for the password in clear', [typed('R', int32(3))], 'another proof'],
    ['asks for MD5', [typed('R', Buffer.concat([int32(5), Buffer.alloc(4)]))], 'another proof'],
    ['asks for GSSAPI', [typed('R', int32(7))], 'another proof'],
    ['offers SCRAM of another kind', [SASL('SCRAM-SHA-1')], 'no SCRAM-SHA-256'],
    [
      'lists mechanisms without an end',
      [typed('R', Buffer.concat([int32(10), Buffer.from('S')]))],
      'no SCRAM',
    ],
    ['ends the exchange before it began', [typed('R', int32(12))], 'another proof'],
    ['claims two gigabytes', [typed('R', Buffer.alloc(0), 2 ** 31 - 1)], 'out of turn'],
    ['sends a row before it admits', [typed('D', Buffer.of(0, 0))], 'out of turn'],
    ['speaks another protocol', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], 'out of turn'],
  ])('that %s is not used, and gets no secret', async (_what, messages, words) => {
    await expect(
      refusalOf(
        await overTls((say) => {
          say(...messages)
        }),
      ),
    ).resolves.toContain(words)
  })

  it('that never stops greeting is given up', async () => {
    const greeting = Array.from({ length: 300 }, (_, index) =>
      parameter(`p${String(index)}`, 'x'.repeat(1000)),
    )
    await expect(refusalOf(await overTls(honest({ greeting })))).resolves.toContain('out of turn')
  })

  it('is asked host by host: a standby and a server that goes down are passed over, and the primary is remembered', async () => {
    let asked = 0
    const standby = await overTls((say, receive) => {
      asked += 1
      return honest({ greeting: [parameter('in_hot_standby', 'on'), READY] })(say, receive)
    })
    const down = await overTls((say) => {
      say(typed('E', Buffer.from('SFATAL\0C57P03\0Mthe database system is shutting down\0\0')))
    })
    const primary = await overTls(honest({ greeting: [parameter('in_hot_standby', 'off'), READY] }))
    const clusters = scram()
    await open([standby, down, primary], clusters)
    await open([standby, down, primary], clusters)
    expect(asked).toBe(1)
  })

  it('that refuses the gateway is no fault of the token', async () => {
    const host = await overTls((say) => {
      say(typed('E', Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0')))
    })
    await expect(refusalOf(host)).resolves.toContain('does not let the gateway in')
  })
})

describe('a cancel request', () => {
  it('to a host that does not close keeps no connection', async () => {
    const { certificateChainPem, privateKeyPem } = await authority.certificateFor('127.0.0.1')
    const secureContext = createSecureContext({ cert: certificateChainPem, key: privateKeyPem.reveal() })
    let isOver = false
    let server: TLSSocket | undefined
    const host = await listen(
      (socket) => {
        socket.on('close', () => (isOver = true))
        socket.once('data', () => {
          socket.write('S')
          server = new TLSSocket(socket, { isServer: true, secureContext })
          server.on('error', () => undefined).resume()
        })
      },
      // The end of the request does not end this side.
      { allowHalfOpen: true },
    )
    const cluster: AttachedBackend['cluster'] = {
      hosts: [host],
      database: 'd',
      tls: { mode: 'verify-full', caPem: authority.certificatePem() },
      administrator: 'a',
      backendAuthentication: 'scram',
      existingPasswords: 'refuse',
    }
    await scram().cancel(
      instanceRow({}).uid,
      { kind: 'attached', bindings: 'system_database', cluster },
      { kind: 'cancel_request', processId: 1, key: Buffer.alloc(4) },
      AbortSignal.timeout(200),
    )
    // What is sent to a connection that is closed is answered by a reset.
    await vi.waitFor(() => {
      server?.write('still here')
      expect(isOver).toBe(true)
    })
  })
})
