/** The cache of the server's answers; how often a request is repeated is decided here. */
import { QueryClient } from '@tanstack/react-query'
import { ApiError, UnreachableError } from './api.ts'

const RETRIES = 3

/** A refusal is final; a request that failed because something was temporarily unavailable is repeated. */
const mayRetry = (failures: number, error: Error): boolean =>
  failures < RETRIES &&
  (error instanceof UnreachableError || (error instanceof ApiError && error.status === 503))

const retryDelay = (failures: number, error: Error): number =>
  error instanceof ApiError && error.retryAfter !== undefined
    ? error.retryAfter * 1000
    : Math.min(1000 * 2 ** failures, 8000)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: mayRetry,
      retryDelay,
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
})
