/** Database instances in the system database. */
import type { AttachedCluster } from '../../domain/attached-cluster.ts'
import type {
  DatabaseInstance,
  InstanceFault,
  InstanceListener,
  InstanceSettings,
  InstanceState,
} from '../../domain/database-instance.ts'
import type { Identity } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../../domain/ids.ts'
import type { InstancePermissionLevel } from '../../policy/permissions.ts'
import type { NewAttachment } from './attached.ts'
import type { StartedCluster } from './clusters.ts'

/** Reads one instance by its immutable id; never cached. */
export interface InstanceLookup {
  loadInstance(uid: InstanceUid): Promise<DatabaseInstance | undefined>
}

/** Instances, as the REST API uses them. */
export interface InstanceStore extends InstanceLookup {
  findByName(workspaceId: WorkspaceId, name: string): Promise<DatabaseInstance | undefined>
  /** Ordered by creation time and uid, starting after `after`, which need not exist any more. */
  listPage(
    workspaceId: WorkspaceId,
    page: {
      readonly after: { readonly createdAt: Date; readonly uid: InstanceUid } | undefined
      readonly size: number
    },
  ): Promise<readonly DatabaseInstance[]>
  /** Counted as for the workspace's limit. */
  count(workspaceId: WorkspaceId): Promise<number>
  /** Every instance of the installation that exists, for the supervisor. */
  listAll(): Promise<readonly DatabaseInstance[]>
  /**
   * Counts the instances of the workspace and inserts in one transaction; creations in the same workspace wait for each
   * other.
   */
  insert(
    instance: NewDatabaseInstance,
    options: { readonly atMost: number },
  ): Promise<DatabaseInstance | 'name_taken' | 'limit_reached'>
  /**
   * Changes settings and state in one statement, so that readers never see one without the other; and only if both are
   * still as observed, so that no change overwrites another unseen. Undefined when they are not, or the row is gone.
   */
  updateSettings(
    observed: DatabaseInstance,
    change: { readonly settings: InstanceSettings; readonly state: InstanceState },
  ): Promise<DatabaseInstance | undefined>
  /** Changes the state, only if settings and state are still as observed; undefined when not, or the row is gone. */
  updateState(observed: DatabaseInstance, state: InstanceState): Promise<DatabaseInstance | undefined>
  /** As `updateSettings`, for the data of an attached cluster; with an undefined password, the stored one stays. */
  updateAttachedCluster(
    observed: DatabaseInstance,
    change: {
      readonly cluster: AttachedCluster
      readonly encryptedPassword: Uint8Array | undefined
      readonly state: InstanceState
    },
  ): Promise<DatabaseInstance | undefined>
  recordFault(uid: InstanceUid, fault: InstanceFault | undefined): Promise<void>
  recordCluster(uid: InstanceUid, cluster: StartedCluster): Promise<void>
  recordListener(uid: InstanceUid, listener: InstanceListener): Promise<void>
  /** Undefined when there is no pooled listener any more. */
  recordPooledListener(uid: InstanceUid, listener: InstanceListener | undefined): Promise<void>
  /** The name is free again afterwards; the uid is never used again. */
  remove(uid: InstanceUid): Promise<void>
  /** The strongest level granted to any of these identities on the instance. */
  loadPermission(
    uid: InstanceUid,
    identityIds: readonly IdentityId[],
  ): Promise<InstancePermissionLevel | undefined>
  /** The same for all instances of a workspace that have grants. @param identityIds at least one */
  loadPermissionsIn(
    workspaceId: WorkspaceId,
    identityIds: readonly IdentityId[],
  ): Promise<ReadonlyMap<InstanceUid, InstancePermissionLevel>>
  /** All grants, ordered by identity. */
  listPermissions(uid: InstanceUid): Promise<readonly InstanceGrant[]>
  /** In one transaction; with `keepOthers`, identities that are not named keep their grants. */
  replacePermissions(
    uid: InstanceUid,
    grants: readonly { readonly identityId: IdentityId; readonly level: InstancePermissionLevel }[],
    options: { readonly keepOthers: boolean },
  ): Promise<void>
}

export interface InstanceGrant {
  readonly identity: Identity
  readonly level: InstancePermissionLevel
}

export interface NewDatabaseInstance {
  readonly uid: InstanceUid
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly settings: InstanceSettings
  readonly state: InstanceState
  readonly creatorId: IdentityId
  readonly creatorName: string
  readonly createdAt: Date
  readonly listener: InstanceListener
  /** Undefined: an embedded instance. */
  readonly attached?: NewAttachment | undefined
}

/** Reports when a database instance was created, changed or removed, by any process. */
export interface InstanceChanges {
  /** Calls back soon after each change; several changes may lead to one call. @returns a function that stops it */
  onInstanceChange(callback: () => void): () => void
}
