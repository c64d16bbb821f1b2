/**
 * The principals of the workspace: searched by text for pickers, and looked up by id where an answer contains only ids.
 */
import type { ScimGroup, ScimListResponse, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'

export type PrincipalKind = 'USER' | 'GROUP' | 'SERVICE_PRINCIPAL'

/** A principal of the workspace, by the name that roles and permissions use. */
export interface Principal {
  readonly id: string
  readonly type: PrincipalKind
  /** User name, application id, or name of the group. */
  readonly name: string
  readonly displayName: string
}

/** Only account administrators may search the account. */
export type DirectoryPlace = 'workspace' | 'account'

const SCIM: Readonly<Record<DirectoryPlace, string>> = {
  workspace: '/2.0/preview/scim/v2',
  account: '/2.0/account/scim/v2',
}
const COLLECTIONS: Readonly<Record<PrincipalKind, string>> = {
  USER: 'Users',
  GROUP: 'Groups',
  SERVICE_PRINCIPAL: 'ServicePrincipals',
}
/** The attributes that are searched. */
const SEARCHED: Readonly<Record<PrincipalKind, readonly string[]>> = {
  USER: ['userName', 'displayName'],
  GROUP: ['displayName'],
  SERVICE_PRINCIPAL: ['applicationId', 'displayName'],
}
const ATTRIBUTES = 'id,userName,displayName,applicationId'
const MOST_FOUND = 20
/** The filter is part of the URL, and the URL must stay short. */
const IDS_AT_ONCE = 50

type ScimPrincipal = Partial<
  Pick<ScimUser & ScimServicePrincipal & ScimGroup, 'userName' | 'applicationId'>
> & {
  readonly id: string
  readonly displayName?: string
}

/** @param text as typed; an empty text finds the first principals of each type */
export const principalSearchQuery = (
  text: string,
  types: readonly PrincipalKind[],
  place: DirectoryPlace = 'workspace',
) =>
  queryOptions({
    queryKey: ['identities', 'search', place, types, text],
    queryFn: async ({ signal }) => {
      const found = await Promise.all(
        types.map((type) => list(place, type, searchFilter(type, text), MOST_FOUND, signal)),
      )
      return found.flat()
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })

/** Only those in the workspace are returned; a missing one was deleted, or is no longer in the workspace. */
export const principalsByIdQuery = (
  type: PrincipalKind,
  ids: readonly string[],
  place: DirectoryPlace = 'workspace',
) => {
  const asked = [...new Set(ids)].sort()
  return queryOptions({
    queryKey: ['identities', 'by-id', place, type, asked],
    queryFn: async ({ signal }) => {
      const parts = chunksOf(asked, IDS_AT_ONCE)
      const found = await Promise.all(
        parts.map((part) =>
          list(place, type, part.map((id) => `id eq ${quoted(id)}`).join(' or '), IDS_AT_ONCE, signal),
        ),
      )
      return found.flat()
    },
    enabled: asked.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
}

/** A group with its direct members. */
export const groupQuery = (id: string) =>
  queryOptions({
    queryKey: ['identities', 'group', id],
    queryFn: ({ signal }) => get<ScimGroup>(`${SCIM.workspace}/Groups/${encodeURIComponent(id)}`, {}, signal),
  })

const searchFilter = (type: PrincipalKind, text: string): string | undefined =>
  text === '' ? undefined : SEARCHED[type].map((attribute) => `${attribute} co ${quoted(text)}`).join(' or ')

/** A value of a SCIM filter is a JSON string (RFC 7644 §3.4.2.2). */
const quoted = (value: string): string => JSON.stringify(value)

async function list(
  place: DirectoryPlace,
  type: PrincipalKind,
  filter: string | undefined,
  count: number,
  signal: AbortSignal,
): Promise<readonly Principal[]> {
  const answer = await get<ScimListResponse<ScimPrincipal>>(
    `${SCIM[place]}/${COLLECTIONS[type]}`,
    { filter, count, attributes: ATTRIBUTES },
    signal,
  )
  return answer.Resources.map((resource) => {
    const displayName = resource.displayName ?? ''
    const name = resource.userName ?? resource.applicationId ?? displayName
    return { id: resource.id, type, name, displayName: displayName === '' ? name : displayName }
  })
}

function chunksOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
