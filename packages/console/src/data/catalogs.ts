/** Catalogs of an instance: databases whose tables claims may name. */
import type { ListDatabaseCatalogsResponse } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { instanceKeys } from './instances.ts'
import { getAllPages } from './pages-of.ts'

export const instanceCatalogsQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'catalogs'],
    queryFn: ({ signal }) =>
      getAllPages(
        `/2.0/database/instances/${encodeURIComponent(instance)}/catalogs`,
        (page: Partial<ListDatabaseCatalogsResponse>) => page.database_catalogs,
        signal,
      ),
  })
