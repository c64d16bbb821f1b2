/**
 * Notifies every process when a database instance changes. The trigger in the schema sends the notice; after a lost
 * connection the callbacks run once, because notices may have been missed.
 */
import type { InstanceChanges } from '../operations/ports/instances.ts'
import { listenOn, type Listening, type StandingConnection } from './notices.ts'
import type { SystemDatabaseAddress } from './system-database.ts'

export interface RunningInstanceChanges extends InstanceChanges, Listening {}

/** @param standing as for `listenOn` */
export function createInstanceChanges(
  address: SystemDatabaseAddress,
  standing: StandingConnection,
): RunningInstanceChanges {
  const callbacks = new Set<() => void>()
  const tellAll = () => {
    for (const callback of callbacks) callback()
  }
  return {
    ...listenOn(['database_instance'], address, { onNotice: tellAll, onResumed: tellAll, ...standing }),
    onInstanceChange(callback) {
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
  }
}
