/** All refusals, from the server's own table. It changes only with the server's version. */
import type { RefusalsAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'

export const refusalsQuery = queryOptions({
  queryKey: ['refusals'],
  queryFn: async ({ signal }) => (await get<RefusalsAnswer>('/2.0/lakegate/refusals', {}, signal)).refusals,
  staleTime: Infinity,
})
