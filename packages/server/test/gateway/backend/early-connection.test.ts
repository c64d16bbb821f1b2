/** The connection that a login begins before its verdict, to a socket that plays PostgreSQL. */
import { createServer, type Server, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backendSocketPath } from '../../../src/gateway/backend/backend-socket.ts'
import { EarlyConnection } from '../../../src/gateway/backend/early-connection.ts'

interface Accepted {
  readonly socket: Socket
  bytes: number
  isOver: boolean
}

let directory: string
let server: Server
let accepted: Accepted[]

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-early-'))
  accepted = []
  server = await listen()
})
afterEach(async () => {
  for (const { socket } of accepted) socket.destroy()
  server.close()
  await rm(directory, { recursive: true, force: true })
})

async function listen(): Promise<Server> {
  const made = createServer((socket) => {
    const one: Accepted = { socket, bytes: 0, isOver: false }
    accepted.push(one)
    socket.on('data', (chunk) => (one.bytes += chunk.length))
    socket.on('close', () => (one.isOver = true))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => {
    made.listen(backendSocketPath(directory), resolve)
  })
  return made
}

const { signal } = new AbortController()
const begin = (socketDirectory: string | undefined = directory): EarlyConnection => {
  const early = new EarlyConnection()
  early.begin({ kind: 'embedded', socketDirectory }, signal)
  return early
}
const whenAccepted = (count: number) => vi.waitFor(() => expect(accepted).toHaveLength(count))

describe('an early connection', () => {
  it('is there before the verdict, and is the one that the login takes', async () => {
    const early = begin()
    await whenAccepted(1)
    const stream = await early.take(backendSocketPath(directory), signal)
    stream.write(Buffer.from('startup'))
    await vi.waitFor(() => expect(accepted[0]?.bytes).toBe(7))
    early.close()
    expect(accepted).toHaveLength(1)
    expect(accepted[0]?.isOver).toBe(false)
    stream.destroy()
  })

  it('is closed without a byte when the login is refused', async () => {
    const early = begin()
    early.close()
    await whenAccepted(1)
    await vi.waitFor(() => expect(accepted[0]).toMatchObject({ isOver: true, bytes: 0 }))
  })

  it('gives way to a new one when the instance is somewhere else now', async () => {
    const elsewhere = path.join(directory, 'elsewhere')
    const early = begin(elsewhere)
    const stream = await early.take(backendSocketPath(directory), signal)
    await whenAccepted(1)
    stream.destroy()
    early.close()
  })

  it('gives way to a new one when PostgreSQL has closed it in the meantime', async () => {
    const early = begin()
    await whenAccepted(1)
    accepted[0]?.socket.destroy()
    await vi.waitFor(() => expect(accepted[0]?.isOver).toBe(true))
    const stream = await early.take(backendSocketPath(directory), signal)
    await whenAccepted(2)
    stream.write(Buffer.from('startup'))
    await vi.waitFor(() => expect(accepted[1]?.bytes).toBe(7))
    stream.destroy()
  })

  it('is a new one for an instance that has no socket yet', async () => {
    const early = new EarlyConnection()
    early.begin({ kind: 'embedded', socketDirectory: undefined }, signal)
    const stream = await early.take(backendSocketPath(directory), signal)
    await whenAccepted(1)
    stream.destroy()
  })

  it('fails as a new one would when nothing listens', async () => {
    const nowhere = path.join(directory, 'nowhere')
    await expect(begin(nowhere).take(backendSocketPath(nowhere), signal)).rejects.toThrow()
  })
})
