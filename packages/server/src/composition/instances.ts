/** The instances at a start: waits until all of them are up, for a limited time. */
import { setTimeout as pause } from 'node:timers/promises'
import { effectiveStopped, type DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import type { WorkspaceId } from '../domain/ids.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Foundation } from './foundation.ts'

export interface SettledInstances {
  readonly remarks: readonly string[]
  /** The oldest instance that takes logins, with the port that the gateway listens on for it. */
  describeAvailable(): Promise<
    | {
        readonly name: string
        readonly uid: string
        readonly host: string
        readonly port: number
        readonly pooled_host?: string
        readonly pooled_port?: number
      }
    | undefined
  >
}

const POLL_MS = 25
/** Longer than a crash recovery usually takes; afterwards the start continues without the instance, and says so. */
const SETTLE_LIMIT_MS = 60_000

/** Supervises the instances; they keep running when the supervision stops. */
export async function supervise({ inquiry, supervisor }: ControlPlane): Promise<() => Promise<void>> {
  await inquiry.start()
  try {
    await supervisor.start()
  } catch (error) {
    // The next attempt needs the place of the listener.
    await inquiry.stop()
    throw error
  }
  return async () => {
    await supervisor.stop({ stopInstances: false })
    await inquiry.stop()
  }
}

/** Instances made before the gateway had a domain get host names below it. */
export async function nameInstances({ stores, listeners }: Foundation): Promise<void> {
  for (const { uid, listener } of await stores.instances.listAll()) {
    const wanted = await listeners.allocate(uid)
    if (wanted.host !== listener.host) await stores.instances.recordListener(uid, wanted)
  }
}

/** @throws Fault when this is the first start and its instance cannot be made */
export async function settleInstances(
  { stores }: Foundation,
  workspaceId: WorkspaceId,
  isFirstStart: boolean,
): Promise<SettledInstances> {
  const giveUpAt = performance.now() + SETTLE_LIMIT_MS
  let instances = await stores.instances.listAll()
  while (!instances.every(isSettled) && performance.now() < giveUpAt) {
    await pause(POLL_MS)
    instances = await stores.instances.listAll()
  }
  const [failed] = instances.filter((instance) => !isAsWanted(instance) && instance.fault !== undefined)
  if (isFirstStart && failed?.fault !== undefined) {
    const { code, message, nextStep } = failed.fault
    throw new Fault({ code, origin: 'instance', message, ...(nextStep === undefined ? {} : { nextStep }) })
  }
  return {
    remarks: instances
      .filter((instance) => !isAsWanted(instance) || instance.fault !== undefined)
      .map(remarkOn),
    async describeAvailable() {
      const available = (await stores.instances.listAll()).find(
        (instance) =>
          instance.workspaceId === workspaceId &&
          instance.state === 'AVAILABLE' &&
          instance.listener.port !== undefined,
      )
      if (available?.listener.port === undefined) return undefined
      const { name, uid, listener, pooledListener: pooled } = available
      return {
        name,
        uid,
        host: listener.host,
        port: available.listener.port,
        ...(pooled?.port === undefined ? {} : { pooled_host: pooled.host, pooled_port: pooled.port }),
      }
    },
  }
}

const isAsWanted = ({ state, settings }: DatabaseInstance): boolean =>
  state === (effectiveStopped(settings) ? 'STOPPED' : 'AVAILABLE')

const isSettled = (instance: DatabaseInstance): boolean =>
  isAsWanted(instance) || instance.fault !== undefined

const remarkOn = ({ name, state, fault }: DatabaseInstance): string =>
  `The database instance ${name} is ${state}${fault === undefined ? '.' : `: ${fault.message} ${fault.nextStep ?? ''}`}`
