/**
 * What claims may name: catalogs (all tables of a database) and single tables of an instance; and who may read them.
 */
import type {
  DatabaseCatalog,
  DatabaseTable,
  InstanceTablesAnswer,
  PrivilegeAssignments,
} from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { instanceKeys } from './instances.ts'
import { getAllPages } from './pages-of.ts'

export type SecurableType = 'catalog' | 'schema' | 'table'

/** Something on which SELECT is granted. */
export interface Securable {
  readonly type: SecurableType
  /** `catalog`, `catalog.schema` or `catalog.schema.table`. */
  readonly name: string
}

/** The tables of an instance that are registered singly; its catalogs are `instanceCatalogsQuery`. */
export const instanceTablesQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'tables'],
    queryFn: ({ signal }) =>
      getAllPages(
        `/2.0/lakegate/instances/${encodeURIComponent(instance)}/tables`,
        (page: Partial<InstanceTablesAnswer>) => page.database_tables,
        signal,
      ),
  })

const readersPath = ({ type, name }: Securable): string =>
  `/2.1/unity-catalog/permissions/${type}/${encodeURIComponent(name)}`

const readersKey = ({ type, name }: Securable) => ['readers', type, name] as const

/** Names of the principals to which SELECT was granted on exactly this object. */
export const readersQuery = (securable: Securable) =>
  queryOptions({
    queryKey: readersKey(securable),
    queryFn: async ({ signal }) => {
      const answer = await get<PrivilegeAssignments>(readersPath(securable), {}, signal)
      return answer.privilege_assignments.map(({ principal }) => principal)
    },
  })

export interface ReaderChange {
  readonly principal: string
  readonly change: 'add' | 'remove'
}

export function useChangeReaders(securable: Securable) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ principal, change }: ReaderChange) =>
      send('PATCH', readersPath(securable), { changes: [{ principal, [change]: ['SELECT'] }] }),
    onSuccess: () => client.invalidateQueries({ queryKey: readersKey(securable) }),
  })
}

export interface NewCatalog {
  readonly name: string
  readonly database: string
  readonly createsDatabase: boolean
}

export const catalogBody = (instance: string, { name, database, createsDatabase }: NewCatalog) => ({
  name,
  database_instance_name: instance,
  database_name: database,
  ...(createsDatabase ? { create_database_if_not_exists: true } : {}),
})

export const tableBody = (
  instance: string,
  { name, database }: { readonly name: string; readonly database: string },
) => ({ name, database_instance_name: instance, logical_database_name: database })

export const registerCatalog = (instance: string, catalog: NewCatalog): Promise<DatabaseCatalog> =>
  send('POST', '/2.0/database/catalogs', catalogBody(instance, catalog))

export const registerTable = (
  instance: string,
  table: { readonly name: string; readonly database: string },
): Promise<DatabaseTable> => send('POST', '/2.0/database/tables', tableBody(instance, table))

export function useRegisteredChanged(instance: string): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: instanceKeys.one(instance) })
}

export function useRemoveEntry(instance: string) {
  const changed = useRegisteredChanged(instance)
  return useMutation({
    mutationFn: ({ type, name }: { readonly type: 'catalog' | 'table'; readonly name: string }) =>
      send('DELETE', `/2.0/database/${type}s/${encodeURIComponent(name)}`),
    onSuccess: changed,
  })
}
