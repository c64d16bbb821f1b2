/** The directory as SCIM keeps it: users, service principals, groups and their members. */
import type {
  DirectoryScope,
  FilterAttribute,
  IdentityChange,
  IdentityFilter,
  IdentityRecord,
  IdentityReference,
} from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import type { AccountId, IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { WorkspacePermission } from '../../domain/workspace.ts'

export interface IdentityStore {
  /** With an assignment, both in one transaction. */
  createIdentity(
    identity: NewIdentity,
    assignment: { readonly workspaceId: WorkspaceId; readonly permission: WorkspacePermission } | undefined,
  ): Promise<IdentityRecord | 'name_taken'>
  /** Within a workspace: only what is assigned to it, directly or through groups. */
  loadIdentity(scope: DirectoryScope, id: IdentityId): Promise<IdentityRecord | undefined>
  /** In the whole account: user names in any letter case, group names exactly; no system groups. */
  findIdentity(accountId: AccountId, type: IdentityType, name: string): Promise<IdentityRecord | undefined>
  /** Ordered by `sortBy`, then by id. */
  listIdentities(
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
  /** Undefined when it is gone, or not of the expected version any more. */
  updateIdentity(
    id: IdentityId,
    change: IdentityChange,
    expectedVersion: string | undefined,
  ): Promise<IdentityRecord | undefined | 'name_taken'>
  /** True when there was one; secrets, tokens, memberships and assignments go with it. Never a system group. */
  deleteIdentity(id: IdentityId): Promise<boolean>
  /** Direct members, by group. */
  listMembers(groupIds: readonly IdentityId[]): Promise<ReadonlyMap<IdentityId, readonly IdentityReference[]>>
  /** The groups inside the scope that directly contain an identity, by identity. */
  listDirectGroups(
    scope: DirectoryScope,
    ids: readonly IdentityId[],
  ): Promise<ReadonlyMap<IdentityId, readonly IdentityReference[]>>
  /** All of it or nothing. New members must be inside the scope; `replace` removes whatever it does not name. */
  changeMembers(
    scope: DirectoryScope,
    groupId: IdentityId,
    change: MembershipChange,
  ): Promise<
    'changed' | { readonly problem: 'unknown_member' | 'circle' | 'too_deep'; readonly id: IdentityId }
  >
}

export interface MembershipChange {
  readonly replace: readonly IdentityId[] | undefined
  readonly add: readonly IdentityId[]
  readonly remove: readonly IdentityId[]
}

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
}
