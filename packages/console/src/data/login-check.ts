/** Checks whether an identity would be let in as a role, without opening a session. */
import type { LoginCheckAnswer, LoginCheckRequest } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { send } from './api.ts'

/**
 * Requested when the page is opened with a question in its address, and when somebody presses Check: checks of other
 * identities are recorded in the audit.
 */
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
