/** Native login of an instance: switches it, and finds the sessions that logged in with a password of their role. */
import type { OpenSessionAnswer } from '@lakegate/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useChangeInstance } from './instance-changes.ts'
import { instanceKeys } from './instances.ts'
import { endSession, instanceSessionsQuery } from './sessions.ts'

/** A session that logged in with the role's own password has no identity (docs/clients/README.md). */
const cameByPassword = (session: OpenSessionAnswer): boolean => session.identity === undefined

/** Undefined while it is not known. Requires `see_sessions`. */
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
 * Switches native login off, and ends the sessions that used it if that is wanted. It is switched off first, so that
 * ended sessions cannot log in again; then the sessions are read again, so that none that logged in meanwhile is left.
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
