import type { AttachedCluster, RoleBindings } from './attached-cluster.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from './ids.ts'

/** behaviour 63. FAILING_OVER belongs to instances with several nodes, which only attached clusters have. */
export const INSTANCE_STATES = [
  'STARTING',
  'AVAILABLE',
  'STOPPED',
  'UPDATING',
  'FAILING_OVER',
  'DELETING',
] as const
export type InstanceState = (typeof INSTANCE_STATES)[number]

export const CAPACITIES = ['CU_1', 'CU_2', 'CU_4', 'CU_8'] as const
export type Capacity = (typeof CAPACITIES)[number]

const DEFAULT_CAPACITY: Capacity = 'CU_2'
export const DEFAULT_RETENTION_DAYS = 7
export const RETENTION_DAYS = { least: 2, most: 35 } as const

/** The settings that the creator asked for; undefined means the default, and the API distinguishes the two. */
export interface InstanceSettings {
  readonly capacity: Capacity | undefined
  readonly stopped: boolean | undefined
  readonly nodeCount: number | undefined
  readonly enableReadableSecondaries: boolean | undefined
  readonly enablePgNativeLogin: boolean | undefined
  readonly retentionWindowInDays: number | undefined
  readonly usagePolicyId: string | undefined
  readonly customTags: readonly CustomTag[] | undefined
  readonly sessionPolicy: SessionPolicy | undefined
  /** Lakegate's own: `wal_level = logical`, for change data capture. */
  readonly enableLogicalReplication: boolean | undefined
}

/** Lakegate's own: when an open session is ended. By default it never is (behaviours 19, 45). */
export interface SessionPolicy {
  readonly endOnTokenExpiry: boolean
  readonly endOnMembershipLoss: boolean
}

export interface CustomTag {
  readonly key: string
  readonly value: string
}

/** A fault of the instance that its users can see: what happened and what to do next. */
export interface InstanceFault {
  readonly code: string
  readonly message: string
  readonly nextStep: string | undefined
  readonly since: Date
}

export interface DatabaseInstance {
  readonly uid: InstanceUid
  readonly workspaceId: WorkspaceId
  /** Unique among the live instances of a workspace; compared exactly. */
  readonly name: string
  readonly settings: InstanceSettings
  readonly state: InstanceState
  readonly fault: InstanceFault | undefined
  /** Owner for permissions: always the creator (behaviour 54). */
  readonly creatorId: IdentityId
  /** The creator's name when the instance was made; the name of the owner role. */
  readonly creatorName: string
  readonly createdAt: Date
  /** PostgreSQL major version, e.g. 18; undefined until the cluster exists. */
  readonly pgMajorVersion: number | undefined
  /** `pg_control_system().system_identifier`, written at first start; guards against foreign data directories. */
  readonly systemIdentifier: string | undefined
  /** Where the gateway listens for this instance. */
  readonly listener: InstanceListener
  /** Where the gateway listens for sessions that share backends; undefined until it does. */
  readonly pooledListener: InstanceListener | undefined
  readonly backend: InstanceBackend
}

/** Where the gateway and the control plane reach PostgreSQL. */
export type InstanceBackend =
  /** Directory of the Unix socket of the postmaster; undefined until the cluster exists. */
  { readonly kind: 'embedded'; readonly socketDirectory: string | undefined } | AttachedBackend

export interface AttachedBackend {
  readonly kind: 'attached'
  readonly cluster: AttachedCluster
  /** Undefined until the cluster was reached for the first time; the same from then on. */
  readonly bindings: RoleBindings | undefined
}

/**
 * `host` is what the API reports as `read_write_dns`; `port` has no field there, and is 5432 unless that port was
 * taken.
 */
export interface InstanceListener {
  readonly host: string
  readonly port: number | undefined
  /** The port that it returns to as soon as it is free; undefined before it first listened, and under a domain. */
  readonly ownPort?: number | undefined
}

const NAME = /^[A-Za-z][A-Za-z0-9-]{0,62}$/

/** 1–63 letters, digits and hyphens, beginning with a letter. */
export const isInstanceName = (name: string): boolean => NAME.test(name)

export const effectiveStopped = (settings: InstanceSettings): boolean => settings.stopped ?? false
export const nativeLoginEnabled = (settings: InstanceSettings): boolean =>
  settings.enablePgNativeLogin ?? false
export const logicalReplicationEnabled = (settings: InstanceSettings): boolean =>
  settings.enableLogicalReplication ?? false
export const effectiveCapacity = (settings: InstanceSettings): Capacity =>
  settings.capacity ?? DEFAULT_CAPACITY
export const effectiveSessionPolicy = (settings: InstanceSettings): SessionPolicy =>
  settings.sessionPolicy ?? { endOnTokenExpiry: false, endOnMembershipLoss: false }
