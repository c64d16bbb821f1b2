/**
 * The `attached` driver, for a cluster that somebody else runs. Lakegate finds, checks, prepares and watches it, and
 * never starts, stops or destroys it.
 */
import {
  effectiveStopped,
  nativeLoginEnabled,
  type AttachedBackend,
  type DatabaseInstance,
} from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import type { InstanceDriver } from '../../operations/ports/clusters.ts'
import type { RoleBindingStore } from '../../operations/ports/role-bindings.ts'
import type { FoundBinding } from '../../operations/roles/take-over-bindings.ts'
import { obstacleToNativeLogin } from '../../policy/attached-cluster.ts'
import type { AdministrativeAccess } from '../administrative-client.ts'
import type { AdministrativeConnections } from '../administrative-connections.ts'
import { readBindingTable } from './binding-table.ts'
import type { AttachedInstance, ClusterConnector } from './connect-to-primary.ts'
import { prepareAttached } from './prepare.ts'
import { removeObjects, type ManagedVerifier } from './remove-objects.ts'

export interface AttachedDriverSettings {
  readonly clusters: ClusterConnector
  readonly access: AdministrativeAccess
  readonly connections: AdministrativeConnections
  readonly bindings: RoleBindingStore
  /** Moves the bindings from the table of an earlier version into `bindings`, and writes a record for each. */
  readonly takeOverBindings: (instance: DatabaseInstance, found: readonly FoundBinding[]) => Promise<void>
  /** How often the primary is checked; sessions notice a failover by themselves, and earlier. */
  readonly watchEveryMs: number
  /** Called for each role that is no longer bound and keeps a password that somebody set on it. */
  readonly reportPasswordLeft: (instance: DatabaseInstance, roleName: string) => void
  /** The verifiers of the keys that Lakegate set on roles of the instance. */
  readonly loadManagedVerifiers: (uid: InstanceUid) => Promise<readonly ManagedVerifier[]>
  /**
   * Ends the sessions at all gateways, as PostgreSQL does (57P01); resolves when the gateways have answered, or will
   * not answer in time.
   */
  readonly endSessions: (instance: DatabaseInstance) => Promise<void>
}

const TIMEOUT_MS = 5_000
const TAKE_OVER_TIMEOUT_MS = 60_000

export function createAttachedDriver(settings: AttachedDriverSettings): InstanceDriver {
  const { clusters, connections, watchEveryMs } = settings
  const watches = new Map<InstanceUid, () => void>()

  async function isRunning(instance: AttachedInstance): Promise<boolean> {
    try {
      const { client } = await clusters.connect(instance, instance.backend.cluster.database, TIMEOUT_MS)
      await client.end()
      return true
    } catch (error) {
      // Whatever is wrong is reported by the start that follows.
      if (error instanceof Fault && error.origin !== 'store') return false
      throw error
    }
  }

  /** Runs once: from then on the instance records that its bindings are in the system database. */
  async function takeOver(instance: AttachedInstance): Promise<void> {
    const { database } = instance.backend.cluster
    const found = await settings.access
      .inSession(instance, database, TAKE_OVER_TIMEOUT_MS, readBindingTable)
      .catch((error: unknown) => {
        throw error instanceof Fault ? error : tableNotRead(instance, error)
      })
    await settings.takeOverBindings(instance, found)
  }

  function endWatch(uid: InstanceUid): void {
    watches.get(uid)?.()
    watches.delete(uid)
  }

  return {
    async start(given) {
      const instance = requireAttached(given)
      const { client, ...found } = await clusters.connect(
        instance,
        instance.backend.cluster.database,
        TIMEOUT_MS,
      )
      await client.end()
      const known = instance.backend.bindings ?? (found.isSuperuser ? 'shared_catalog' : 'system_database')
      if (known === 'shared_catalog' && !found.isSuperuser) throw privilegesLost(instance)
      if (known === 'table') await takeOver(instance)
      const bindings = known === 'table' ? 'system_database' : known
      const backend = { ...instance.backend, bindings }
      // Checked only when the cluster is attached. Later, a switch without effect is better than an instance to which
      // nobody can log in.
      if (instance.backend.bindings === undefined) requireNativeLogin(instance, backend)
      return {
        systemIdentifier: found.systemIdentifier,
        pgMajorVersion: found.pgMajorVersion,
        backend,
      }
    },
    isRunning: (instance) => isRunning(requireAttached(instance)),
    prepare: (instance, owner) => prepareAttached(settings, requireAttached(instance), owner),
    async stop(instance) {
      endWatch(instance.uid)
      // Sessions stay open when Lakegate itself stops, or starts the instance again.
      if (effectiveStopped(instance.settings)) await settings.endSessions(instance)
      await connections.close(instance.uid)
    },
    async destroy(given) {
      const instance = requireAttached(given)
      endWatch(instance.uid)
      // Done while its administrative password is still known; gateways that do not answer end their sessions by
      // themselves.
      await settings.endSessions(instance)
      if (instance.backend.cluster.removesObjects === true) {
        const verifiers = await settings.loadManagedVerifiers(instance.uid)
        for (const role of await removeObjects(settings.access, instance, verifiers))
          settings.reportPasswordLeft(instance, role)
      }
      await connections.close(instance.uid)
    },
    async waitForExit(given) {
      const instance = requireAttached(given)
      endWatch(instance.uid)
      await new Promise<void>((resolve) => {
        let timer: NodeJS.Timeout | undefined
        const watch = { isEnded: false }
        const lookLater = () => {
          timer = setTimeout(look, watchEveryMs).unref()
        }
        const look = () => {
          isRunning(instance).then(
            (runs) => {
              if (watch.isEnded) return
              if (runs) lookLater()
              else resolve()
            },
            // The system database cannot be asked for the password, so nothing is known about the cluster.
            () => {
              if (!watch.isEnded) lookLater()
            },
          )
        }
        watches.set(instance.uid, () => {
          watch.isEnded = true
          clearTimeout(timer)
          resolve()
        })
        lookLater()
      })
    },
  }
}

function requireAttached(instance: DatabaseInstance): AttachedInstance {
  const { backend } = instance
  if (backend.kind !== 'attached') throw new Error('the attached driver was given another kind of instance')
  return { ...instance, backend }
}

function requireNativeLogin({ name, settings }: DatabaseInstance, backend: AttachedBackend): void {
  const obstacle = nativeLoginEnabled(settings) ? obstacleToNativeLogin(backend) : undefined
  if (obstacle === undefined) return
  throw new Fault({
    code: 'native_login_impossible',
    origin: 'configuration',
    message: `The roles of ${name} cannot log in with passwords of their own: ${obstacle}`,
    nextStep: 'Switch enable_pg_native_login off, or give the administrative role SUPERUSER.',
  })
}

function tableNotRead({ name }: DatabaseInstance, cause: unknown): Fault {
  return new Fault({
    code: 'binding_table_not_read',
    origin: 'configuration',
    message: `The bindings of the roles of ${name} cannot be taken over from the table databricks_auth.role_binding of its cluster: ${cause instanceof Error ? cause.message : 'no reason was given'}.`,
    nextStep: 'See who holds the table (pg_locks); Lakegate tries again by itself.',
    cause,
  })
}

function privilegesLost({ name }: DatabaseInstance): Fault {
  return new Fault({
    code: 'administration_lost_privileges',
    origin: 'configuration',
    message: `The administrative role of ${name} is no longer a superuser, but the bindings of its roles are kept where only a superuser may read and write them.`,
    nextStep: 'Give it SUPERUSER again, or attach the cluster anew and bind its roles again.',
  })
}
