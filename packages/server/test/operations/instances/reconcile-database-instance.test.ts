/** An instance comes to what is wanted of it from any point at which the work was cut off (behaviour 63). */
import { describe, expect, it } from 'vitest'
import {
  effectiveCapacity,
  effectiveStopped,
  type DatabaseInstance,
  type InstanceState,
} from '../../../src/domain/database-instance.ts'
import { Fault } from '../../../src/domain/fault.ts'
import { reconcileDatabaseInstance } from '../../../src/operations/instances/reconcile-database-instance.ts'
import { NO_SETTINGS } from '../../../src/policy/instance-settings.ts'
import { ALICE, INSTANCE_UID, NOW } from '../../policy/facts.ts'
import {
  createWorld,
  endPostmaster,
  instanceRow,
  placeInstance,
  portsOf,
  type Intervene,
  type World,
} from '../instance-world.ts'

const STOPPED = { ...NO_SETTINGS, stopped: true }
const BIGGER = { ...NO_SETTINGS, capacity: 'CU_8' as const }

/** One process works until nothing is due, as the supervisor does. */
async function workUntilSettled(world: World, intervene?: Intervene): Promise<void> {
  const ports = portsOf(world, intervene)
  for (let steps = 0; steps < 20; steps += 1) {
    const { outcome } = await reconcileDatabaseInstance(ports, { uid: INSTANCE_UID, adopted: false })
    expectTruth(world)
    if (outcome !== 'superseded') return
  }
  throw new Error('twenty steps settled nothing')
}

const rowOf = (world: World): DatabaseInstance => {
  const row = world.rows.get(INSTANCE_UID)
  if (row === undefined) throw new Error('the row is gone')
  return row
}
const clusterOf = (world: World) => world.clusters.get(INSTANCE_UID)
const runningCapacity = (world: World) => clusterOf(world)?.capacity
const setRow = (world: World, change: Partial<DatabaseInstance>) =>
  world.rows.set(INSTANCE_UID, { ...rowOf(world), ...change })

/** The states as they really are: what is stored as settled is settled. */
function expectTruth(world: World): void {
  const row = world.rows.get(INSTANCE_UID)
  const cluster = clusterOf(world)
  switch (row?.state) {
    case 'AVAILABLE':
      expect(cluster).toMatchObject({
        isRunning: true,
        isPrepared: true,
        capacity: effectiveCapacity(row.settings),
      })
      expect(row).toMatchObject({ pgMajorVersion: 18, fault: undefined })
      break
    case 'STOPPED':
      expect(cluster?.isRunning ?? false).toBe(false)
      break
    case undefined:
      expect(cluster).toBeUndefined()
      break
    default:
  }
}

interface Journey {
  readonly name: string
  readonly begin: () => World
  readonly end: InstanceState | 'gone'
}

const placed = (change: Partial<DatabaseInstance>, later: Partial<DatabaseInstance>) => () => {
  const world = createWorld()
  placeInstance(world, change)
  setRow(world, later)
  return world
}
const unmade = (change: Partial<DatabaseInstance>) => () => {
  const world = createWorld()
  world.rows.set(INSTANCE_UID, instanceRow(change))
  return world
}

const JOURNEYS: readonly Journey[] = [
  { name: 'made', begin: unmade({}), end: 'AVAILABLE' },
  { name: 'made as stopped', begin: unmade({ settings: STOPPED }), end: 'STOPPED' },
  {
    name: 'stopped before it was made',
    begin: unmade({ settings: STOPPED, state: 'UPDATING' }),
    end: 'STOPPED',
  },
  { name: 'deleted before it was made', begin: unmade({ state: 'DELETING' }), end: 'gone' },
  { name: 'stopped', begin: placed({}, { settings: STOPPED, state: 'UPDATING' }), end: 'STOPPED' },
  {
    name: 'started',
    begin: placed({ settings: STOPPED, state: 'STOPPED' }, { settings: NO_SETTINGS, state: 'STARTING' }),
    end: 'AVAILABLE',
  },
  {
    name: 'given another capacity',
    begin: placed({}, { settings: BIGGER, state: 'UPDATING' }),
    end: 'AVAILABLE',
  },
  { name: 'deleted while it runs', begin: placed({}, { state: 'DELETING' }), end: 'gone' },
  {
    name: 'deleted while it is stopped',
    begin: placed({ settings: STOPPED, state: 'STOPPED' }, { state: 'DELETING' }),
    end: 'gone',
  },
  {
    name: 'restarted after its postmaster died',
    begin: () => {
      const world = placed({}, {})()
      const cluster = clusterOf(world)
      if (cluster !== undefined) endPostmaster(cluster)
      return world
    },
    end: 'AVAILABLE',
  },
]

