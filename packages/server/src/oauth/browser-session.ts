/** Who is signed in with this browser now. */
import type { Provider } from 'oidc-provider'
import type { Principal } from '../domain/identity.ts'
import type { Workspace } from '../domain/workspace.ts'
import type { Visit } from './pages/answer.ts'

export interface SignedIn {
  readonly user: Principal
  readonly session: Awaited<ReturnType<Provider['Session']['get']>>
}

export const SESSION_SECONDS = 12 * 60 * 60

/** @returns undefined when the user is deactivated, deleted or no longer in the workspace */
export type FindInWorkspace = (id: string, workspaceId: Workspace['id']) => Promise<Principal | undefined>

/** Ends the session of a user who no longer exists; the library would fail on it. */
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

/**
 * Signs the browser in as a user who has just proved who they are on a page of ours; the previous session in that
 * browser ends.
 */
export async function signInBrowser(
  { provider, request, response, publicUrl }: Visit,
  accountId: Principal['id'],
): Promise<void> {
  const context = provider.createContext(request, response)
  const former = await provider.Session.get(context)
  if (former.accountId !== undefined) await former.destroy()
  // A new session identifier: somebody else may have set the one that came with the request (attack 33).
  const session = new provider.Session()
  session.loginAccount({ accountId, amr: ['pwd'] })
  await session.save(SESSION_SECONDS)
  context.cookies.set(provider.cookieName('session'), session.jti, {
    httpOnly: true,
    sameSite: 'lax',
    overwrite: true,
    secure: publicUrl.startsWith('https:'),
    expires: new Date(session.exp * 1000),
  })
}
