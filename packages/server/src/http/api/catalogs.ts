/** Catalogs and tables that claims may name (wire-contract §1; behaviours 9, 10). */
import type {
  DatabaseCatalog,
  DatabaseTable,
  InstanceTablesAnswer,
  ListDatabaseCatalogsResponse,
} from '@lakegate/client'
import { z } from 'zod'
import {
  getEntry,
  listEntries,
  registerEntry,
  removeEntry,
  updateCatalog,
  type CatalogPorts,
  type ShownEntry,
} from '../../operations/catalog/manage-catalog.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const CATALOGS = '/api/2.0/database/catalogs'
const TABLES = '/api/2.0/database/tables'
const SCOPES = ['postgres']

const named = z.object({ name: z.string() })
const paging = z.looseObject({
  page_size: z.coerce.number('must be a whole number.').int().min(0).optional(),
  page_token: z.string().max(512).optional(),
})
const catalogBody = z.strictObject({
  name: z.string('is missing.'),
  database_instance_name: z.string('is missing.'),
  database_name: z.string('is missing.'),
  create_database_if_not_exists: z.boolean().optional(),
  uid: z.string().optional(),
})
const tableBody = z.strictObject({
  name: z.string('is missing.'),
  database_instance_name: z.string().optional(),
  logical_database_name: z.string().optional(),
})

export function catalogRoutes(ports: CatalogPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: CATALOGS,
      scopes: SCOPES,
      params: z.object({}),
      query: anyQuery,
      body: catalogBody,
      handle: async ({ body, caller }) => ({
        body: showCatalog(
          await registerEntry(ports, caller, {
            kind: 'CATALOG',
            name: body.name,
            instanceName: body.database_instance_name,
            databaseName: body.database_name,
            createDatabase: body.create_database_if_not_exists ?? false,
          }),
        ),
      }),
    }),
    defineRoute({
      method: 'POST',
      path: TABLES,
      scopes: SCOPES,
      params: z.object({}),
      query: anyQuery,
      body: tableBody,
      handle: async ({ body, caller }) => ({
        body: showTable(
          await registerEntry(ports, caller, {
            kind: 'TABLE',
            name: body.name,
            instanceName: body.database_instance_name,
            databaseName: body.logical_database_name,
            createDatabase: false,
          }),
        ),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/2.0/database/instances/:name/catalogs',
      scopes: SCOPES,
      params: named,
      query: paging,
      body: noBody,
      async handle({ params, query, caller }) {
        const { entries, next } = await listEntries(ports, caller, {
          kind: 'CATALOG',
          instanceName: params.name,
          ...pageOf(query),
        })
        const body: ListDatabaseCatalogsResponse = {
          database_catalogs: entries.map(showCatalog),
          ...(next === undefined ? {} : { next_page_token: next }),
        }
        return { body }
      },
    }),
    // The real service has no list of tables; the console shows the registered ones.
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/instances/:instance/tables',
      scopes: SCOPES,
      params: z.object({ instance: z.string() }),
      query: paging,
      body: noBody,
      async handle({ params, query, caller }) {
        const { entries, next } = await listEntries(ports, caller, {
          kind: 'TABLE',
          instanceName: params.instance,
          ...pageOf(query),
        })
        const body: InstanceTablesAnswer = {
          database_tables: entries.map(showTable),
          ...(next === undefined ? {} : { next_page_token: next }),
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: `${CATALOGS}/:name`,
      scopes: SCOPES,
      params: named,
      // SDKs send an update_mask, which has no effect here.
      query: anyQuery,
      body: catalogBody.partial(),
      handle: async ({ params, body, caller }) => ({
        body: showCatalog(
          await updateCatalog(ports, caller, params.name, {
            name: body.name,
            instanceName: body.database_instance_name,
            databaseName: body.database_name,
          }),
        ),
      }),
    }),
    ...entryRoutes(ports, CATALOGS, 'CATALOG', showCatalog),
    ...entryRoutes(ports, TABLES, 'TABLE', showTable),
  ]
}

function entryRoutes(
  ports: CatalogPorts,
  path: string,
  kind: 'CATALOG' | 'TABLE',
  show: (entry: ShownEntry) => DatabaseCatalog | DatabaseTable,
): readonly Route[] {
  const one = { path: `${path}/:name`, scopes: SCOPES, params: named, query: anyQuery, body: noBody }
  return [
    defineRoute({
      ...one,
      method: 'GET',
      handle: async ({ params, caller }) => ({
        body: show(await getEntry(ports, caller, { kind, name: params.name })),
      }),
    }),
    defineRoute({
      ...one,
      method: 'DELETE',
      async handle({ params, caller }) {
        await removeEntry(ports, caller, { kind, name: params.name })
        return { body: {} }
      },
    }),
  ]
}

/** SDKs send an empty text and 0 when they mean no value. */
const pageOf = ({ page_token: after, page_size: size }: z.infer<typeof paging>) => ({
  after: after === '' ? undefined : after,
  size: size === 0 ? undefined : size,
})

const showCatalog = (entry: ShownEntry): DatabaseCatalog => ({
  name: entry.name,
  uid: entry.uid,
  database_instance_name: entry.instanceName,
  database_name: entry.databaseName,
})

const showTable = (entry: ShownEntry): DatabaseTable => ({
  name: entry.name,
  database_instance_name: entry.instanceName,
  logical_database_name: entry.databaseName,
})
