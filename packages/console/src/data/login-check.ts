/** Would this identity be let in as this role? Asked without opening anything. */
import type { LoginCheckAnswer, LoginCheckRequest } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { send } from './api.ts'

/** Asked when the page is opened with its question, and when somebody presses Check: a check of others is in the audit. */
export const loginCheckQuery = (instance: string, question: LoginCheckRequest) =>
  queryOptions({
    queryKey: ['login-check', instance, question],
    queryFn: () =>
      send<LoginCheckAnswer>(
        'POST',
        `/2.0/lakegate/instances/${encodeURIComponent(instance)}/login-check`,
        question,
      ),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  })
