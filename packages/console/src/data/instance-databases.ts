/** Names of the databases of an instance, to choose one from. */
import type { InstanceDatabasesAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'
import { instanceKeys } from './instances.ts'

export const instanceDatabasesQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'databases'],
    queryFn: async ({ signal }) => {
      const path = `/2.0/lakegate/instances/${encodeURIComponent(instance)}/databases`
      const answer = await get<InstanceDatabasesAnswer>(path, {}, signal)
      return answer.databases.map(({ name }) => name)
    },
    staleTime: 60_000,
  })
