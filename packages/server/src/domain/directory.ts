/** An identity with everything that the directory keeps of it, and what can be asked of the directory. */
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
  /** What is wrong with its names, when it is older than the rules for them (domain/names.ts). */
  readonly nameProblem: string | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
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

/** A filter as a tree (RFC 7644 §3.4.2.2). */
export type IdentityFilter =
  | { readonly kind: 'and' | 'or'; readonly left: IdentityFilter; readonly right: IdentityFilter }
  | { readonly kind: 'not'; readonly operand: IdentityFilter }
  | { readonly kind: 'present'; readonly attribute: FilterAttribute }
  | {
      readonly kind: 'compare'
      readonly attribute: FilterAttribute
      readonly comparison: Comparison
      readonly value: string | boolean | null
    }
