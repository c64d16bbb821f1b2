/** `POST /api/2.0/database/credentials`: mints a password that is valid for one hour (behaviours 1–12). */
import type { DatabaseCredential } from '@lakegate/client'
import { z } from 'zod'
import type { MintCredential } from '../../operations/credentials/mint-database-credential.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, nothing } from '../shapes.ts'

/** Limits the length of the startup message that names the tables to the backend. */
const MOST_TABLES = 50

const body = z.strictObject({
  // A repeated request_id has no effect: every request mints a new token (behaviour 8).
  request_id: z.string().max(256).optional(),
  instance_names: z.array(z.string().max(256)).max(100).optional(),
  claims: z
    .array(
      z.strictObject({
        // behaviour 12
        permission_set: z.enum(['READ_ONLY'], 'only READ_ONLY is supported.'),
        resources: z
          .array(z.strictObject({ table_name: z.string('name a table as catalog.schema.table.').max(256) }))
          .min(1, 'name at least one table.')
          .max(MOST_TABLES),
      }),
    )
    .max(MOST_TABLES)
    .optional(),
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
        const readTables = (claims ?? []).flatMap(({ resources }) =>
          resources.map(({ table_name }) => table_name),
        )
        const { token, expiresAt } = await mint(caller, { instanceNames: instance_names ?? [], readTables })
        const credential: DatabaseCredential = {
          token: token.reveal(),
          expiration_time: expiresAt.toISOString(),
        }
        return { body: credential }
      },
    }),
  ]
}
