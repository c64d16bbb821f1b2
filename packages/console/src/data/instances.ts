/** Database instances and what belongs to one. */
import type {
  DatabaseInstance,
  InstanceAction,
  InstanceRightsAnswer,
  ListDatabaseInstancesResponse,
} from '@lakegate/client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { get } from './api.ts'
import { getAllPages } from './pages-of.ts'

type InstancePage = Partial<ListDatabaseInstancesResponse>

/** Each key begins with what a hint of the server names, so that one call invalidates all of it (events.ts). */
export const instanceKeys = {
  all: ['instances'] as const,
  one: (name: string) => ['instances', name] as const,
  sessions: (name: string) => ['sessions', name] as const,
}

/** While an instance changes its state, it is read again periodically, even when hints do not arrive. */
const LOOKS_AGAIN_AFTER = 10_000

const isOnItsWay = ({ state }: DatabaseInstance): boolean => state !== 'AVAILABLE' && state !== 'STOPPED'

export const instancesQuery = queryOptions({
  queryKey: instanceKeys.all,
  queryFn: ({ signal }) =>
    getAllPages('/2.0/database/instances', (page: InstancePage) => page.database_instances, signal),
  refetchInterval: ({ state }) => (state.data?.some(isOnItsWay) === true ? LOOKS_AGAIN_AFTER : false),
})

export const instanceQuery = (name: string) =>
  queryOptions({
    queryKey: instanceKeys.one(name),
    queryFn: ({ signal }) =>
      get<DatabaseInstance>(`/2.0/database/instances/${encodeURIComponent(name)}`, {}, signal),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isOnItsWay(state.data) ? LOOKS_AGAIN_AFTER : false,
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
