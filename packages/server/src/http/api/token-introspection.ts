/**
 * `GET /api/2.0/tokens/introspect`: which account and workspace a token is of. `databricks auth login` without `--host`
 * asks it after the login, because nobody told it before (wire-contract §3.6).
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
      // A login with the scope `postgres` alone is a login too.
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
