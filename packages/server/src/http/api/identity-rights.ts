/** What the caller may do with an identity: an addition to the real service's API, for pages that show controls. */
import type { IdentityRightsAnswer } from '@lakegate/client'
import { z } from 'zod'
import {
  readIdentityRights,
  type IdentityRightsPorts,
} from '../../operations/directory/read-identity-rights.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

export function identityRightsRoutes(ports: IdentityRightsPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/identities/:identityId/rights',
      scopes: [],
      params: z.object({ identityId: z.string() }),
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const { identity, keptBy, actions } = await readIdentityRights(ports, caller, params.identityId)
        const body: IdentityRightsAnswer = {
          identity_id: identity.id,
          type: identity.type,
          kept_by: keptBy,
          actions: [...actions],
        }
        return { body }
      },
    }),
  ]
}
