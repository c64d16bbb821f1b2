/**
 * SCIM 2.0 (RFC 7643, RFC 7644) for users, service principals and groups, at the workspace path and the account path
 * (wire-contract §4.4). The workspace path shows only identities that are assigned to the caller's workspace.
 */
import type { ScimListResponse } from '@lakegate/client'
import { z } from 'zod'
import type { DirectoryScope, IdentityRecord } from '../../domain/directory.ts'
import type { AccountId, IdentityId } from '../../domain/ids.ts'
import { changeIdentity } from '../../operations/directory/change-identity.ts'
import { createIdentity } from '../../operations/directory/create-identity.ts'
import { deleteIdentity } from '../../operations/directory/delete-identity.ts'
import type { IdentityStore } from '../../operations/ports/identities.ts'
import { getIdentity } from '../../operations/directory/read-identities.ts'
import { requirePermitted } from '../../operations/refused-error.ts'
import { decideManageAccount, type Caller } from '../../policy/permissions.ts'
import { defineRoute } from '../define-route.ts'
import type { Answer, Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'
import { scimDiscoveryRoutes } from './discovery.ts'
import { parseFilter, parseSortBy } from './filter.ts'
import { applyPatch, patchBody, readPatch } from './patch.ts'
import { isWanted, parseProjection, project, type Projection } from './projection.ts'
import { meRoute } from './me.ts'
import {
  creation,
  etagOf,
  replacement,
  RESOURCE_TYPES,
  toScim,
  versionOf,
  type ResourceType,
} from './resource-types.ts'

export interface ScimPorts {
  readonly identities: IdentityStore
  readonly accountId: AccountId
  readonly randomUuid: () => string
}

const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
/** SDKs ask for 10,000 at a time by default. */
const LARGEST_PAGE = 10_000
const DEFAULT_PAGE = 100

const wholeNumber = z.coerce.number('it must be a number.').int()
const listing = z.looseObject({
  filter: z.string().optional(),
  startIndex: wholeNumber.optional(),
  count: wholeNumber.optional(),
  sortBy: z.string().max(256).optional(),
  sortOrder: z.enum(['ascending', 'descending']).optional(),
  attributes: z.string().max(1024).optional(),
  excludedAttributes: z.string().max(1024).optional(),
})
const projecting = listing.pick({ attributes: true, excludedAttributes: true }).loose()
const one = z.object({ id: z.string() })

export function scimRoutes(ports: ScimPorts): readonly Route[] {
  const { accountId } = ports
  const ofWorkspace = ({ workspaceId }: Caller) => ({ accountId, workspaceId })
  const ofAccount = () => ({ accountId, workspaceId: undefined })
  const administered = (caller: Caller) => {
    requirePermitted(decideManageAccount(caller))
    return ofAccount()
  }
  // The path of the SDKs, and the short path that people enter in identity providers; the account path with its id, and
  // as public programs reach it from a workspace.
  const places = [
    { base: '/api/2.0/preview/scim/v2', scopeOf: ofWorkspace, ownScopeOf: ofWorkspace },
    { base: '/scim/v2', scopeOf: ofWorkspace, ownScopeOf: ofWorkspace },
    { base: `/api/2.0/accounts/${accountId}/scim/v2`, scopeOf: administered, ownScopeOf: ofAccount },
    { base: '/api/2.0/account/scim/v2', scopeOf: administered, ownScopeOf: ofAccount },
  ] as const
  return places.flatMap(({ base, scopeOf, ownScopeOf }) => [
    ...scimDiscoveryRoutes(base),
    meRoute(ports, base, ownScopeOf),
    ...RESOURCE_TYPES.flatMap((resourceType) => routesOf(ports, base, scopeOf, resourceType)),
  ])
}

/** One kind of resource at one of the SCIM paths. */
interface ResourceRoutes {
  readonly ports: ScimPorts
  readonly path: string
  readonly scopeOf: (caller: Caller) => DirectoryScope
  readonly resourceType: ResourceType
}

const routesOf = (
  ports: ScimPorts,
  base: string,
  scopeOf: (caller: Caller) => DirectoryScope,
  resourceType: ResourceType,
): readonly Route[] => {
  const of = { ports, path: `${base}/${resourceType.path}`, scopeOf, resourceType }
  return [...readingRoutes(of), ...changingRoutes(of)]
}

async function answer(
  { ports, path }: ResourceRoutes,
  scope: DirectoryScope,
  record: IdentityRecord,
  projection: Projection,
  status = 200,
): Promise<Answer> {
  return {
    status,
    headers: { etag: etagOf(record), location: `${path}/${record.id}` },
    body: (await represent(ports, scope, [record], projection))[0],
  }
}

function readingRoutes(of: ResourceRoutes): readonly Route[] {
  const { ports, path, scopeOf, resourceType } = of
  const { type } = resourceType
  return [
    defineRoute({
      method: 'GET',
      path,
      scopes: [],
      params: nothing,
      query: listing,
      body: noBody,
      async handle({ query, caller }) {
        // RFC 7644 §3.4.2.4: startIndex counts from 1; a lower one means 1, and a negative count means 0.
        const startIndex = Math.max(query.startIndex ?? 1, 1)
        const limit = Math.min(Math.max(query.count ?? DEFAULT_PAGE, 0), LARGEST_PAGE)
        const scope = scopeOf(caller)
        const { total, identities } = await ports.identities.listRecords(scope, type, {
          filter: parseFilter(query.filter, type),
          sortBy: parseSortBy(query.sortBy, type),
          descending: query.sortOrder === 'descending',
          offset: startIndex - 1,
          limit,
        })
        const body: ScimListResponse<unknown> = {
          schemas: [LIST_SCHEMA],
          totalResults: total,
          startIndex,
          itemsPerPage: identities.length,
          Resources: await represent(ports, scope, identities, parseProjection(query)),
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${path}/:id`,
      scopes: [],
      params: one,
      query: projecting,
      body: noBody,
      async handle({ params, query, caller, headers }) {
        const scope = scopeOf(caller)
        const record = await getIdentity(ports.identities, scope, type, params.id)
        // An identity that is assigned to the workspace becomes a member of `users` without changing the version of
        // that group.
        if (headers.ifNoneMatch === etagOf(record) && record.systemGroup !== 'users')
          return { status: 304, headers: { etag: etagOf(record) }, body: undefined }
        return answer(of, scope, record, parseProjection(query))
      },
    }),
  ]
}

function changingRoutes(of: ResourceRoutes): readonly Route[] {
  const { ports, path, scopeOf, resourceType } = of
  const { type, body: written } = resourceType
  return [
    defineRoute({
      method: 'POST',
      path,
      scopes: [],
      params: nothing,
      query: projecting,
      body: written,
      async handle({ body, query, caller }) {
        const scope = scopeOf(caller)
        const { members } = body
        const record = await createIdentity(ports, caller, scope, {
          type,
          ...creation(body, ports.randomUuid),
          members,
        })
        // RFC 7644 §3.3
        return answer(of, scope, record, parseProjection(query), 201)
      },
    }),
    defineRoute({
      method: 'PUT',
      path: `${path}/:id`,
      scopes: [],
      params: one,
      query: projecting,
      body: written,
      async handle({ params, body, query, caller, headers }) {
        const scope = scopeOf(caller)
        const record = await changeIdentity(ports, caller, scope, {
          type,
          id: params.id,
          expectedVersion: versionOf(headers.ifMatch),
          change: (current) => {
            const { attributes, replaceMembers } = replacement(body, current)
            return {
              attributes,
              members:
                replaceMembers === undefined ? undefined : { replace: replaceMembers, add: [], remove: [] },
            }
          },
        })
        return answer(of, scope, record, parseProjection(query))
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: `${path}/:id`,
      scopes: [],
      params: one,
      query: anyQuery,
      body: patchBody,
      async handle({ params, body, caller, headers }) {
        const scope = scopeOf(caller)
        const patch = readPatch(body, { type, id: params.id })
        const record = await changeIdentity(ports, caller, scope, {
          type,
          id: params.id,
          expectedVersion: versionOf(headers.ifMatch),
          change: (current) => applyPatch(patch, current),
        })
        // RFC 7644 §3.5.2: 204 when no attributes were requested; a group may have a million members.
        return { status: 204, headers: { etag: etagOf(record) }, body: undefined }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `${path}/:id`,
      scopes: [],
      params: one,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller, headers }) {
        await deleteIdentity(ports, caller, scopeOf(caller), {
          type,
          id: params.id,
          expectedVersion: versionOf(headers.ifMatch),
        })
        return { status: 204, body: undefined }
      },
    }),
  ]
}

/** Memberships are read only where they are shown, for all resources at once, and only within the scope. */
async function represent(
  { identities, accountId }: Pick<ScimPorts, 'identities' | 'accountId'>,
  scope: DirectoryScope,
  records: readonly IdentityRecord[],
  projection: Projection,
): Promise<readonly unknown[]> {
  const none = new Map<IdentityId, never[]>()
  const ids = records.map(({ id }) => id)
  const groupIds = records.filter(({ type }) => type === 'GROUP').map(({ id }) => id)
  const [groups, members] = await Promise.all([
    isWanted(projection, 'groups') ? identities.listGroupsAbove(scope, ids) : none,
    isWanted(projection, 'members') ? identities.listMembersOfGroups(groupIds) : none,
  ])
  return records.map((record) =>
    project(
      toScim(record, {
        groups: groups.get(record.id) ?? [],
        members: members.get(record.id) ?? [],
        accountId,
      }),
      projection,
    ),
  )
}
