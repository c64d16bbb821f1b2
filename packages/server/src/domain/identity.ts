import type { IdentityId } from './ids.ts'

/** The kinds of identity that a role can be bound to (behaviour 31). */
export const IDENTITY_TYPES = ['USER', 'SERVICE_PRINCIPAL', 'GROUP'] as const
export type IdentityType = (typeof IDENTITY_TYPES)[number]

/** An identity that can hold a token; a group cannot. */
export type PrincipalType = Exclude<IdentityType, 'GROUP'>

/**
 * `name` is what PostgreSQL uses as the role name: the user name (an e-mail address), the application id of a service
 * principal, or the display name of a group.
 */
export interface Identity {
  readonly id: IdentityId
  readonly type: IdentityType
  readonly name: string
  readonly displayName: string
  readonly active: boolean
}

export interface Principal extends Identity {
  readonly type: PrincipalType
}

/** Clients send `identity_type` in any letter case (behaviour 32). */
export function parseIdentityType(text: string): IdentityType | undefined {
  const upper = text.toUpperCase()
  return IDENTITY_TYPES.find((type) => type === upper)
}
