/**
 * Who may read catalogs, schemas and tables through claims: the grants API of Unity Catalog, limited to SELECT
 * (behaviour 9).
 */
import type { PrivilegeAssignments } from '@lakegate/client'
import { z } from 'zod'
import type { Identity } from '../../domain/identity.ts'
import {
  changeReaders,
  listReaders,
  SECURABLE_TYPES,
  type ReaderPorts,
} from '../../operations/catalog/manage-readers.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const PATH = '/api/2.1/unity-catalog/permissions/:type/:name'

const securable = z.object({
  type: z.string().toUpperCase().pipe(z.enum(SECURABLE_TYPES, 'must be catalog, schema or table.')),
  name: z.string(),
})
const privileges = z
  .array(z.enum(['SELECT'], 'only SELECT is supported.'))
  .max(10)
  .optional()
const changes = z.strictObject({
  changes: z
    .array(z.strictObject({ principal: z.string(), add: privileges, remove: privileges }))
    .max(1000)
    .optional(),
})

export function grantRoutes(ports: ReaderPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: PATH,
      scopes: [],
      params: securable,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({ body: show(await listReaders(ports, caller, params)) }),
    }),
    defineRoute({
      method: 'PATCH',
      path: PATH,
      scopes: [],
      params: securable,
      query: anyQuery,
      body: changes,
      async handle({ params, body, caller }) {
        const named = (list: 'add' | 'remove') =>
          (body.changes ?? [])
            .filter((change) => (change[list] ?? []).length > 0)
            .map(({ principal }) => principal)
        const readers = await changeReaders(ports, caller, params, {
          add: named('add'),
          remove: named('remove'),
        })
        return { body: show(readers) }
      },
    }),
  ]
}

const show = (readers: readonly Identity[]): PrivilegeAssignments => ({
  privilege_assignments: readers.map(({ name }) => ({ principal: name, privileges: ['SELECT'] })),
})
