/** The supervisor works instances off in order, again after faults, and restarts what dies. */
import { afterEach, describe, expect, it } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import type { InstanceUid } from '../../src/domain/ids.ts'
import { createInstanceSupervisor, type RunningSupervisor } from '../../src/instances/supervisor.ts'
import type { SupervisorEvent, SupervisorSettings } from '../../src/instances/supervisor-settings.ts'
import { NO_SETTINGS } from '../../src/policy/instance-settings.ts'
import {
  createWorld,
  endPostmaster,
  instanceRow,
  placeInstance,
  portsOf,
  type Intervene,
  type World,
} from '../operations/instance-world.ts'
import { INSTANCE_UID, NOW, OTHER_INSTANCE_UID } from '../policy/facts.ts'
import { waitFor } from '../stage/wait-for.ts'

const QUICK: SupervisorSettings = {
  concurrency: 2,
  firstRetryMs: 1,
  mostRetryMs: 4,
  recheckMs: 5,
  repairMs: 5,
  steadyMs: 60_000,
}
const STOPPED = { ...NO_SETTINGS, stopped: true }

const begun: RunningSupervisor[] = []
afterEach(async () => {
  await Promise.all(begun.splice(0).map(async (supervisor) => supervisor.stop({ stopInstances: false })))
})

function supervise(
  world: World,
  options: { intervene?: Intervene; settings?: Partial<SupervisorSettings> } = {},
) {
  const events: SupervisorEvent[] = []
  const supervisor = createInstanceSupervisor(
    { ...portsOf(world, options.intervene), report: (event) => events.push(event) },
    { ...QUICK, ...options.settings },
  )
  begun.push(supervisor)
  return { supervisor, events }
}

const stateOf = (world: World, uid = INSTANCE_UID) => world.rows.get(uid)?.state
const reach = async (world: World, state: string | undefined, uid = INSTANCE_UID) =>
  waitFor(`state ${String(state)}`, () => stateOf(world, uid) === state)
const clusterOf = (world: World, uid = INSTANCE_UID) => {
  const cluster = world.clusters.get(uid)
  if (cluster === undefined) throw new Error('there is no cluster')
  return cluster
}
/** Only what somebody asks for happens: no recheck comes to help. */
const ON_REQUEST = { recheckMs: 1_000_000 }
const outcomes = (events: readonly SupervisorEvent[]) => events.map(({ event }) => event)

