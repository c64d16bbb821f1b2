/** The name of an identity, and its icon, by its kind. */
import type { ScimGroup, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import type { IdentityKind } from '../../data/directory.ts'
import type { PrincipalType } from '../../kit/badge.tsx'

export type AnyIdentity = ScimUser | ScimServicePrincipal | ScimGroup

/** The name with which it signs in for a user; the display name for the others. */
export const nameOf = (identity: AnyIdentity): string =>
  'userName' in identity ? identity.userName : identity.displayName

export const principalTypeOf = (kind: IdentityKind): Exclude<PrincipalType, 'PG_ONLY'> =>
  kind === 'Users' ? 'USER' : kind === 'Groups' ? 'GROUP' : 'SERVICE_PRINCIPAL'

export const isSystemGroup = (identity: AnyIdentity): boolean =>
  identity.meta.resourceType === 'WorkspaceGroup'

export const isAccountAdmin = (identity: AnyIdentity): boolean =>
  identity.roles.some(({ value }) => value === 'account_admin')
