/**
 * What logins and requests ask about identities. Two more interfaces are near: `IdentityStore` (identities.ts) holds the
 * whole records that SCIM shows and changes, and `RoleBindingStore` the roles of attached clusters.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity, IdentityType, Principal } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../../domain/ids.ts'
import type { WorkspacePermission } from '../../domain/workspace.ts'
import type { GroupFacts, PrincipalFacts } from '../../policy/login.ts'

/** One query on the system database, at every login: nothing here may be remembered (DESIGN §5). */
export interface LoginDirectory {
  loadLoginFacts(question: {
    /** To be told of the instance too; undefined where it was read already. */
    readonly instanceUid?: InstanceUid | undefined
    readonly identityId: IdentityId
    readonly workspaceId: WorkspaceId
    /** The group that the role is bound to, if any. */
    readonly groupId: IdentityId | undefined
  }): Promise<{
    readonly instance?: DatabaseInstance | undefined
    readonly identity: PrincipalFacts | undefined
    readonly group: GroupFacts | undefined
  }>
}

/** Who somebody is and what they are assigned to, as requests ask it. */
export interface Directory {
  /** A user or service principal, wherever it is assigned. */
  loadPrincipal(id: IdentityId): Promise<KnownPrincipal | undefined>
  /** Of users, service principals and groups, in the order of the ids; one that is gone has none. */
  loadNamesOf(ids: readonly IdentityId[]): Promise<readonly string[]>
  /** Only what is assigned to the workspace, directly or through groups. Exact by kind: user name (any letter case), application id, or group display name (exact). */
  findAssignedByName(
    workspaceId: WorkspaceId,
    type: IdentityType,
    name: string,
  ): Promise<Identity | undefined>
  /** Everything that a request asks about its caller, in one query. */
  loadCaller(
    id: IdentityId,
    workspaceId: WorkspaceId,
  ): Promise<
    | {
        readonly principal: KnownPrincipal
        readonly permission: WorkspacePermission | undefined
        readonly groupIds: readonly IdentityId[]
      }
    | undefined
  >
  /** To a workspace, directly or through groups, and those groups: one query. */
  loadAssignment(
    id: IdentityId,
    workspaceId: WorkspaceId,
  ): Promise<{
    readonly permission: WorkspacePermission | undefined
    readonly groupIds: readonly IdentityId[]
  }>
}

/** A principal as a request is answered for it. */
export interface KnownPrincipal extends Principal {
  readonly isAccountAdmin: boolean
}