describe('the supervisor at its start', () => {
  it('brings every instance to what is wanted of it', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    placeInstance(world, { uid: OTHER_INSTANCE_UID, name: 'old', state: 'DELETING' })
    await supervise(world, { settings: ON_REQUEST }).supervisor.start()
    await reach(world, 'AVAILABLE')
    await reach(world, undefined, OTHER_INSTANCE_UID)
  })

  it('says STARTING of a cluster that did not survive before anybody can be sent to it', async () => {
    const world = createWorld()
    placeInstance(world)
    endPostmaster(clusterOf(world))
    const { supervisor } = supervise(world, {
      intervene: ({ name }) => {
        if (name === 'start') throw new Fault({ code: 'port_taken', origin: 'machine', message: 'taken' })
      },
    })
    await supervisor.start()
    expect(stateOf(world)).toBe('STARTING')
  })

  it('forgets the faults of an earlier process until they are met again', async () => {
    const world = createWorld()
    const fault = { code: 'disk_full', message: 'No space left on device.', nextStep: undefined, since: NOW }
    world.rows.set(INSTANCE_UID, instanceRow({ fault }))
    const faultsAtStart: unknown[] = []
    const { supervisor } = supervise(world, {
      settings: ON_REQUEST,
      intervene: ({ name, moment }) => {
        if (name === 'start' && moment === 'before') faultsAtStart.push(world.rows.get(INSTANCE_UID)?.fault)
      },
    })
    await supervisor.start()
    await reach(world, 'AVAILABLE')
    expect(faultsAtStart).toEqual([undefined])
  })

  it('tries again, after a while, what could not be prepared, and tells each time; the instance is AVAILABLE', async () => {
    const world = createWorld()
    placeInstance(world)
    const problem = new Fault({ code: 'database_not_prepared', origin: 'instance', message: 'It is locked.' })
    clusterOf(world).problems = [problem]
    const { supervisor, events } = supervise(world)
    const told = () => events.filter(({ event }) => event === 'not_prepared')
    await supervisor.start()
    await waitFor('a second try', () => told().length >= 2)
    expect(told()[0]).toMatchObject({ uid: INSTANCE_UID, problem, retryInMs: QUICK.repairMs })
    expect(world.rows.get(INSTANCE_UID)).toMatchObject({
      state: 'AVAILABLE',
      fault: { message: 'It is locked.' },
    })
    clusterOf(world).problems = []
    await waitFor('the end of it', () => world.rows.get(INSTANCE_UID)?.fault === undefined)
    expect(clusterOf(world).starts).toBe(0)
  })

  it('leaves a cluster that survived AVAILABLE all the time', async () => {
    const world = createWorld()
    placeInstance(world)
    const states = new Set<string | undefined>()
    const { supervisor, events } = supervise(world, {
      intervene: () => void states.add(stateOf(world)),
      settings: ON_REQUEST,
    })
    await supervisor.start()
    await waitFor('adoption', () =>
      events.some((event) => event.event === 'reconciled' && event.outcome === 'started'),
    )
    expect([...states]).toEqual(['AVAILABLE'])
    expect(clusterOf(world).starts).toBe(0)
  })

  it('works off what it was woken for before', async () => {
    const world = createWorld()
    const { supervisor } = supervise(world, {
      intervene: ({ name, moment }) => {
        // Comes into being right after the list was read.
        if (name !== 'listAll' || moment !== 'after' || world.rows.has(OTHER_INSTANCE_UID)) return
        world.rows.set(OTHER_INSTANCE_UID, instanceRow({ uid: OTHER_INSTANCE_UID }))
        supervisor.wake(OTHER_INSTANCE_UID)
      },
      settings: ON_REQUEST,
    })
    await supervisor.start()
    await reach(world, 'AVAILABLE', OTHER_INSTANCE_UID)
  })

  it('does not let one cluster that cannot be looked at keep the others from starting', async () => {
    const world = createWorld()
    placeInstance(world, { uid: OTHER_INSTANCE_UID, name: 'odd' })
    world.rows.set(INSTANCE_UID, instanceRow())
    let looks = 0
    const { supervisor, events } = supervise(world, {
      intervene: ({ name }) => {
        if (name !== 'isRunning') return
        looks += 1
        if (looks === 1)
          throw new Fault({ code: 'unreadable', origin: 'machine', message: 'permission denied' })
      },
    })
    await supervisor.start()
    await reach(world, 'AVAILABLE')
    await reach(world, 'AVAILABLE', OTHER_INSTANCE_UID)
    expect(outcomes(events)).toContain('inspection_failed')
  })
})

describe('the supervisor at work', () => {
  it('does what it is woken for', async () => {
    const world = createWorld()
    placeInstance(world)
    const { supervisor } = supervise(world, { settings: ON_REQUEST })
    await supervisor.start()
    world.rows.set(INSTANCE_UID, { ...placedRow(world), settings: STOPPED, state: 'UPDATING' })
    supervisor.wake(INSTANCE_UID)
    await reach(world, 'STOPPED')
    expect(clusterOf(world).isRunning).toBe(false)
  })

  it('finds without being woken what another process changed', async () => {
    const world = createWorld()
    placeInstance(world)
    await supervise(world).supervisor.start()
    world.rows.set(INSTANCE_UID, {
      ...placedRow(world),
      settings: { ...NO_SETTINGS, capacity: 'CU_8' },
      state: 'UPDATING',
    })
    await reach(world, 'AVAILABLE')
    expect(clusterOf(world).capacity).toBe('CU_8')
  })

  it('works on one instance one step at a time, and on no more instances at once than it may', async () => {
    const world = createWorld()
    const uids = Array.from(
      { length: 6 },
      (_, index) => `6b1f9c52-3a0e-4a8e-9d27-0f2f4c1f7a0${String(index)}` as InstanceUid,
    )
    for (const uid of uids) world.rows.set(uid, instanceRow({ uid, name: `n${uid.slice(-1)}` }))
    const active = new Map<InstanceUid, number>()
    let most = 0
    const ports = portsOf(world)
    const supervisor = createInstanceSupervisor(
      {
        ...ports,
        report: () => undefined,
        driver: {
          ...ports.driver,
          async start(instance) {
            active.set(instance.uid, (active.get(instance.uid) ?? 0) + 1)
            most = Math.max(most, active.size)
            expect(active.get(instance.uid)).toBe(1)
            for (const uid of uids) supervisor.wake(uid)
            const cluster = await ports.driver.start(instance)
            active.delete(instance.uid)
            return cluster
          },
        },
      },
      { ...QUICK, ...ON_REQUEST },
    )
    begun.push(supervisor)
    await supervisor.start()
    await Promise.all(uids.map(async (uid) => reach(world, 'AVAILABLE', uid)))
    expect(most).toBe(2)
  })

  it('tries again after faults, and less often the longer they last', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    let failuresLeft = 4
    const { supervisor, events } = supervise(world, {
      settings: ON_REQUEST,
      intervene: ({ name, moment }) => {
        if (name !== 'start' || moment !== 'before' || failuresLeft === 0) return
        failuresLeft -= 1
        throw new Fault({ code: 'disk_full', origin: 'machine', message: 'No space left on device.' })
      },
    })
    await supervisor.start()
    await waitFor(
      'the fault on the instance',
      () =>
        failuresLeft < 4 &&
        (world.rows.get(INSTANCE_UID)?.fault?.code === 'disk_full' || stateOf(world) === 'AVAILABLE'),
    )
    await reach(world, 'AVAILABLE')
    expect(world.rows.get(INSTANCE_UID)?.fault).toBeUndefined()
    expect(events.flatMap((event) => (event.event === 'reconcile_failed' ? [event.retryInMs] : []))).toEqual([
      1, 2, 4, 4,
    ])
  })

  it('does not wait for the next try when somebody changes the instance', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    let isBroken = true
    const { supervisor, events } = supervise(world, {
      settings: { ...ON_REQUEST, firstRetryMs: 1_000_000, mostRetryMs: 1_000_000 },
      intervene: ({ name }) => {
        if (name === 'start' && isBroken)
          throw new Fault({ code: 'disk_full', origin: 'machine', message: 'full' })
      },
    })
    await supervisor.start()
    await waitFor('the failure', () => outcomes(events).includes('reconcile_failed'))
    isBroken = false
    supervisor.wake(INSTANCE_UID)
    await reach(world, 'AVAILABLE')
  })
})

