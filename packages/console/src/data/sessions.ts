/** Open PostgreSQL sessions of an instance: who is inside, and the end of one. */
import type { OpenSessionsAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { instanceKeys } from './instances.ts'

const pathOf = (instance: string) => `/2.0/lakegate/instances/${encodeURIComponent(instance)}/sessions`

/** Asks for CAN_MANAGE (`see_sessions`). */
export const instanceSessionsQuery = (instance: string) =>
  queryOptions({
    queryKey: instanceKeys.sessions(instance),
    queryFn: ({ signal }) => get<OpenSessionsAnswer>(pathOf(instance), {}, signal),
  })

/** @throws ApiError, UnreachableError, SendAgainError */
export const endSession = (instance: string, sessionId: string): Promise<OpenSessionsAnswer> =>
  send('DELETE', `${pathOf(instance)}/${encodeURIComponent(sessionId)}`)
