/** Open PostgreSQL sessions of an instance: lists them and ends single ones. */
import type { OpenSessionAnswer, OpenSessionsAnswer } from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiError, get, send } from './api.ts'
import { instanceKeys } from './instances.ts'

const pathOf = (instance: string) => `/2.0/lakegate/instances/${encodeURIComponent(instance)}/sessions`

/** Idle times and byte counts change without a hint. */
const ASK_AGAIN = 10_000

/** Requires CAN_MANAGE (`see_sessions`). */
export const instanceSessionsQuery = (instance: string) =>
  queryOptions({
    queryKey: instanceKeys.sessions(instance),
    queryFn: ({ signal }) => get<OpenSessionsAnswer>(pathOf(instance), {}, signal),
    refetchInterval: ASK_AGAIN,
  })

/** @throws ApiError, UnreachableError, SendAgainError */
export const endSession = (instance: string, sessionId: string): Promise<OpenSessionsAnswer> =>
  send('DELETE', `${pathOf(instance)}/${encodeURIComponent(sessionId)}`)

export interface EndedSessions {
  readonly ended: number
  /** Gateways that did not answer; if the session is at one of them, it continues. */
  readonly silentGateways: number
}

/** Ends them one after the other; a session that is already over counts as ended by somebody else. */
export function useEndSessions() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (sessions: readonly OpenSessionAnswer[]): Promise<EndedSessions> => {
      let ended = 0
      let silentGateways = 0
      for (const session of sessions) {
        const answer = await endOne(session)
        ended += answer.sessions.length
        silentGateways = Math.max(silentGateways, answer.silent_gateways)
      }
      return { ended, silentGateways }
    },
    onSettled: (_answer, _error, sessions) =>
      Promise.all(
        [...new Set(sessions.map(({ database_instance_name: instance }) => instance))].map((instance) =>
          client.invalidateQueries({ queryKey: instanceKeys.sessions(instance) }),
        ),
      ),
  })
}

async function endOne(session: OpenSessionAnswer): Promise<OpenSessionsAnswer> {
  try {
    return await endSession(session.database_instance_name, session.session_id)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { sessions: [], silent_gateways: 0 }
    throw error
  }
}
