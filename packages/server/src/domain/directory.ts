/** An identity with everything that the directory keeps of it, and what can be asked of the directory. */
import type { Filter } from './filter.ts'
import type { Identity, IdentityType } from './identity.ts'
import type { AccountId, IdentityId, WorkspaceId } from './ids.ts'

/** Groups that every workspace has: all that is assigned to it, and all that is assigned as administrator. */
export const SYSTEM_GROUPS = ['users', 'admins'] as const
export type SystemGroup = (typeof SYSTEM_GROUPS)[number]

export interface IdentityRecord extends Identity {
  readonly externalId: string | undefined
  readonly givenName: string | undefined
  readonly familyName: string | undefined
  /** Counts the changes; what an ETag is made of. */
  readonly version: string
  /** The workspace that made it, whose administrators may change it; undefined when the account keeps it. */
  readonly homeWorkspaceId: WorkspaceId | undefined
  readonly systemGroup: SystemGroup | undefined
  readonly isAccountAdmin: boolean
  /** Others than that of an account administrator. They are kept and shown, and open nothing here. */
  readonly roles: readonly KeptValue[]
  /** Likewise. */
  readonly entitlements: readonly KeptValue[]
  /** What is wrong with its names, when it is older than the rules for them (domain/names.ts). */
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

/** What a change may touch; what is absent stays. */
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

/** Where an identity is looked for: in one workspace, or in the whole account. */
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

/** A group that somebody is in. */
export interface GroupReference extends IdentityReference {
  /** Not only through other groups. */
  readonly isDirect: boolean
}

/** The attributes that a filter or an order may name. */
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

/** What a filter may say of one attribute. */
export type AttributeCondition<Attribute> =
  | { readonly kind: 'present'; readonly attribute: Attribute }
  | {
      readonly kind: 'compare'
      readonly attribute: Attribute
      readonly comparison: Comparison
      readonly value: string | boolean | null
    }

/** Lists whose elements a filter may describe: `members[type eq "User" and value eq "7"]`. */
export type FilteredList = 'members' | 'roles' | 'entitlements'
export const ELEMENT_ATTRIBUTES = ['value', 'display', 'type', 'primary'] as const
export type ElementAttribute = (typeof ELEMENT_ATTRIBUTES)[number]
/** About one element of a list. */
export type ElementFilter = Filter<AttributeCondition<ElementAttribute>>

export type IdentityFilter = Filter<
  | AttributeCondition<FilterAttribute>
  /** Of an attribute that is the same for everybody. */
  | { readonly kind: 'always'; readonly value: boolean }
  /** One element is all of it. */
  | { readonly kind: 'some'; readonly of: FilteredList; readonly element: ElementFilter }
>
