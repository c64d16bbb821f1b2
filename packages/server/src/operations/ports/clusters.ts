/** The PostgreSQL clusters behind the instances: made, started and stopped. */
import type { DatabaseInstance, InstanceListener } from '../../domain/database-instance.ts'
import type { Principal } from '../../domain/identity.ts'
import type { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'

/** What is known of a cluster once it runs. */
export type StartedCluster = Pick<DatabaseInstance, 'backend'> & {
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
}

/** A running PostgreSQL cluster and what it is made of. Every method can be repeated after a crash at any point. */
export interface InstanceDriver {
  /**
   * Makes sure that the cluster exists, runs and accepts connections; adopts a postmaster that survived a
   * restart of Lakegate. Refuses a data directory that belongs to something else.
   */
  start(instance: DatabaseInstance): Promise<StartedCluster>
  /** Whether the cluster runs now, started by whichever process; asks only, changes nothing. */
  isRunning(instance: DatabaseInstance): Promise<boolean>
  /**
   * System roles, the owner's role with its label, `databricks_postgres`, the extension (behaviours 54–56).
   * An owner that was deleted meanwhile is undefined: its role stays as it is.
   * @returns what could not be prepared, while the rest of the instance works: a database that its owner locked, say
   */
  prepare(instance: DatabaseInstance, owner: Principal | undefined): Promise<readonly Fault[]>
  /** Also when nothing runs, or nothing was ever made. */
  stop(instance: DatabaseInstance): Promise<void>
  /** Stops the cluster and removes every trace of it; also when nothing was ever made. */
  destroy(instance: DatabaseInstance): Promise<void>
  /** Resolves once the postmaster of a started instance is gone, whoever ended it. */
  waitForExit(instance: DatabaseInstance): Promise<void>
}

/** Told by operations that the wanted state of an instance changed; works it off in the background. */
export interface InstanceSupervisor {
  wake(uid: InstanceUid): void
}

/** Chooses where the gateway listens for a new instance. */
export interface ListenerAllocator {
  allocate(uid: InstanceUid): Promise<InstanceListener>
}
