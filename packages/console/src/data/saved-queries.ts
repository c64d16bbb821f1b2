/** Saved queries: the person's own, and those that others share with the workspace. */
import type { SavedQueryAnswer, SavedQueryRequest } from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { send } from './api.ts'
import { getAllPages } from './pages-of.ts'

const PATH = '/2.0/lakegate/saved-queries'
const KEY = ['saved-queries'] as const

export const savedQueriesQuery = queryOptions({
  queryKey: KEY,
  queryFn: ({ signal }) =>
    getAllPages(PATH, (page: { readonly queries?: SavedQueryAnswer[] }) => page.queries, signal),
})

export type SavedQueryChange = Partial<SavedQueryRequest> & { readonly id: string; readonly version: number }

export function useSavedQueryChanges() {
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: KEY })
  const create = useMutation({
    mutationFn: (query: SavedQueryRequest) => send<SavedQueryAnswer>('POST', PATH, query),
    onSuccess,
  })
  const change = useMutation({
    mutationFn: ({ id, ...content }: SavedQueryChange) =>
      send<SavedQueryAnswer>('PATCH', `${PATH}/${encodeURIComponent(id)}`, content),
    onSuccess,
  })
  const remove = useMutation({
    mutationFn: (id: string) => send('DELETE', `${PATH}/${encodeURIComponent(id)}`),
    onSuccess,
  })
  return { create, change, remove }
}
