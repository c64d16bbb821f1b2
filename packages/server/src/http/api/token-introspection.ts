/**
 * `GET /api/2.0/tokens/introspect`: to which account and workspace a token belongs. `databricks auth login` without
 * `--host` calls it after the login, because it does not know them before (wire-contract §3.6).
 */
import type { TokenIntrospection } from '@lakegate/client'
import type { AccountId } from '../../domain/ids.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

export function tokenIntrospectionRoutes(accountId: AccountId): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/tokens/introspect',
      // A login with only the scope `postgres` is possible, and needs this too.
      scopes: ['postgres'],
      params: nothing,
      query: anyQuery,
      body: noBody,
      handle({ caller }) {
        const body: TokenIntrospection = {
          principal_context: {
            authentication_scope: { account_id: accountId, workspace_id: Number(caller.workspaceId) },
          },
        }
        return Promise.resolve({ body })
      },
    }),
  ]
}
