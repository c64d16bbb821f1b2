/** Database instances and what belongs to one. */
import type { DatabaseInstance, InstanceAction, InstanceRightsAnswer } from '@lakegate/client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { get } from './api.ts'

interface InstancePage {
  database_instances?: DatabaseInstance[]
  next_page_token?: string
}

/** Keys begin with what a hint of the server names, so that one call makes all of it stale (events.ts). */
export const instanceKeys = {
  all: ['instances'] as const,
  one: (name: string) => ['instances', name] as const,
  sessions: (name: string) => ['sessions', name] as const,
}

export const instancesQuery = queryOptions({
  queryKey: instanceKeys.all,
  queryFn: async ({ signal }) => {
    const instances: DatabaseInstance[] = []
    let pageToken: string | undefined
    do {
      const page: InstancePage = await get(
        '/2.0/database/instances',
        { page_size: 100, page_token: pageToken },
        signal,
      )
      instances.push(...(page.database_instances ?? []))
      pageToken = page.next_page_token === '' ? undefined : page.next_page_token
    } while (pageToken !== undefined)
    return instances
  },
})

export const instanceQuery = (name: string) =>
  queryOptions({
    queryKey: instanceKeys.one(name),
    queryFn: ({ signal }) =>
      get<DatabaseInstance>(`/2.0/database/instances/${encodeURIComponent(name)}`, {}, signal),
  })

export const instanceRightsQuery = (name: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(name), 'rights'],
    queryFn: ({ signal }) =>
      get<InstanceRightsAnswer>(`/2.0/lakegate/instances/${encodeURIComponent(name)}/rights`, {}, signal),
  })

/** Undefined while it is not known yet. */
export function useMayDo(instance: string, action: InstanceAction): boolean | undefined {
  const { data } = useQuery(instanceRightsQuery(instance))
  return data?.actions.includes(action)
}
