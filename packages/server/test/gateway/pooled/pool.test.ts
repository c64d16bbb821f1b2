/** Which backends a pool closes, and when: by age, by the settings they were opened with, and where none may be idle. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PooledBackend, type Tenant } from '../../../src/gateway/pooled/backend.ts'
import { Leftovers } from '../../../src/gateway/pooled/conversation/leftovers.ts'
import { InstanceBackends } from '../../../src/gateway/pooled/instance-backends.ts'
import { PoolCounts } from '../../../src/gateway/pooled/pool-counts.ts'
import type { PoolTerms } from '../../../src/gateway/pooled/pool-terms.ts'
import { Pool } from '../../../src/gateway/pooled/pool.ts'

const HOUR_MS = 3_600_000
const ANY: PoolTerms = { spare: 'any', settingsFingerprint: 'as they were' }
const signal = new AbortController().signal

let server: Server
let sockets: Socket[]
let counts: PoolCounts
/** The clock of the pool, and what it draws. */
let now: number
let drawn: number
let pool: Pool
let onOpening: () => void

beforeEach(async () => {
  server = createServer((far) => sockets.push(far))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  sockets = []
  counts = new PoolCounts()
  now = 0
  drawn = 0
  onOpening = () => undefined
  pool = new Pool(
    {
      async open() {
        onOpening()
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
        sockets.push(socket)
        await once(socket, 'connect')
        return new PooledBackend(socket, Buffer.alloc(0))
      },
      random: () => drawn,
      now: () => now,
    },
    { backendsPerPool: 5, backendsPerInstance: 5, waitMs: 1000, idleMs: 2 * HOUR_MS, lifetimeMs: HOUR_MS },
    new InstanceBackends(5, counts),
  )
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

function newTenant(): Tenant {
  return {
    home: undefined,
    moving: undefined,
    isOver: false,
    leftovers: new Leftovers(),
    hear: () => undefined,
    wasAsked: () => undefined,
    endBecause: (error) => {
      throw error
    },
  }
}
/** A session that joins and has done one transaction. */
async function work(terms = ANY) {
  pool.join(terms)
  const tenant = newTenant()
  const { backend } = await pool.acquire(tenant, signal)
  pool.release(backend)
  return { tenant, backend }
}

describe('a backend of the longest age', () => {
  it('is closed when its session gives it back, not before, and the session goes on with another', async () => {
    const { tenant, backend } = await work()
    now = HOUR_MS - 1
    expect(pool.takeOwn(tenant)).toBe(backend)
    now = HOUR_MS
    expect(counts.closed.outdated).toBe(0)
    pool.release(backend)
    expect(counts.closed.outdated).toBe(1)
    expect(pool.takeOwn(tenant)).toBeUndefined()
    const { backend: next } = await pool.acquire(tenant, signal)
    expect(next).not.toBe(backend)
  })

  it('is closed when it is idle, and given to nobody else meanwhile', async () => {
    await work()
    now = HOUR_MS
    const { backend } = await work()
    expect(counts).toMatchObject({ opened: 2, closed: { outdated: 1 } })
    now += HOUR_MS
    pool.retireIdle()
    expect(counts.closed.outdated).toBe(2)
    expect(pool.takeOwn({ ...newTenant(), home: backend })).toBeUndefined()
  })

  it('goes up to a fifth of that earlier, by chance', async () => {
    drawn = 1
    await work()
    drawn = 0
    await work()
    now = 0.8 * HOUR_MS
    pool.retireIdle()
    expect(counts.closed.outdated).toBe(1)
    expect(pool.idleBackends).toBe(1)
  })
})

describe('other settings of the role or the database', () => {
  const OTHERS: PoolTerms = { ...ANY, settingsFingerprint: 'as they are' }

  it('that a login finds end idle backends at once, and used ones when they come back', async () => {
    await work()
    const { tenant, backend } = await work()
    expect(pool.takeOwn(tenant)).toBe(backend)
    pool.join(OTHERS)
    expect(counts).toMatchObject({ opened: 2, closed: { outdated: 1 } })
    expect(pool.opening).toBeUndefined()
    pool.release(backend)
    expect(counts.closed.outdated).toBe(2)
  })

  it('are not forgotten for a backend that was being opened meanwhile', async () => {
    const begins = new Promise<void>((resolve) => (onOpening = resolve))
    pool.join(ANY)
    const opening = pool.acquire(newTenant(), signal)
    await begins
    pool.join(OTHERS)
    const { backend } = await opening
    expect(pool.opening).toBeUndefined()
    pool.release(backend)
    expect(counts.closed.outdated).toBe(1)
  })
})

describe('a pool of a database that others copy', () => {
  it('keeps no idle backend', async () => {
    await work({ ...ANY, spare: 'none' })
    expect(pool.idleBackends).toBe(0)
    expect(counts).toMatchObject({ opened: 1, closed: { unused: 1 } })
  })
})

describe('a pool under a CONNECTION LIMIT', () => {
  it('has no more backends than sessions', async () => {
    const terms: PoolTerms = { ...ANY, spare: 'for_sessions' }
    const one = await work(terms)
    const other = await work(terms)
    expect(pool.idleBackends).toBe(2)
    pool.leave(one.tenant)
    expect(pool.idleBackends).toBe(1)
    pool.leave(other.tenant)
    expect(pool.isUnused).toBe(true)
  })
})

describe('who wants the database alone', () => {
  it('finds no idle backend in it, and those in use as they were', async () => {
    const { tenant, backend } = await work()
    await work()
    expect(pool.takeOwn(tenant)).toBe(backend)
    pool.makeWay()
    expect(pool.idleBackends).toBe(0)
    expect(counts.closed.yielded).toBe(1)
    pool.release(backend)
    expect(pool.takeOwn(tenant)).toBe(backend)
  })
})