const stateOf = (world: World) => world.rows.get(INSTANCE_UID)?.state ?? 'gone'

describe.each(JOURNEYS)('an instance that is $name', ({ begin, end }) => {
  it(`ends ${end}, with a cluster that fits`, async () => {
    const world = begin()
    await workUntilSettled(world)
    expect(stateOf(world)).toBe(end)
    expectTruth(world)
  })

  it('needs nothing more once it is settled', async () => {
    const world = begin()
    await workUntilSettled(world)
    const before = structuredClone({ rows: world.rows, starts: clusterOf(world)?.starts })
    await reconcileDatabaseInstance(portsOf(world), { uid: INSTANCE_UID, adopted: true })
    expect({ rows: world.rows, starts: clusterOf(world)?.starts }).toEqual(before)
  })

  it.each(['before', 'after'] as const)(
    'ends so too when the process is killed right %s any of its calls',
    async (moment) => {
      for (let deadly = 1; ; deadly += 1) {
        const world = begin()
        const wasKilled = await runAndKillAt(world, deadly, moment)
        expectTruthUnlessDead(world)
        await workUntilSettled(world)
        expect(stateOf(world), `killed ${moment} call ${String(deadly)}`).toBe(end)
        expectTruth(world)
        if (!wasKilled) return
      }
    },
  )

  it('ends as it is wanted last, whenever somebody changes his mind meanwhile', async () => {
    const minds: readonly (readonly [Partial<DatabaseInstance>, InstanceState | 'gone'])[] = [
      [{ settings: BIGGER, state: 'UPDATING' }, 'AVAILABLE'],
      [{ settings: STOPPED, state: 'UPDATING' }, 'STOPPED'],
      [{ state: 'DELETING' }, 'gone'],
    ]
    for (const [mind, wanted] of minds) {
      for (let at = 1; ; at += 1) {
        const world = begin()
        const changes: number[] = []
        await workUntilSettled(world, ({ number, moment }) => {
          const row = world.rows.get(INSTANCE_UID)
          if (number !== at || moment !== 'before' || row === undefined || row.state === 'DELETING') return
          changes.push(number)
          world.rows.set(INSTANCE_UID, { ...row, ...mind })
        })
        if (changes.length === 0) break
        await workUntilSettled(world)
        expect(stateOf(world), `changed before call ${String(at)}`).toBe(wanted)
        expectTruth(world)
      }
    }
  })
})

class Killed extends Error {}

/** From the deadly call on, nothing that the process does has any effect. */
async function runAndKillAt(world: World, deadly: number, moment: 'before' | 'after'): Promise<boolean> {
  let isDead = false
  try {
    await workUntilSettledWithoutChecks(world, (call) => {
      if (isDead || (call.number === deadly && call.moment === moment)) {
        isDead = true
        throw new Killed()
      }
    })
  } catch (error) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : error
    if (!(first instanceof Killed)) throw error
  }
  return isDead
}

async function workUntilSettledWithoutChecks(world: World, intervene: Intervene): Promise<void> {
  const ports = portsOf(world, intervene)
  for (;;) {
    const { outcome } = await reconcileDatabaseInstance(ports, { uid: INSTANCE_UID, adopted: false })
    if (outcome !== 'superseded') return
  }
}