describe('a postmaster that dies', () => {
  it('is restarted, and its instance is STARTING meanwhile', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    const statesAtStart: (string | undefined)[] = []
    const { supervisor, events } = supervise(world, {
      settings: ON_REQUEST,
      intervene: ({ name, moment }) => {
        if (name === 'start' && moment === 'before') statesAtStart.push(stateOf(world))
      },
    })
    await supervisor.start()
    await waitFor('the first start', () => outcomes(events).includes('reconciled'))
    endPostmaster(clusterOf(world))
    await waitFor('the restart', () => clusterOf(world).starts === 2)
    await reach(world, 'AVAILABLE')
    expect(statesAtStart).toEqual(['STARTING', 'STARTING'])
  })

  it('again and again is restarted less and less often', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    const { supervisor, events } = supervise(world, { settings: ON_REQUEST })
    await supervisor.start()
    for (let deaths = 1; deaths <= 4; deaths += 1) {
      await waitFor(`start ${String(deaths)}`, () => world.clusters.get(INSTANCE_UID)?.exits.length === 1)
      endPostmaster(clusterOf(world))
    }
    await waitFor('four deaths', () => pausesBeforeRestart(events).length === 4)
    expect(pausesBeforeRestart(events)).toEqual([0, 2, 4, 4])
  })

  it('after a long life is restarted at once', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    const { supervisor, events } = supervise(world, { settings: ON_REQUEST })
    await supervisor.start()
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await waitFor(`start ${String(deaths)}`, () => world.clusters.get(INSTANCE_UID)?.exits.length === 1)
      world.now = new Date(world.now.getTime() + QUICK.steadyMs)
      endPostmaster(clusterOf(world))
    }
    await waitFor('three deaths', () => pausesBeforeRestart(events).length === 3)
    expect(pausesBeforeRestart(events)).toEqual([0, 0, 0])
    expect(world.now.getTime()).toBe(NOW.getTime() + 3 * QUICK.steadyMs)
  })

  it('because it was stopped on request stays dead', async () => {
    const world = createWorld()
    placeInstance(world)
    const { supervisor, events } = supervise(world)
    await supervisor.start()
    await waitFor('adoption', () => outcomes(events).includes('reconciled'))
    world.rows.set(INSTANCE_UID, { ...placedRow(world), settings: STOPPED, state: 'UPDATING' })
    supervisor.wake(INSTANCE_UID)
    await reach(world, 'STOPPED')
    await supervisor.stop({ stopInstances: false })
    expect(clusterOf(world).starts).toBe(0)
    expect(pausesBeforeRestart(events)).toEqual([])
  })
})

const pausesBeforeRestart = (events: readonly SupervisorEvent[]) =>
  events.flatMap((event) => (event.event === 'postmaster_exited' ? [event.restartInMs] : []))

