/** Who is signed in, and what the person may do in this workspace. */
import type { ConsoleSessionAnswer, WorkspaceAction, WorkspaceRightsAnswer } from '@lakegate/client'
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { get, rememberCsrf, send } from './api.ts'
import { forgetUnlessKept, ownerOf } from './sql-drafts.ts'

let firstBuild: string | undefined

/** The build of the console with which this page was loaded. */
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

/** Of the shell and below, where the session is there. */
export const useSession = (): ConsoleSessionAnswer => useSuspenseQuery(sessionQuery).data

export const workspaceRightsQuery = queryOptions({
  queryKey: ['rights'],
  queryFn: ({ signal }) => get<WorkspaceRightsAnswer>('/2.0/lakegate/rights', {}, signal),
  staleTime: 60_000,
})

/** Undefined while it is not known yet: nothing is shown then, neither the control nor its refusal. */
export function useMay(action: WorkspaceAction): boolean | undefined {
  const { data } = useQuery(workspaceRightsQuery)
  return data?.actions.includes(action)
}

/** Ends the browser session; the page then goes to what the server shows to who is signed out. */
export async function signOut({ workspace, person }: ConsoleSessionAnswer): Promise<void> {
  // What the SQL editor kept in this browser goes too, unless the person wanted it to stay.
  await forgetUnlessKept(ownerOf(workspace.id, person.id))
  await send('POST', '/sign-out')
  location.assign('/console/signed-out')
}
