/** The fuzzer finds what it looks for: listeners that are wrong on purpose. The real one: `npm run fuzz`. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { typed } from '../stage/byte-builder.ts'
import { composeConversation } from './conversation.ts'
import { fuzz } from './fuzz.ts'
import { randomFrom } from './random.ts'

const AUTHENTICATION_OK = typed('R', Buffer.alloc(4))
const READY = typed('Z', Buffer.from('I'))
const LOGIN = {
  user: 'ada',
  database: 'db',
  token: `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from('{"sub":"7"}').toString('base64url')}.c2lnbmF0dXJl`,
  otherRoles: ['postgres'] as const,
}

let server: Server | undefined
const open = new Set<Socket>()
afterEach(() => {
  for (const socket of open) socket.destroy()
  server?.close()
})

async function fuzzAgainst(answer: (socket: Socket) => void, patienceMs = 3_000) {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('end', () => socket.end())
    socket.once('data', () => {
      answer(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const report = await fuzz({
    address: { host: '127.0.0.1', port },
    login: async () => LOGIN,
    seed: 1,
    milliseconds: 1,
    parallel: 64,
    patienceMs,
    afterBatch: async () => undefined,
  })
  return new Set(report.findings.map(({ what }) => what))
}

describe('the fuzzer', () => {
  it('finds a listener that admits whoever comes', async () => {
    const found = await fuzzAgainst((socket) => socket.end(Buffer.concat([AUTHENTICATION_OK, READY])))
    expect(found).toContain('admitted without proof')
  })

  it('finds a listener that holds a connection for ever', async () => {
    const found = await fuzzAgainst(() => undefined, 200)
    expect(found).toEqual(new Set(['hang']))
  })

  it('finds a listener that fails by its own fault', async () => {
    const found = await fuzzAgainst((socket) =>
      socket.end(typed('E', Buffer.from('SFATAL\0VFATAL\0CXX000\0Moops\0\0'))),
    )
    expect(found).toContain('internal error')
  })

  it('holds the same conversation again for the same seed, and knows which have a proof in them', () => {
    const conversations = Array.from({ length: 200 }, (_, seed) =>
      composeConversation(randomFrom(seed), LOGIN),
    )
    expect(conversations[17]).toEqual(composeConversation(randomFrom(17), LOGIN))
    const withProof = conversations.filter(({ hasProof }) => hasProof).length
    expect(withProof).toBeGreaterThan(20)
    expect(withProof).toBeLessThan(100)
  })
})