describe('the supervisor at its end', () => {
  it('waits for the step under way and begins no other', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    world.rows.set(OTHER_INSTANCE_UID, instanceRow({ uid: OTHER_INSTANCE_UID, name: 'later' }))
    const ports = portsOf(world)
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    let starts = 0
    const supervisor = createInstanceSupervisor(
      {
        ...ports,
        report: () => undefined,
        driver: {
          ...ports.driver,
          async start(instance) {
            starts += 1
            await held
            return ports.driver.start(instance)
          },
        },
      },
      { ...QUICK, concurrency: 1 },
    )
    await supervisor.start()
    await waitFor('the first step', () => starts === 1)
    const stopped = supervisor.stop({ stopInstances: false })
    supervisor.wake(OTHER_INSTANCE_UID)
    letGo()
    await stopped
    expect([stateOf(world), stateOf(world, OTHER_INSTANCE_UID)]).toEqual(['AVAILABLE', 'STARTING'])
    expect(starts).toBe(1)
    supervisor.wake(OTHER_INSTANCE_UID)
    expect(starts).toBe(1)
  })

  it('leaves the clusters running for a successor unless it is asked to stop them', async () => {
    const world = createWorld()
    placeInstance(world)
    const { supervisor } = supervise(world)
    await supervisor.start()
    await supervisor.stop({ stopInstances: false })
    expect(clusterOf(world).isRunning).toBe(true)
    // The wanted state is untouched, so that the next start brings the same instances up.
    expect(placedRow(world)).toMatchObject({ settings: NO_SETTINGS, state: 'AVAILABLE' })
  })

  it('stops all clusters when asked, side by side, one that refuses not keeping the others', async () => {
    const world = createWorld()
    placeInstance(world)
    placeInstance(world, { uid: OTHER_INSTANCE_UID, name: 'stubborn' })
    const ports = portsOf(world)
    const events: SupervisorEvent[] = []
    const supervisor = createInstanceSupervisor(
      {
        ...ports,
        report: (event) => events.push(event),
        driver: {
          ...ports.driver,
          async stop(instance) {
            if (instance.uid === OTHER_INSTANCE_UID)
              throw new Fault({ code: 'stuck', origin: 'instance', message: 'does not end' })
            await ports.driver.stop(instance)
          },
        },
      },
      QUICK,
    )
    await supervisor.start()
    await supervisor.stop({ stopInstances: true })
    expect([clusterOf(world).isRunning, clusterOf(world, OTHER_INSTANCE_UID).isRunning]).toEqual([
      false,
      true,
    ])
    expect(events).toContainEqual(expect.objectContaining({ event: 'stop_failed', uid: OTHER_INSTANCE_UID }))
  })

  it('stops the clusters that it knows when the system database went first', async () => {
    const world = createWorld()
    placeInstance(world)
    let isStoreDown = false
    const { supervisor, events } = supervise(world, {
      settings: ON_REQUEST,
      intervene: ({ name }) => {
        if (isStoreDown && name === 'listAll')
          throw new Fault({ code: 'down', origin: 'store', message: 'down', retryable: true })
      },
    })
    await supervisor.start()
    await waitFor('adoption', () => outcomes(events).includes('reconciled'))
    isStoreDown = true
    await supervisor.stop({ stopInstances: true })
    expect(clusterOf(world).isRunning).toBe(false)
  })

  it('may come before its start, which then begins nothing', async () => {
    const world = createWorld()
    world.rows.set(INSTANCE_UID, instanceRow())
    const { supervisor } = supervise(world)
    await supervisor.stop({ stopInstances: false })
    await supervisor.start()
    supervisor.wake(INSTANCE_UID)
    expect(stateOf(world)).toBe('STARTING')
    expect(world.clusters.size).toBe(0)
  })

  it('fails its start when the system database cannot be asked', async () => {
    const world = createWorld()
    const { supervisor } = supervise(world, {
      intervene: () => {
        throw new Fault({ code: 'down', origin: 'store', message: 'down', retryable: true })
      },
    })
    await expect(supervisor.start()).rejects.toMatchObject({ origin: 'store' })
  })

  it('starts when it is tried again after the system database could not be asked', async () => {
    const world = createWorld()
    let isDown = true
    const { supervisor } = supervise(world, {
      intervene: () => {
        if (isDown) throw new Fault({ code: 'down', origin: 'store', message: 'down', retryable: true })
      },
    })
    await expect(supervisor.start()).rejects.toMatchObject({ origin: 'store' })
    isDown = false
    await expect(supervisor.start()).resolves.toBeUndefined()
  })
})

function placedRow(world: World) {
  const row = world.rows.get(INSTANCE_UID)
  if (row === undefined) throw new Error('the row is gone')
  return row
}
