/**
 * Where a page of the directory is: below Identity and access it shows this workspace, below Account the whole account.
 */
import { useLocation } from '@tanstack/react-router'
import type { IdentityKind, Place } from '../../data/directory.ts'

export function usePlace(): Place {
  return useLocation().pathname.startsWith('/account/') ? 'account' : 'workspace'
}

const SUBJECT: Readonly<Record<Place, string>> = { workspace: '/identity', account: '/account' }
const FOLDER: Readonly<Record<IdentityKind, string>> = {
  Users: 'users',
  ServicePrincipals: 'service-principals',
  Groups: 'groups',
}

export const listPath = (place: Place, kind: IdentityKind): string => `${SUBJECT[place]}/${FOLDER[kind]}`

export const pagePath = (place: Place, kind: IdentityKind, id: string): string =>
  `${listPath(place, kind)}/${encodeURIComponent(id)}`

/** SCIM names the kind of a member in the singular. */
export const kindOfMember = (type: string): IdentityKind =>
  type === 'Group' ? 'Groups' : type === 'ServicePrincipal' ? 'ServicePrincipals' : 'Users'
