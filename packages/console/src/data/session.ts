/** Who is signed in, and what the person may do in this workspace. */
import type { ConsoleSessionAnswer, WorkspaceAction, WorkspaceRightsAnswer } from '@lakegate/client'
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { get, rememberCsrf, send } from './api.ts'
import { forgetUnlessKept, ownerOf } from './sql-drafts.ts'

let firstBuild: string | undefined

/** The console build with which this page was loaded. */
export const loadedBuild = (): string => firstBuild ?? ''

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const session = await get<ConsoleSessionAnswer>('/session')
    rememberCsrf(session.csrf)
    firstBuild ??= session.build
    return session
  },
  staleTime: Infinity,
  retry: false,
})

/** For the shell and everything below it, where a session exists. */
export const useSession = (): ConsoleSessionAnswer => useSuspenseQuery(sessionQuery).data

export const workspaceRightsQuery = queryOptions({
  queryKey: ['rights'],
  queryFn: ({ signal }) => get<WorkspaceRightsAnswer>('/2.0/lakegate/rights', {}, signal),
  staleTime: 60_000,
})

/** Undefined while it is not known yet: neither the control nor its explanation is shown then. */
export function useMay(action: WorkspaceAction): boolean | undefined {
  const { data } = useQuery(workspaceRightsQuery)
  return data?.actions.includes(action)
}

/** Ends the browser session; the page then goes to the server's page for people who are signed out. */
export async function signOut({ workspace, person }: ConsoleSessionAnswer): Promise<void> {
  // What the SQL editor stored in this browser is deleted too, unless the person chose to keep it.
  await forgetUnlessKept(ownerOf(workspace.id, person.id))
  await send('POST', '/sign-out')
  location.assign('/console/signed-out')
}
