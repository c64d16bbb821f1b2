/**
 * The directory: users, service principals and groups, in this workspace or in the whole account. The two differ only
 * in their paths; the account is never requested for a person who may not see it.
 */
import type {
  IdentityAction,
  IdentityRightsAnswer,
  OpenSessionsAnswer,
  ScimGroup,
  ScimListResponse,
  ScimReference,
  ScimServicePrincipal,
  ScimUser,
} from '@lakegate/client'
import { keepPreviousData, infiniteQueryOptions, queryOptions, useQuery } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { queryClient } from './query-client.ts'

export type Place = 'workspace' | 'account'
export type IdentityKind = 'Users' | 'ServicePrincipals' | 'Groups'
export interface Resources {
  readonly Users: ScimUser
  readonly ServicePrincipals: ScimServicePrincipal
  readonly Groups: ScimGroup
}

const PATHS: Readonly<Record<Place, string>> = {
  workspace: '/2.0/preview/scim/v2',
  account: '/2.0/account/scim/v2',
}
const PAGE = 100
const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const pathOf = (place: Place, kind: IdentityKind, id?: string): string =>
  `${PATHS[place]}/${kind}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`

/** The attribute by which a kind is searched and sorted. */
const NAMED_BY: Readonly<Record<IdentityKind, string>> = {
  Users: 'userName',
  ServicePrincipals: 'displayName',
  Groups: 'displayName',
}

/** A SCIM string literal (RFC 7644 §3.4.2.2 uses those of JSON). */
const filterOf = (kind: IdentityKind, text: string): string | undefined =>
  text.trim() === '' ? undefined : `${NAMED_BY[kind]} co ${JSON.stringify(text.trim())}`

const directoryKeys = {
  all: ['directory'] as const,
  list: (place: Place, kind: IdentityKind, text: string) => ['directory', place, kind, 'list', text] as const,
  one: (place: Place, kind: IdentityKind, id: string) => ['directory', place, kind, 'one', id] as const,
}

/** Page by page, without the members of groups, because a group may have very many. */
export const directoryQuery = <Kind extends IdentityKind>(place: Place, kind: Kind, text: string) =>
  infiniteQueryOptions({
    queryKey: directoryKeys.list(place, kind, text),
    queryFn: ({ pageParam, signal }) =>
      get<ScimListResponse<Resources[Kind]>>(
        pathOf(place, kind),
        {
          filter: filterOf(kind, text),
          startIndex: pageParam,
          count: PAGE,
          sortBy: NAMED_BY[kind],
          excludedAttributes: 'members,groups',
        },
        signal,
      ),
    // The previous result stays until the next one arrives: a list that disappears at every key cannot be read.
    placeholderData: keepPreviousData,
    initialPageParam: 1,
    getNextPageParam: ({ startIndex, itemsPerPage, totalResults }) =>
      startIndex + itemsPerPage > totalResults ? undefined : startIndex + itemsPerPage,
  })

export const identityQuery = <Kind extends IdentityKind>(place: Place, kind: Kind, id: string) =>
  queryOptions({
    queryKey: directoryKeys.one(place, kind, id),
    queryFn: ({ signal }) => get<Resources[Kind]>(pathOf(place, kind, id), {}, signal),
  })

export const identityRightsQuery = (id: string) =>
  queryOptions({
    queryKey: ['directory', 'rights', id],
    queryFn: ({ signal }) =>
      get<IdentityRightsAnswer>(`/2.0/lakegate/identities/${encodeURIComponent(id)}/rights`, {}, signal),
  })

/** Undefined while it is not known yet. */
export function useMayWith(id: string, action: IdentityAction): boolean | undefined {
  return useQuery(identityRightsQuery(id)).data?.actions.includes(action)
}

export async function createIdentity<Kind extends IdentityKind>(
  place: Place,
  kind: Kind,
  body: Readonly<Record<string, unknown>>,
): Promise<Resources[Kind]> {
  const created = await send<Resources[Kind]>('POST', pathOf(place, kind), body)
  await forgetDirectory()
  return created
}

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path: string
  readonly value?: unknown
}

/**
 * @param ifMatch `meta.version` of what was read, so that a concurrent change of somebody else is reported and not
 * overwritten
 */
export async function patchIdentity(
  place: Place,
  kind: IdentityKind,
  id: string,
  operations: readonly PatchOperation[],
  ifMatch?: string,
): Promise<void> {
  await send(
    'PATCH',
    pathOf(place, kind, id),
    { schemas: [PATCH_SCHEMA], Operations: operations },
    ifMatch === undefined ? {} : { ifMatch },
  )
  await forgetDirectory()
}

export async function deleteIdentity(place: Place, kind: IdentityKind, id: string): Promise<void> {
  await send('DELETE', pathOf(place, kind, id))
  await forgetDirectory()
}

/** Invalidates the lists and pages, and the results of pickers (principals.ts). */
async function forgetDirectory(): Promise<void> {
  await Promise.all(
    [directoryKeys.all, ['identities']].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
  )
}

export interface EffectiveMember {
  readonly member: ScimReference
  /** Names of the groups in between, from the queried group down to the one that contains the member. */
  readonly path: readonly string[]
}

const MOST_MEMBERS = 1000
const MOST_GROUPS = 200

/** Who can sign in as a group: its members and the members of nested groups, each with the first path found. */
export const effectiveMembersQuery = (place: Place, id: string) =>
  queryOptions({
    queryKey: [...directoryKeys.one(place, 'Groups', id), 'effective'],
    async queryFn({ signal }) {
      const found = new Map<string, EffectiveMember>()
      const seen = new Set([id])
      const waiting: { readonly id: string; readonly path: readonly string[] }[] = [{ id, path: [] }]
      let isComplete = true
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const group = await get<ScimGroup>(pathOf(place, 'Groups', next.id), {}, signal)
        const path = [...next.path, group.displayName]
        for (const member of group.members) {
          if (member.type === 'Group') {
            if (seen.size < MOST_GROUPS && !seen.has(member.value)) waiting.push({ id: member.value, path })
            else if (!seen.has(member.value)) isComplete = false
            seen.add(member.value)
          } else if (found.size < MOST_MEMBERS) {
            if (!found.has(member.value)) found.set(member.value, { member, path })
          } else isComplete = false
        }
      }
      return { members: [...found.values()], isComplete }
    },
  })

/** Open PostgreSQL sessions of an identity, on all instances of the workspace. */
export const identitySessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sessions', 'of-identity', id],
    queryFn: ({ signal }) =>
      get<OpenSessionsAnswer>(`/2.0/lakegate/identities/${encodeURIComponent(id)}/sessions`, {}, signal),
  })

export async function endIdentitySessions(id: string): Promise<OpenSessionsAnswer> {
  const ended = await send<OpenSessionsAnswer>(
    'DELETE',
    `/2.0/lakegate/identities/${encodeURIComponent(id)}/sessions`,
  )
  await queryClient.invalidateQueries({ queryKey: ['sessions'] })
  return ended
}
