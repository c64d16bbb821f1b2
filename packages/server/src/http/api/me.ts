/** `GET /api/2.0/preview/scim/v2/Me`: who the caller is; its `userName` is its Postgres role (wire-contract §0.5). */
import type { ScimMe } from '@lakegate/client'
import type { Caller } from '../../policy/permissions.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

export function meRoutes(): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/preview/scim/v2/Me',
      // A client with the scope `postgres` must learn its own user name to log in with it.
      scopes: ['postgres'],
      params: nothing,
      query: anyQuery,
      body: noBody,
      handle: ({ caller }) =>
        // SDKs learn the workspace id from this header (wire-contract §4.4).
        Promise.resolve({ headers: { 'x-databricks-org-id': caller.workspaceId }, body: describe(caller) }),
    }),
  ]
}

function describe({ identity, groupIds }: Caller): ScimMe {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    id: identity.id,
    userName: identity.name,
    displayName: identity.displayName,
    active: identity.active,
    ...(identity.type === 'USER' ? { emails: [{ value: identity.name, type: 'work', primary: true }] } : {}),
    groups: groupIds.map((value) => ({ value })),
  }
}
