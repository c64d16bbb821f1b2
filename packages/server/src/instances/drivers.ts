/** One driver for all instances: it delegates to the driver of the instance's kind. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { InstanceDriver } from '../operations/ports/clusters.ts'

export function createInstanceDriver(
  drivers: Readonly<Record<DatabaseInstance['backend']['kind'], InstanceDriver>>,
): InstanceDriver {
  const of = ({ backend }: DatabaseInstance): InstanceDriver => drivers[backend.kind]
  return {
    start: (instance) => of(instance).start(instance),
    isRunning: (instance) => of(instance).isRunning(instance),
    prepare: (instance, owner) => of(instance).prepare(instance, owner),
    stop: (instance) => of(instance).stop(instance),
    destroy: (instance) => of(instance).destroy(instance),
    waitForExit: (instance) => of(instance).waitForExit(instance),
  }
}