/** AVAILABLE may be stale only while nobody has looked yet that the postmaster died. */
function expectTruthUnlessDead(world: World): void {
  if (clusterOf(world)?.isRunning === false && stateOf(world) === 'AVAILABLE') return
  expectTruth(world)
}

describe('preparing an instance', () => {
  it('happens for its owner', async () => {
    const world = unmade({})()
    await workUntilSettled(world)
    expect(clusterOf(world)?.ownerRoleOf).toBe(ALICE.name)
  })

  it('leaves the role of an owner alone who was deleted meanwhile', async () => {
    const world = unmade({})()
    world.owner = undefined
    await workUntilSettled(world)
    expect(clusterOf(world)).toMatchObject({ isPrepared: true, ownerRoleOf: undefined })
    expect(stateOf(world)).toBe('AVAILABLE')
  })

  it('happens again to a cluster that this process sees first, and then no more', async () => {
    const world = placed({}, {})()
    const calls: string[] = []
    const ports = portsOf(world, ({ name, moment }) => {
      if (moment === 'before') calls.push(name)
    })
    expect(await reconcileDatabaseInstance(ports, { uid: INSTANCE_UID, adopted: false })).toMatchObject({
      outcome: 'started',
    })
    expect(calls).toContain('prepare')
    calls.length = 0
    expect(await reconcileDatabaseInstance(ports, { uid: INSTANCE_UID, adopted: true })).toMatchObject({
      outcome: 'running',
    })
    expect(calls).toEqual(['loadInstance', 'isRunning'])
  })

  it('adopts a cluster that survived without taking it from its users', async () => {
    const world = placed({}, {})()
    await workUntilSettled(world)
    expect(clusterOf(world)?.starts).toBe(0)
  })
})

describe('a capacity that was changed', () => {
  it('is what the postmaster runs with when the instance is AVAILABLE again', async () => {
    const world = placed({}, { settings: BIGGER, state: 'UPDATING' })()
    expect(runningCapacity(world)).toBe('CU_2')
    await workUntilSettled(world)
    expect(runningCapacity(world)).toBe('CU_8')
    expect(clusterOf(world)?.starts).toBe(1)
  })
})

