/**
 * `GET …/Me`: who the caller is, and the caller's groups; `userName` is the name of the caller's PostgreSQL role
 * (wire-contract §0.5, §4.4).
 */
import type { ScimMe } from '@lakegate/client'
import type { DirectoryScope } from '../../domain/directory.ts'
import type { AccountId } from '../../domain/ids.ts'
import type { IdentityStore } from '../../operations/ports/identities.ts'
import { getIdentity } from '../../operations/directory/read-identities.ts'
import type { Caller } from '../../policy/permissions.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'
import { toScim } from './resource-types.ts'

/** @param scopeOf which groups are shown: those of the workspace, or those of the account */
export function meRoute(
  {
    identities,
    accountId,
  }: {
    readonly identities: Pick<IdentityStore, 'loadRecord' | 'listGroupsAbove'>
    readonly accountId: AccountId
  },
  base: string,
  scopeOf: (caller: Caller) => DirectoryScope,
): Route {
  return defineRoute({
    method: 'GET',
    path: `${base}/Me`,
    // A client with the scope `postgres` needs its own user name to log in.
    scopes: ['postgres'],
    params: nothing,
    query: anyQuery,
    body: noBody,
    async handle({ caller }) {
      const { id, type, name, active } = caller.identity
      const [record, groups] = await Promise.all([
        getIdentity(identities, { accountId, workspaceId: undefined }, type, id),
        identities.listGroupsAbove(scopeOf(caller), [id]),
      ])
      const body: ScimMe = {
        ...toScim(record, { groups: groups.get(id) ?? [], members: [], accountId }),
        // The real service answers with a user for every kind of caller.
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: name,
        active,
      }
      // SDKs read the workspace id from this header (wire-contract §4.4).
      return { headers: { 'x-databricks-org-id': caller.workspaceId }, body }
    },
  })
}
