/** The PostgreSQL clusters behind the instances: how they are created, started and stopped. */
import type { DatabaseInstance, InstanceListener } from '../../domain/database-instance.ts'
import type { Principal } from '../../domain/identity.ts'
import type { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'

/** What is known of a cluster once it is running. */
export type StartedCluster = Pick<DatabaseInstance, 'backend'> & {
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
}

/** Manages the PostgreSQL cluster of an instance. Every method can be repeated after a crash at any point. */
export interface InstanceDriver {
  /**
   * Makes sure that the cluster exists, runs and accepts connections; adopts a postmaster that survived a
   * restart of Lakegate. Refuses a data directory that belongs to something else.
   */
  start(instance: DatabaseInstance): Promise<StartedCluster>
  /** Whether the cluster is running now, whichever process started it; changes nothing. */
  isRunning(instance: DatabaseInstance): Promise<boolean>
  /**
   * Prepares system roles, the owner's role with its label, `databricks_postgres`, and the extension (behaviours
   * 54–56). When the owner has been deleted, it is undefined and its role stays as it is.
   * @returns what could not be prepared while the rest of the instance works, e.g. a database that its owner has locked
   */
  prepare(instance: DatabaseInstance, owner: Principal | undefined): Promise<readonly Fault[]>
  /** Succeeds also when nothing is running, or nothing was ever created. */
  stop(instance: DatabaseInstance): Promise<void>
  /** Stops the cluster and removes every trace of it; succeeds also when nothing was ever created. */
  destroy(instance: DatabaseInstance): Promise<void>
  /** Resolves when the postmaster of a started instance has ended, for whatever reason. */
  waitForExit(instance: DatabaseInstance): Promise<void>
}

/** Operations wake it when the wanted state of an instance has changed; it does the work in the background. */
export interface InstanceSupervisor {
  wake(uid: InstanceUid): void
}

/** Chooses the address on which the gateway listens for a new instance. */
export interface ListenerAllocator {
  allocate(uid: InstanceUid): Promise<InstanceListener>
}
