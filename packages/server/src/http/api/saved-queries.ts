/** SQL that people keep in the console: an addition to the real service's API. */
import type { SavedQueriesAnswer, SavedQueryAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { SavedQuery, SavedQueryContent } from '../../domain/saved-query.ts'
import {
  changeSavedQuery,
  createSavedQuery,
  getSavedQuery,
  listSavedQueries,
  removeSavedQuery,
  type SavedQueryPorts,
} from '../../operations/workspaces/manage-saved-queries.ts'
import type { Caller } from '../../policy/permissions.ts'
import { decideRemoveQuery, isOwnQuery, LARGEST_QUERY_BYTES } from '../../policy/saved-queries.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

const COLLECTION = '/api/2.0/lakegate/saved-queries'
const ONE = `${COLLECTION}/:queryId`
const SCOPES = ['postgres']

const named = z.object({ queryId: z.string() })
// The policy limits the length of a name; this only keeps out absurd lengths.
const name = z.string().max(1024)
const text = z.string().max(LARGEST_QUERY_BYTES)
const content = z.strictObject({
  name,
  sql: text,
  database_instance_name: name.nullish(),
  database: name.nullish(),
  is_shared: z.boolean().optional(),
})
const change = content
  .partial()
  .extend({ version: z.int('is missing: that of the query as you have read it.').min(1) })

/** `<id>/<name>` of the last query that was shown. */
const pageToken = z
  .string()
  .max(2048)
  .transform((token, context) => {
    const parts = /^([0-9a-f-]{36})\/(.+)$/s.exec(Buffer.from(token, 'base64url').toString('utf8'))
    if (parts?.[1] !== undefined && parts[2] !== undefined && z.uuid().safeParse(parts[1]).success)
      if (!parts[2].includes('\0')) return { id: parts[1], name: parts[2] }
    context.addIssue({ code: 'custom', message: 'is not one that this list returned.' })
    return z.NEVER
  })

export function savedQueryRoutes(ports: SavedQueryPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: COLLECTION,
      scopes: SCOPES,
      params: nothing,
      query: z.looseObject({
        page_size: z.coerce.number('must be a whole number.').int().min(1).optional(),
        page_token: pageToken.optional(),
      }),
      body: noBody,
      async handle({ query, caller }) {
        const { queries, hasMore } = await listSavedQueries(ports, caller, {
          after: query.page_token,
          size: query.page_size,
        })
        const last = queries.at(-1)
        const body: SavedQueriesAnswer = {
          queries: queries.map((one) => show(one, caller)),
          ...(hasMore && last !== undefined ? { next_page_token: tokenBehind(last) } : {}),
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'POST',
      path: COLLECTION,
      scopes: SCOPES,
      params: nothing,
      query: anyQuery,
      body: content,
      handle: async ({ body, caller }) => ({
        body: show(
          await createSavedQuery(ports, caller, {
            name: body.name,
            sql: body.sql,
            instanceName: body.database_instance_name ?? undefined,
            databaseName: body.database ?? undefined,
            isShared: body.is_shared ?? false,
          }),
          caller,
        ),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: ONE,
      scopes: SCOPES,
      params: named,
      query: anyQuery,
      body: noBody,
      handle: async ({ params: { queryId }, caller }) => ({
        body: show(await getSavedQuery(ports, caller, queryId), caller),
      }),
    }),
    defineRoute({
      method: 'PATCH',
      path: ONE,
      scopes: SCOPES,
      params: named,
      query: anyQuery,
      body: change,
      handle: async ({ params: { queryId }, body: { version, ...body }, caller }) => ({
        body: show(
          await changeSavedQuery(ports, caller, { id: queryId, version, change: toChange(body) }),
          caller,
        ),
      }),
    }),
    defineRoute({
      method: 'DELETE',
      path: ONE,
      scopes: SCOPES,
      params: named,
      query: anyQuery,
      body: noBody,
      async handle({ params: { queryId }, caller }) {
        await removeSavedQuery(ports, caller, queryId)
        return { body: {} }
      },
    }),
  ]
}

/** Whatever is left out stays as it is; null removes a suggestion. */
const toChange = (body: Omit<z.infer<typeof change>, 'version'>): Partial<SavedQueryContent> => ({
  ...(body.name === undefined ? {} : { name: body.name }),
  ...(body.sql === undefined ? {} : { sql: body.sql }),
  ...(body.database_instance_name === undefined
    ? {}
    : { instanceName: body.database_instance_name ?? undefined }),
  ...(body.database === undefined ? {} : { databaseName: body.database ?? undefined }),
  ...(body.is_shared === undefined ? {} : { isShared: body.is_shared }),
})

const tokenBehind = ({ id, name: last }: SavedQuery): string =>
  Buffer.from(`${id}/${last}`).toString('base64url')

const show = (query: SavedQuery, caller: Caller): SavedQueryAnswer => ({
  id: query.id,
  name: query.name,
  sql: query.sql,
  ...(query.instanceName === undefined ? {} : { database_instance_name: query.instanceName }),
  ...(query.databaseName === undefined ? {} : { database: query.databaseName }),
  is_shared: query.isShared,
  owner: query.owner,
  is_own: isOwnQuery(caller, query),
  may_delete: decideRemoveQuery(caller, query.id, query) === 'permitted',
  create_time: query.createdAt.toISOString(),
  update_time: query.updatedAt.toISOString(),
  version: query.version,
})
