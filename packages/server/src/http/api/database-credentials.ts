/** `POST /api/2.0/database/credentials`: mints the password of the next hour (behaviours 1–8). */
import type { DatabaseCredential } from '@lakegate/client'
import { z } from 'zod'
import type { MintCredential } from '../../operations/mint-database-credential.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, nothing } from '../shapes.ts'

const body = z.strictObject({
  // A repeated request_id is harmless: every minting gives a token of its own (behaviour 8).
  request_id: z.string().max(256).optional(),
  instance_names: z.array(z.string().max(256)).max(100).optional(),
  claims: z.array(z.unknown()).max(100).optional(),
})

export function databaseCredentialRoutes(mint: MintCredential): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/2.0/database/credentials',
      scopes: ['postgres'],
      params: nothing,
      query: anyQuery,
      body,
      async handle({ body: { instance_names, claims }, caller }) {
        if (claims !== undefined && claims.length > 0) {
          throw new RefusedError(
            refuse('invalid_parameter', {
              field: 'claims',
              problem: 'this version of Lakegate limits a credential by instance_names only.',
            }),
          )
        }
        const { token, expiresAt } = await mint(caller, instance_names ?? [])
        const credential: DatabaseCredential = {
          token: token.reveal(),
          expiration_time: expiresAt.toISOString(),
        }
        return { body: credential }
      },
    }),
  ]
}
