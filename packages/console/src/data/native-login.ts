/** Native login of an instance: switched, and the sessions that came in by a password of their role. */
import type { OpenSessionAnswer } from '@lakegate/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useChangeInstance } from './instance-changes.ts'
import { instanceKeys } from './instances.ts'
import { endSession, instanceSessionsQuery } from './sessions.ts'

/** Nobody is behind a session that proved a role's own password (docs/clients.md). */
const cameByPassword = (session: OpenSessionAnswer): boolean => session.identity === undefined

/** Undefined while it is not known. Asks for `see_sessions`. */
export function usePasswordSessions(
  instance: string,
  enabled: boolean,
): readonly OpenSessionAnswer[] | undefined {
  const { data } = useQuery({ ...instanceSessionsQuery(instance), enabled })
  return data?.sessions.filter(cameByPassword)
}

export interface DisabledNativeLogin {
  readonly ended: number
}

/**
 * Switches it off, and ends what came in by it where that is wanted. Off first: what was ended cannot come back.
 * The sessions are asked for anew after the switch, so that nobody who came in meanwhile is left.
 */
export function useDisableNativeLogin(instance: string) {
  const queries = useQueryClient()
  const change = useChangeInstance(instance)
  return useMutation({
    async mutationFn({ endsSessions }: { readonly endsSessions: boolean }): Promise<DisabledNativeLogin> {
      await change.mutateAsync({ enable_pg_native_login: false })
      if (!endsSessions) return { ended: 0 }
      return { ended: await endPasswordSessions() }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: instanceKeys.sessions(instance) }),
  })

  async function endPasswordSessions(): Promise<number> {
    const { sessions } = await queries.query({ ...instanceSessionsQuery(instance), staleTime: 0 })
    const all = sessions.filter(cameByPassword)
    await Promise.all(all.map(({ session_id: id }) => endSession(instance, id)))
    return all.length
  }
}
