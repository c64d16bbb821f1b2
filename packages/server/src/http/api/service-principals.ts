/** SCIM for service principals, at the workspace path and the account path (wire-contract §4.4). */
import type { ScimListResponse, ScimServicePrincipal } from '@lakegate/client'
import { z } from 'zod'
import type { AccountId } from '../../domain/ids.ts'
import { createServicePrincipal } from '../../operations/create-service-principal.ts'
import type { ServicePrincipal, ServicePrincipalStore } from '../../operations/ports.ts'
import { deleteServicePrincipal, getServicePrincipal } from '../../operations/read-service-principals.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

export interface ServicePrincipalRoutePorts {
  readonly store: ServicePrincipalStore
  readonly accountId: AccountId
  readonly randomUuid: () => string
}

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal'
const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
/** SDKs ask for 10,000 at a time by default. */
const LARGEST_PAGE = 10_000
const DEFAULT_PAGE = 100

const creation = z.strictObject({
  schemas: z.array(z.string()).optional(),
  applicationId: z.guid().toLowerCase().optional(),
  displayName: z.string().min(1).max(256).optional(),
  active: z.boolean().optional(),
  externalId: z.string().max(256).optional(),
  // Sent along by SDKs; memberships and entitlements are managed elsewhere, so only empty ones are taken.
  id: z.string().optional(),
  groups: z.array(z.unknown()).max(0).optional(),
  roles: z.array(z.unknown()).max(0).optional(),
  entitlements: z.array(z.unknown()).max(0).optional(),
})

const wholeNumber = z.coerce.number().int()
const listing = z.looseObject({
  filter: z.string().max(1024).optional(),
  startIndex: wholeNumber.optional(),
  count: wholeNumber.optional(),
})

export function servicePrincipalRoutes(ports: ServicePrincipalRoutePorts): readonly Route[] {
  return ['/api/2.0/preview/scim/v2', `/api/2.0/accounts/${ports.accountId}/scim/v2`].flatMap((base) =>
    routesAt(`${base}/ServicePrincipals`, ports),
  )
}

function routesAt(path: string, ports: ServicePrincipalRoutePorts): readonly Route[] {
  const one = z.object({ id: z.string() })
  const none = z.object({})
  return [
    defineRoute({
      method: 'POST',
      path,
      scopes: [],
      params: none,
      query: anyQuery,
      body: creation,
      async handle({ body, caller }) {
        const created = await createServicePrincipal(ports, caller, {
          applicationId: body.applicationId,
          displayName: body.displayName ?? body.applicationId ?? 'service principal',
          active: body.active ?? true,
          externalId: body.externalId,
        })
        // RFC 7644 §3.3
        return { status: 201, body: toScim(created) }
      },
    }),
    defineRoute({
      method: 'GET',
      path,
      scopes: [],
      params: none,
      query: listing,
      body: noBody,
      async handle({ query, caller }) {
        // RFC 7644 §3.4.2.4: startIndex counts from 1; less than that is 1, a negative count is 0.
        const startIndex = Math.max(query.startIndex ?? 1, 1)
        const limit = Math.min(Math.max(query.count ?? DEFAULT_PAGE, 0), LARGEST_PAGE)
        const { total, servicePrincipals } = await ports.store.listServicePrincipals(
          caller.workspaceId,
          { offset: startIndex - 1, limit },
          parseFilter(query.filter),
        )
        const body: ScimListResponse<ScimServicePrincipal> = {
          schemas: [LIST_SCHEMA],
          totalResults: total,
          startIndex,
          itemsPerPage: servicePrincipals.length,
          Resources: servicePrincipals.map(toScim),
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${path}/:id`,
      scopes: [],
      params: one,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: toScim(await getServicePrincipal(ports.store, caller, params.id)),
      }),
    }),
    defineRoute({
      method: 'DELETE',
      path: `${path}/:id`,
      scopes: [],
      params: one,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await deleteServicePrincipal(ports.store, caller, params.id)
        return { body: {} }
      },
    }),
  ]
}

/** The two comparisons that clients use to find a service principal; attribute names in any letter case (RFC 7644 §3.4.2.2). */
const FILTER = /^\s*(applicationId|displayName)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i

function parseFilter(filter: string | undefined): { applicationId?: string; displayName?: string } {
  if (filter === undefined || filter.trim() === '') return {}
  const match = FILTER.exec(filter)
  const value = match?.[2] === undefined ? undefined : parseString(match[2])
  if (match?.[1] === undefined || value === undefined) {
    throw new RefusedError(
      refuse('invalid_parameter', {
        field: 'filter',
        problem: 'write applicationId eq "…" or displayName eq "…".',
      }),
    )
  }
  return match[1].toLowerCase() === 'applicationid' ? { applicationId: value } : { displayName: value }
}

/** Filter strings are JSON strings (RFC 7644 §3.4.2.2). */
function parseString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function toScim(principal: ServicePrincipal): ScimServicePrincipal {
  return {
    schemas: [SCHEMA],
    id: principal.id,
    applicationId: principal.applicationId,
    displayName: principal.displayName,
    active: principal.active,
    ...(principal.externalId === undefined ? {} : { externalId: principal.externalId }),
    groups: [],
  }
}
