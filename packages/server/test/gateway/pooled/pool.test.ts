/** Which backends a pool closes, and when: by age, by the settings they were opened with, and where none may be idle. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DatabaseOid, RoleOid } from '../../../src/domain/ids.ts'
import { BackendRefused } from '../../../src/gateway/pooled/backend-ends.ts'
import { PooledBackend, type Tenant } from '../../../src/gateway/pooled/backend.ts'
import { Leftovers } from '../../../src/gateway/pooled/conversation/leftovers.ts'
import { InstanceBackends } from '../../../src/gateway/pooled/instance-backends.ts'
import { PoolCounts } from '../../../src/gateway/pooled/pool-counts.ts'
import type { PlaceOfPool, PoolTerms } from '../../../src/gateway/pooled/pool-terms.ts'
import { Pool } from '../../../src/gateway/pooled/pool.ts'
import { waitFor } from '../../stage/wait-for.ts'

const HOUR_MS = 3_600_000
const ANY: PoolTerms = { spare: 'any', settingsFingerprint: 'as they were' }
const PLACE = { roleOid: '16385' as RoleOid, databaseOid: '16384' as DatabaseOid }
const TOO_MANY = Buffer.from('SFATAL\0C53300\0Mtoo many connections\0\0')
const signal = new AbortController().signal

let server: Server
let sockets: Socket[]
let counts: PoolCounts
/** The clock of the pool, and what it draws. */
let now: number
let drawn: number
let instance: InstanceBackends
let pool: Pool
let onOpening: () => void
/** What a new backend says of the settings that it was opened with. */
let openedWith: string | undefined

beforeEach(async () => {
  server = createServer((far) => sockets.push(far))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  sockets = []
  counts = new PoolCounts()
  now = 0
  drawn = 0
  onOpening = () => undefined
  openedWith = undefined
  instance = new InstanceBackends(5, counts)
  pool = newPool()
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

function newPool(place: PlaceOfPool = PLACE): Pool {
  const made = new Pool(
    place,
    {
      async open() {
        onOpening()
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
        sockets.push(socket)
        await once(socket, 'connect')
        const backend = new PooledBackend(socket, Buffer.alloc(0))
        backend.openedWith = openedWith
        return backend
      },
      random: () => drawn,
      now: () => now,
    },
    { backendsPerPool: 5, backendsPerInstance: 5, waitMs: 5000, idleMs: 2 * HOUR_MS, lifetimeMs: HOUR_MS },
    instance,
  )
  instance.pools.set(String(instance.pools.size), made)
  return made
}

function newTenant(): Tenant {
  return {
    home: undefined,
    moving: undefined,
    isOver: false,
    leftovers: new Leftovers(),
    receive: () => true,
    wasAsked: () => undefined,
    endBecause: (error) => {
      throw error
    },
  }
}
/** A session that joins and has done one transaction. */
async function work(terms = ANY, of = pool) {
  of.join(terms)
  const tenant = newTenant()
  const { backend } = await of.acquire(tenant, signal)
  of.release(backend)
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

describe('settings that are changed, and changed back before the next login,', () => {
  it('end the backend that was opened meanwhile', async () => {
    openedWith = 'changed'
    await work()
    const { tenant, backend } = await work()
    expect(counts).toMatchObject({ opened: 2, closed: { outdated: 2 } })
    expect(pool.takeOwn(tenant)).toBeUndefined()
    expect(pool.opening).toBeUndefined()
    openedWith = ANY.settingsFingerprint
    const { backend: next } = await pool.acquire(tenant, signal)
    expect(next).not.toBe(backend)
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

describe('a CONNECTION LIMIT that comes behind the last login', () => {
  it('ends idle backends beyond the sessions', async () => {
    pool.join(ANY)
    const acquired = await Promise.all([pool.acquire(undefined, signal), pool.acquire(undefined, signal)])
    for (const { backend } of acquired) pool.putBack(backend)
    expect(pool.idleBackends).toBe(2)
    pool.keepSpare('for_sessions')
    expect(pool.idleBackends).toBe(1)
  })
})

describe('where PostgreSQL has no place for another backend', () => {
  /** As many as it counts; a process that ends is counted until then. */
  function limitTo(most: number): void {
    let connected = 0
    server.on('connection', (far) => {
      const end = () => {
        connected -= 1
        far.end()
      }
      far.once('data', () => setImmediate(end))
    })
    onOpening = () => {
      if (connected >= most) throw new BackendRefused(TOO_MANY)
      connected += 1
    }
  }

  it.each([
    ['role', { ...PLACE, databaseOid: '5' as DatabaseOid }],
    ['database', { ...PLACE, roleOid: '10' as RoleOid }],
  ])('an idle one of the same %s in another pool gives its place', async (_what, place) => {
    limitTo(1)
    await work()
    await work(ANY, newPool(place))
    expect(counts).toMatchObject({ opened: 2, closed: { yielded: 1 } })
  })

  it('an idle one of neither does not, and the refusal is PostgreSQL’s', async () => {
    limitTo(1)
    await work()
    const stranger = newPool({ roleOid: '10' as RoleOid, databaseOid: '5' as DatabaseOid })
    await expect(work(ANY, stranger)).rejects.toBeInstanceOf(BackendRefused)
    expect(pool.idleBackends).toBe(1)
  })

  it('two that open at the same time do not wait for one another', async () => {
    limitTo(0)
    const both = await Promise.allSettled([
      pool.acquire(newTenant(), signal),
      pool.acquire(newTenant(), signal),
    ])
    for (const one of both) expect(one).toMatchObject({ reason: expect.any(BackendRefused) as unknown })
  })

  it('who waits for another backend of the pool is served when there is a place, and not only when that comes back', async () => {
    limitTo(1)
    const { backend: used } = await pool.acquire(newTenant(), signal)
    const waiting = pool.acquire(newTenant(), signal)
    await waitFor('the one that waits', () => pool.waiting === 1)
    limitTo(1)
    now += 2_000
    expect((await waiting).backend).not.toBe(used)
  })

  it('one that was closed for its age is waited for', async () => {
    limitTo(1)
    const { tenant, backend } = await work()
    expect(pool.takeOwn(tenant)).toBe(backend)
    now = HOUR_MS
    pool.release(backend)
    expect((await pool.acquire(tenant, signal)).isOwn).toBe(false)
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
