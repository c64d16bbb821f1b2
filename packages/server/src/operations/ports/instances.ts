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

/** Reading one instance by its immutable id, fresh at every call. */
export interface InstanceLookup {
  loadInstance(uid: InstanceUid): Promise<DatabaseInstance | undefined>
}

/** Instances as the REST API works with them. */
export interface InstanceStore extends InstanceLookup {
  findByName(workspaceId: WorkspaceId, name: string): Promise<DatabaseInstance | undefined>
  /** Ordered by creation and uid, beginning behind `after`, which need not exist any more. */
  listPage(
    workspaceId: WorkspaceId,
    page: {
      readonly after: { readonly createdAt: Date; readonly uid: InstanceUid } | undefined
      readonly size: number
    },
  ): Promise<readonly DatabaseInstance[]>
  /** As a creation counts them against the limit of the workspace. */
  count(workspaceId: WorkspaceId): Promise<number>
  /** Every live instance of the installation, for the supervisor. */
  listAll(): Promise<readonly DatabaseInstance[]>
  /** Counts the instances of the workspace and inserts in one transaction; creations of one workspace queue up. */
  insert(
    instance: NewDatabaseInstance,
    options: { readonly atMost: number },
  ): Promise<DatabaseInstance | 'name_taken' | 'limit_reached'>
  /**
   * Changes settings and state in one statement, so that nobody sees one without the other, and only if both
   * are still as observed, so that no change overrules another unseen. Undefined when they are not, or the row is gone.
   */
  updateSettings(
    observed: DatabaseInstance,
    change: { readonly settings: InstanceSettings; readonly state: InstanceState },
  ): Promise<DatabaseInstance | undefined>
  /** Changes the state, only if settings and state are still as observed; undefined when not, or the row is gone. */
  updateState(observed: DatabaseInstance, state: InstanceState): Promise<DatabaseInstance | undefined>
  /** As `updateSettings`, for what is known of an attached cluster; an undefined password stays as it is. */
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
  /** Undefined when there is none any more. */
  recordPooledListener(uid: InstanceUid, listener: InstanceListener | undefined): Promise<void>
  /** The name is free again afterwards; the uid is never used again. */
  remove(uid: InstanceUid): Promise<void>
  /** The strongest level granted to any of these identities on the instance. */
  loadPermission(
    uid: InstanceUid,
    identityIds: readonly IdentityId[],
  ): Promise<InstancePermissionLevel | undefined>
  /** The same for all instances of a workspace on which anything was granted. @param identityIds one at least */
  loadPermissionsIn(
    workspaceId: WorkspaceId,
    identityIds: readonly IdentityId[],
  ): Promise<ReadonlyMap<InstanceUid, InstancePermissionLevel>>
  /** What was granted, ordered by identity. */
  listPermissions(uid: InstanceUid): Promise<readonly InstanceGrant[]>
  /** In one transaction; with `keepOthers`, identities that are not named keep what they have. */
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
  /** Undefined: an embedded one. */
  readonly attached?: NewAttachment | undefined
}

/** Tells when a database instance was made, changed or removed, from whichever process. */
export interface InstanceChanges {
  /** Calls back soon after each change; several changes may be one call. Returns the way to stop. */
  onInstanceChange(callback: () => void): () => void
}
