/**
 * What logins and requests ask about identities. Two related interfaces: `IdentityStore` (identities.ts) holds the full
 * records that SCIM shows and changes, and `RoleBindingStore` the bindings of roles of attached clusters.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity, IdentityType, Principal } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../../domain/ids.ts'
import type { WorkspacePermission } from '../../domain/workspace.ts'
import type { GroupFacts, PrincipalFacts } from '../../policy/login.ts'

/** One query on the system database at every login: its results must never be cached (DESIGN §5). */
export interface LoginDirectory {
  loadLoginFacts(question: {
    /** Set to load the instance as well; undefined when it has been read already. */
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

/** Identities and their assignments, as requests ask for them. */
export interface Directory {
  /** A user or service principal, whatever it is assigned to. */
  loadPrincipal(id: IdentityId): Promise<KnownPrincipal | undefined>
  /** Names of users, service principals and groups, in the order of the ids; deleted ones are left out. */
  loadNamesOf(ids: readonly IdentityId[]): Promise<readonly string[]>
  /**
   * Only identities that are assigned to the workspace, directly or through groups. Found by user name (any letter
   * case), application id, or group display name (exact).
   */
  findAssignedByName(
    workspaceId: WorkspaceId,
    type: IdentityType,
    name: string,
  ): Promise<Identity | undefined>
  /** Everything that a request needs to know about its caller, in one query. */
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
  /** The assignment to a workspace, directly or through groups, and those groups: one query. */
  loadAssignment(
    id: IdentityId,
    workspaceId: WorkspaceId,
  ): Promise<{
    readonly permission: WorkspacePermission | undefined
    readonly groupIds: readonly IdentityId[]
  }>
}

/** A principal with what requests need to know about it. */
export interface KnownPrincipal extends Principal {
  readonly isAccountAdmin: boolean
}
