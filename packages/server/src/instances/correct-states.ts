/**
 * Runs before anything is started: an instance that is stored as AVAILABLE but whose cluster is not running any more
 * becomes STARTING, so that nobody is sent to it until it runs again. Faults that an earlier process recorded are
 * cleared; those that persist are recorded again at the next step.
 */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { InstanceDriver } from '../operations/ports/clusters.ts'
import type { InstanceStore } from '../operations/ports/instances.ts'
import type { Slots } from './slots.ts'
import type { SupervisorEvent } from './supervisor-settings.ts'

/** @throws Fault when the system database cannot be queried */
export async function correctStates(
  ports: {
    readonly store: Pick<InstanceStore, 'updateState' | 'recordFault'>
    readonly driver: Pick<InstanceDriver, 'isRunning'>
    readonly report: (event: SupervisorEvent) => void
  },
  instances: readonly DatabaseInstance[],
  slots: Slots,
): Promise<void> {
  const correct = async (instance: DatabaseInstance): Promise<void> => {
    await slots.take()
    try {
      if (instance.fault !== undefined) await ports.store.recordFault(instance.uid, undefined)
      if (instance.state !== 'AVAILABLE') return
      // Writes nothing if the instance was changed meanwhile: its state then reflects that change.
      if (!(await looksAlive(instance))) await ports.store.updateState(instance, 'STARTING')
    } finally {
      slots.giveBack()
    }
  }

  /** One instance that cannot be inspected must not keep the others from starting; its own step will report why. */
  const looksAlive = async (instance: DatabaseInstance): Promise<boolean> => {
    try {
      return await ports.driver.isRunning(instance)
    } catch (error) {
      ports.report({ event: 'inspection_failed', uid: instance.uid, error })
      return false
    }
  }

  await Promise.all(instances.map(correct))
}
