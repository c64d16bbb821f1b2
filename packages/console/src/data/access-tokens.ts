/** The personal access tokens of the signed-in person. */
import type { TokenInfo } from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, send } from './api.ts'

const KEY = ['access-tokens'] as const

export const accessTokensQuery = queryOptions({
  queryKey: KEY,
  queryFn: async ({ signal }) =>
    (await get<{ token_infos?: readonly TokenInfo[] }>('/2.0/token/list', {}, signal)).token_infos ?? [],
})

export interface NewAccessToken {
  readonly comment: string
  /** Absent means that it does not expire. */
  readonly lifetime_seconds?: number
  readonly scopes: readonly string[]
}

export interface CreatedAccessToken {
  /** Available only in this answer. */
  readonly token_value: string
  readonly token_info: TokenInfo
}

export function useAccessTokenChanges() {
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: KEY })
  return {
    create: useMutation({
      mutationFn: (wish: NewAccessToken) => send<CreatedAccessToken>('POST', '/2.0/token/create', wish),
      onSuccess,
      // The answer contains a secret, so only the component that asked keeps it.
      gcTime: 0,
    }),
    revoke: useMutation({
      mutationFn: (id: string) => send('POST', '/2.0/token/delete', { token_id: id }),
      onSuccess,
    }),
  }
}
