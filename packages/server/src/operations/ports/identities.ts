/** The directory as SCIM shows and changes it: whole records of users, service principals, groups and their members. */
import type {
  DirectoryScope,
  ElementFilter,
  FilterAttribute,
  GroupReference,
  IdentityChange,
  IdentityFilter,
  IdentityRecord,
  IdentityReference,
  KeptValue,
} from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import type { AccountId, IdentityId, WorkspaceId } from '../../domain/ids.ts'

/**
 * Every change is one call, one transaction, and happens as a whole or not at all (RFC 7644 §3.5.2). What is decided by
 * the state of an identity is decided while its row is locked, by a function that asks nothing else.
 */
export interface IdentityStore {
  /**
   * Assigned to a workspace, filled with members, or not made. An identity of the same name that the account has and the
   * workspace has not is assigned to it as it is; groups are not.
   */
  createIdentity(
    identity: NewIdentity,
    also: { readonly assignTo: WorkspaceId | undefined; readonly members: readonly IdentityId[] },
  ): Promise<IdentityRecord | DirectoryConflict>
  /** Undefined when there is none of that type in the scope. @throws what `decide` throws, and nothing is changed */
  changeIdentity(
    scope: DirectoryScope,
    target: IdentityTarget,
    decide: (current: IdentityRecord) => DirectoryChange,
  ): Promise<IdentityRecord | undefined | DirectoryConflict>
  /**
   * Secrets, tokens, memberships and assignments of what is deleted go with it. False when there is none of that type in
   * the scope.
   * @param decide is told the workspaces to which the identity itself is assigned
   * @throws what `decide` throws, and nothing is changed
   */
  removeIdentity(
    scope: DirectoryScope,
    target: IdentityTarget,
    decide: (current: IdentityRecord, assignedTo: readonly WorkspaceId[]) => Removal,
  ): Promise<boolean>
  /** Within a workspace: only what is assigned to it, directly or through groups. Outside: no system groups. */
  loadRecord(scope: DirectoryScope, id: IdentityId): Promise<IdentityRecord | undefined>
  /** In the whole account: user names in any letter case, all others exactly; no system groups. */
  findRecordByName(
    accountId: AccountId,
    type: IdentityType,
    name: string,
  ): Promise<IdentityRecord | undefined>
  /** Ordered by `sortBy`, then by id. */
  listRecords(
    scope: DirectoryScope,
    type: IdentityType,
    question: {
      readonly filter: IdentityFilter | undefined
      readonly sortBy: FilterAttribute | undefined
      readonly descending: boolean
      readonly offset: number
      readonly limit: number
    },
  ): Promise<{ readonly total: number; readonly identities: readonly IdentityRecord[] }>
  /** Direct members, by group. */
  listMembersOfGroups(
    groupIds: readonly IdentityId[],
  ): Promise<ReadonlyMap<IdentityId, readonly IdentityReference[]>>
  /** The groups inside the scope that contain an identity, directly or through groups, by identity. */
  listGroupsAbove(
    scope: DirectoryScope,
    ids: readonly IdentityId[],
  ): Promise<ReadonlyMap<IdentityId, readonly GroupReference[]>>
}

export interface IdentityTarget {
  readonly type: IdentityType
  readonly id: IdentityId
}

export interface DirectoryChange {
  readonly attributes: IdentityChange
  /** Of a group. New members must be inside the scope. */
  readonly members: MembershipChange | undefined
  /** Of the system group `admins`, whose members are those assigned to the workspace as ADMIN. */
  readonly administrators?:
    | { readonly workspaceId: WorkspaceId; readonly change: Pick<MembershipChange, 'add' | 'remove'> }
    | undefined
}

export interface MembershipChange {
  /** Whatever it does not name is removed. */
  readonly replace: readonly IdentityId[] | undefined
  readonly add: readonly IdentityId[]
  readonly remove: readonly IdentityId[]
  /** Members before the change that are like this are removed as well, before anything is added. */
  readonly removeWhere?: ElementFilter | undefined
}

export type Removal =
  { readonly from: 'account' } | { readonly from: 'workspace'; readonly workspaceId: WorkspaceId }

/** Why a change cannot be made; nothing of it was. */
export type DirectoryConflict =
  /** Of the same name, or of one that people cannot tell from it (domain/name-keys.ts). */
  | { readonly conflict: 'name_taken' | 'name_looks_taken' }
  | { readonly conflict: 'unknown_member' | 'circle' | 'too_deep'; readonly id: IdentityId }

export interface NewIdentity {
  readonly accountId: AccountId
  readonly type: IdentityType
  readonly name: string
  readonly displayName: string
  readonly active: boolean
  readonly externalId: string | undefined
  readonly givenName: string | undefined
  readonly familyName: string | undefined
  readonly homeWorkspaceId: WorkspaceId | undefined
  readonly isAccountAdmin: boolean
  readonly roles?: readonly KeptValue[] | undefined
  readonly entitlements?: readonly KeptValue[] | undefined
}
