/** What is asked of an instance while backends of its pools are idle, and what follows from the answer. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DatabaseInstance } from '../../../src/domain/database-instance.ts'
import type { DatabaseOid, InstanceUid, RoleOid } from '../../../src/domain/ids.ts'
import { makeWay, type WayMaker } from '../../../src/gateway/pooled/make-way.ts'
import type { Pool } from '../../../src/gateway/pooled/pool.ts'
import type { IdleBackendFacts } from '../../../src/operations/ports/claimed-databases.ts'
import { instanceRow } from '../../operations/instance-world.ts'

const database = '16384' as DatabaseOid
const role = '16385' as RoleOid
const NOTHING: IdleBackendFacts = {
  claimed: new Set(),
  templates: new Set(),
  limitedDatabases: new Set(),
  limitedRoles: new Set(),
}

const instance: DatabaseInstance = instanceRow({ uid: crypto.randomUUID() as InstanceUid })
let facts: IdleBackendFacts
let asked: unknown[]
let done: string[]
let wayMaker: WayMaker | undefined

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  facts = NOTHING
  asked = []
  done = []
})
afterEach(() => {
  wayMaker?.stop()
  vi.useRealTimers()
})

/** Looks once, at these pools. */
async function look(...idleBackends: readonly number[]): Promise<void> {
  const pools = idleBackends.map((idle) => ({
    idleBackends: idle,
    place: { roleOid: role, databaseOid: database },
    makeWay: () => done.push('makes way'),
    keepSpare: (spare: string) => done.push(`keeps spare: ${spare}`),
  }))
  wayMaker = makeWay({
    list: () => [{ instance, pools: pools as unknown as readonly Pool[] }],
    claimed: {
      loadIdleBackendFacts(_instance, of) {
        asked.push(of)
        return Promise.resolve(facts)
      },
    },
    log: { warn: () => undefined, error: () => undefined } as never,
  })
  await vi.advanceTimersByTimeAsync(500)
}

describe('while no backend is idle', () => {
  it('nothing is asked', async () => {
    await look(0, 0)
    expect(asked).toEqual([])
  })
})

describe('while backends are idle', () => {
  it('one question is asked for all pools, and names each role and database once', async () => {
    await look(2, 0, 1)
    expect(asked).toEqual([{ roles: [role], databases: [database] }])
    expect(done).toEqual(['keeps spare: any', 'keeps spare: any'])
  })

  it.each<[string, Partial<IdleBackendFacts>, string[]]>([
    ['a claimed database', { claimed: new Set([database]) }, ['makes way', 'keeps spare: any']],
    ['a template', { templates: new Set([database]) }, ['keeps spare: none']],
    ['a database with a limit', { limitedDatabases: new Set([database]) }, ['keeps spare: for_sessions']],
    ['a role with a limit', { limitedRoles: new Set([role]) }, ['keeps spare: for_sessions']],
  ])('those of %s go as far as they must', async (_what, found, expected) => {
    facts = { ...NOTHING, ...found }
    await look(1)
    expect(done).toEqual(expected)
  })
})
