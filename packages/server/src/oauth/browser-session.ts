/** Who is signed in with this browser, at this moment. */
import type { Provider } from 'oidc-provider'
import type { Principal } from '../domain/identity.ts'
import type { Workspace } from '../domain/workspace.ts'
import type { Visit } from './answer-page.ts'

export interface SignedIn {
  readonly user: Principal
  readonly session: Awaited<ReturnType<Provider['Session']['get']>>
}

/** Undefined when the user is deactivated, deleted or not in the workspace any more. */
export type FindInWorkspace = (id: string, workspaceId: Workspace['id']) => Promise<Principal | undefined>

/** Ends the session of somebody who is not there any more; the library would stumble over it. */
export async function findSignedIn(
  { provider, request, response, workspace }: Visit,
  findInWorkspace: FindInWorkspace,
): Promise<SignedIn | undefined> {
  const session = await provider.Session.get(provider.createContext(request, response))
  if (session.accountId === undefined) return undefined
  const user = await findInWorkspace(session.accountId, workspace.id)
  if (user !== undefined) return { user, session }
  await session.destroy()
  return undefined
}
