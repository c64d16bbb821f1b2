/** An identity with everything that the directory keeps about it, and the queries that the directory answers. */
import type { Filter } from './filter.ts'
import type { Identity, IdentityType } from './identity.ts'
import type { AccountId, IdentityId, WorkspaceId } from './ids.ts'

/**
 * Groups that every workspace has: `users` are all identities assigned to it, `admins` those assigned as
 * administrators.
 */
export const SYSTEM_GROUPS = ['users', 'admins'] as const
export type SystemGroup = (typeof SYSTEM_GROUPS)[number]

export interface IdentityRecord extends Identity {
  readonly externalId: string | undefined
  readonly givenName: string | undefined
  readonly familyName: string | undefined
  /** Counts the changes; the ETag is made from it. */
  readonly version: string
  /**
   * The workspace that created the identity, and whose administrators may change it; undefined when it belongs to the
   * account.
   */
  readonly homeWorkspaceId: WorkspaceId | undefined
  readonly systemGroup: SystemGroup | undefined
  readonly isAccountAdmin: boolean
  /** Roles other than account administrator. They are stored and shown, and grant nothing here. */
  readonly roles: readonly KeptValue[]
  /** Stored and shown like `roles`, and grant nothing here. */
  readonly entitlements: readonly KeptValue[]
  /** What is wrong with its names, if it was made before the rules for names (domain/names.ts). */
  readonly nameProblem: string | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** One element of a list that is kept as it was written (RFC 7643 §2.4). */
export interface KeptValue {
  readonly value: string
  readonly display?: string | undefined
  readonly type?: string | undefined
  readonly primary?: boolean | undefined
}

/** What a change may set; attributes that are absent stay as they are. */
export interface IdentityChange {
  readonly name?: string
  readonly displayName?: string
  readonly active?: boolean
  readonly externalId?: string | undefined
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
  readonly isAccountAdmin?: boolean
  readonly roles?: readonly KeptValue[]
  readonly entitlements?: readonly KeptValue[]
}

/** Where to look for an identity: in one workspace, or in the whole account. */
export interface DirectoryScope {
  readonly accountId: AccountId
  readonly workspaceId: WorkspaceId | undefined
}

/** One end of a membership, as it is shown. */
export interface IdentityReference {
  readonly id: IdentityId
  readonly type: IdentityType
  readonly displayName: string
}

/** A group that an identity is a member of. */
export interface GroupReference extends IdentityReference {
  /** False when the membership is only through other groups. */
  readonly isDirect: boolean
}

/** The attributes by which a filter or a sort order may select. */
export const FILTER_ATTRIBUTES = [
  'id',
  'name',
  'displayName',
  'active',
  'externalId',
  'givenName',
  'familyName',
  'createdAt',
  'updatedAt',
  'member',
  'nameProblem',
] as const
export type FilterAttribute = (typeof FILTER_ATTRIBUTES)[number]

export const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** A condition on one attribute. */
export type AttributeCondition<Attribute> =
  | { readonly kind: 'present'; readonly attribute: Attribute }
  | {
      readonly kind: 'compare'
      readonly attribute: Attribute
      readonly comparison: Comparison
      readonly value: string | boolean | null
    }

/** Lists whose elements a filter may match: `members[type eq "User" and value eq "7"]`. */
export type FilteredList = 'members' | 'roles' | 'entitlements'
export const ELEMENT_ATTRIBUTES = ['value', 'display', 'type', 'primary'] as const
export type ElementAttribute = (typeof ELEMENT_ATTRIBUTES)[number]
/** A filter on one element of a list. */
export type ElementFilter = Filter<AttributeCondition<ElementAttribute>>

export type IdentityFilter = Filter<
  | AttributeCondition<FilterAttribute>
  /** A condition on an attribute that has the same value for every identity. */
  | { readonly kind: 'always'; readonly value: boolean }
  /** A single element must satisfy the whole filter. */
  | { readonly kind: 'some'; readonly of: FilteredList; readonly element: ElementFilter }
>
