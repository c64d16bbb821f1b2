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
 * Every change is one call and one transaction, and is made completely or not at all (RFC 7644 §3.5.2). Decisions that
 * depend on the state of an identity are made while its row is locked, by a function that reads nothing else.
 */
export interface IdentityStore {
  /**
   * Creates the identity, assigns it to a workspace and adds members, or does nothing. If the account already has an
   * identity with this name that is not in the workspace, that one is assigned unchanged; this does not apply to
   * groups.
   */
  createIdentity(
    identity: NewIdentity,
    also: { readonly assignTo: WorkspaceId | undefined; readonly members: readonly IdentityId[] },
  ): Promise<IdentityRecord | DirectoryConflict>
  /**
   * Undefined when there is no identity of that type in the scope. @throws what `decide` throws; then nothing is
   * changed
   */
  changeIdentity(
    scope: DirectoryScope,
    target: IdentityTarget,
    decide: (current: IdentityRecord) => DirectoryChange,
  ): Promise<IdentityRecord | undefined | DirectoryConflict>
  /**
   * Deleting an identity also deletes its secrets, tokens, memberships and assignments. False when there is no identity
   * of that type in the scope.
   * @param decide gets the workspaces to which the identity itself is assigned
   * @throws what `decide` throws; then nothing is changed
   */
  removeIdentity(
    scope: DirectoryScope,
    target: IdentityTarget,
    decide: (current: IdentityRecord, assignedTo: readonly WorkspaceId[]) => Removal,
  ): Promise<boolean>
  /** With a workspace: only identities assigned to it, directly or through groups. Without: no system groups. */
  loadRecord(scope: DirectoryScope, id: IdentityId): Promise<IdentityRecord | undefined>
  /** In the whole account: user names in any letter case, other names exactly; no system groups. */
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
  /** For each identity: the groups within the scope that contain it, directly or through groups. */
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
  /** Members of a group. New members must be within the scope. */
  readonly members: MembershipChange | undefined
  /** Members of the system group `admins`, which are the identities assigned to the workspace as ADMIN. */
  readonly administrators?:
    | { readonly workspaceId: WorkspaceId; readonly change: Pick<MembershipChange, 'add' | 'remove'> }
    | undefined
}

export interface MembershipChange {
  /** Members that are not named are removed. */
  readonly replace: readonly IdentityId[] | undefined
  readonly add: readonly IdentityId[]
  readonly remove: readonly IdentityId[]
  /** Members before the change that match are also removed, before any are added. */
  readonly removeWhere?: ElementFilter | undefined
}

export type Removal =
  { readonly from: 'account' } | { readonly from: 'workspace'; readonly workspaceId: WorkspaceId }

/** Why a change cannot be made; then nothing has been changed. */
export type DirectoryConflict =
  /** The name is taken, or looks the same as one that is taken (domain/name-keys.ts). */
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
