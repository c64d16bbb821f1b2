/** Where the signed-in person is signed in: browsers, and applications with a grant. */
import type { ScimMe, SignInSessionAnswer } from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, send } from './api.ts'

const KEY = ['own-sign-ins'] as const
const PATH = '/2.0/lakegate/users/me/sessions'

export const ownSignInsQuery = queryOptions({
  queryKey: KEY,
  queryFn: async ({ signal }) =>
    (await get<{ sessions: readonly SignInSessionAnswer[] }>(PATH, {}, signal)).sessions,
})

/** Ends them one after the other; stops at the first failure. */
export function useEndSignIns() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (ids: readonly string[]) => {
      for (const id of ids) await send('DELETE', `${PATH}/${encodeURIComponent(id)}`)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<ScimMe>('/2.0/preview/scim/v2/Me', {}, signal),
})