describe('a fault of an instance', () => {
  const diskFull = () =>
    new Fault({
      code: 'disk_full',
      origin: 'machine',
      message: 'No space left on device.',
      nextStep: 'Free some space.',
    })
  const failingAt =
    (name: string, error: () => Error): Intervene =>
    (call) => {
      if (call.name === name && call.moment === 'before') throw error()
    }
  const reconcile = async (world: World, intervene?: Intervene) =>
    reconcileDatabaseInstance(portsOf(world, intervene), { uid: INSTANCE_UID, adopted: false })

  it('is told to its users, with what to do next, and does not pretend any other state', async () => {
    const world = unmade({})()
    await expect(reconcile(world, failingAt('start', diskFull))).rejects.toMatchObject({ code: 'disk_full' })
    expect(rowOf(world)).toMatchObject({
      state: 'STARTING',
      fault: {
        code: 'disk_full',
        message: 'No space left on device.',
        nextStep: 'Free some space.',
        since: NOW,
      },
    })
  })

  it('keeps the moment at which it began', async () => {
    const world = unmade({})()
    await expect(reconcile(world, failingAt('start', diskFull))).rejects.toThrow()
    world.now = new Date(NOW.getTime() + 60_000)
    await expect(reconcile(world, failingAt('start', diskFull))).rejects.toThrow()
    expect(rowOf(world).fault?.since).toEqual(NOW)
  })

  it('goes when the work succeeds', async () => {
    const world = unmade({})()
    await expect(reconcile(world, failingAt('prepare', diskFull))).rejects.toThrow()
    await workUntilSettled(world)
    expect(rowOf(world)).toMatchObject({ state: 'AVAILABLE', fault: undefined })
  })

  it('goes from a running instance, too', async () => {
    const world = placed(
      {},
      { fault: { code: 'disk_full', message: 'x', nextStep: undefined, since: NOW } },
    )()
    await reconcileDatabaseInstance(portsOf(world), { uid: INSTANCE_UID, adopted: true })
    expect(rowOf(world).fault).toBeUndefined()
  })

  describe('in a part of it', () => {
    const locked = (database: string) =>
      new Fault({
        code: 'database_not_prepared',
        origin: 'instance',
        message: `The database "${database}" cannot be prepared.`,
        nextStep: 'End the transaction.',
      })
    const withProblems = (...problems: readonly Fault[]) => {
      const world = placed({}, {})()
      const cluster = clusterOf(world)
      if (cluster === undefined) throw new Error('there is no cluster')
      cluster.problems = problems
      return { world, cluster }
    }

    it('is told to its users while the instance is AVAILABLE', async () => {
      const { world, cluster } = withProblems(locked('a'))
      endPostmaster(cluster)
      expect(await reconcile(world)).toMatchObject({
        outcome: 'started',
        problems: [{ message: locked('a').message }],
      })
      expect(rowOf(world)).toMatchObject({
        state: 'AVAILABLE',
        fault: {
          code: 'database_not_prepared',
          message: locked('a').message,
          nextStep: 'End the transaction.',
        },
      })
    })

    it('names the first of many, and says that there are more', async () => {
      const { world } = withProblems(...['a', 'b', 'c', 'd', 'e'].map(locked))
      await reconcile(world)
      expect(rowOf(world).fault?.message).toBe(
        'The database "a" cannot be prepared. The database "b" cannot be prepared. The database "c" cannot be prepared. 2 more are in the log of Lakegate.',
      )
    })

    it('is tried again on an instance that runs, stands as long as it is met, and goes with its cause', async () => {
      const { world, cluster } = withProblems(locked('a'))
      await reconcile(world)
      const again = () => reconcileDatabaseInstance(portsOf(world), { uid: INSTANCE_UID, adopted: true })
      expect(await again()).toMatchObject({
        outcome: 'running',
        problems: [{ code: 'database_not_prepared' }],
      })
      expect(rowOf(world)).toMatchObject({ state: 'AVAILABLE', fault: { code: 'database_not_prepared' } })
      cluster.problems = []
      await again()
      expect(rowOf(world)).toMatchObject({ state: 'AVAILABLE', fault: undefined })
    })

    it('keeps an instance that was never complete from its users', async () => {
      const world = unmade({})()
      await expect(
        reconcile(world, ({ name, moment }) => {
          const cluster = world.clusters.get(INSTANCE_UID)
          if (name === 'prepare' && moment === 'before' && cluster !== undefined)
            cluster.problems = [locked('template1')]
        }),
      ).rejects.toMatchObject({ code: 'database_not_prepared' })
      expect(rowOf(world)).toMatchObject({ state: 'STARTING', fault: { code: 'database_not_prepared' } })
    })
  })

  it('that is our own mistake is told without its text', async () => {
    const world = unmade({})()
    await expect(
      reconcile(
        world,
        failingAt('start', () => new TypeError('secret of the house')),
      ),
    ).rejects.toThrow(TypeError)
    expect(rowOf(world).fault).toMatchObject({ code: 'internal_error' })
    expect(JSON.stringify(rowOf(world).fault)).not.toContain('secret of the house')
  })

  it('of the system database is not written to the system database', async () => {
    const world = unmade({})()
    const storeDown = () =>
      new Fault({ code: 'system_database_unreachable', origin: 'store', message: 'down', retryable: true })
    const calls: string[] = []
    await expect(
      reconcile(world, (call) => {
        calls.push(call.name)
        failingAt('updateState', storeDown)(call)
      }),
    ).rejects.toMatchObject({ origin: 'store' })
    expect(calls).not.toContain('recordFault')
  })
})

describe('an instance that is wanted to be stopped', () => {
  it('is stopped although its state says that it is AVAILABLE', async () => {
    const world = placed({}, { settings: STOPPED })()
    await workUntilSettled(world)
    expect(rowOf(world).state).toBe('STOPPED')
    expect(effectiveStopped(rowOf(world).settings)).toBe(true)
  })
})
