/**
 * `/oidc/account`: a signed-in person sees which browsers and applications are signed in, ends their sessions, and
 * changes the password. It uses the session of the sign-in pages; posts are accepted only from this page (attack 33).
 */
import type { Provider } from 'oidc-provider'
import type { IdentityId } from '../../domain/ids.ts'
import { Redacted } from '../../domain/redacted.ts'
import type { PasswordChange } from '../../operations/sign-in/change-password.ts'
import type { SignInSession } from '../../operations/ports/oauth.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { toHttpRefusal } from '../../policy/refusals.ts'
import {
  ACCOUNT_PATH,
  accountPage,
  isDone,
  notSignedInPage,
  signedOutPage,
  type Done,
  type SignedInPlace,
} from './account-page.ts'
import { isOwnPost, orExplain, redirect, send, type Visit } from './answer.ts'
import { findSignedIn, type FindInWorkspace, type SignedIn } from '../browser-session.ts'
import { ACCOUNT_PAGE_CLIENT } from '../clients.ts'
import { readForm } from '../form.ts'
import { notFoundPage } from './page.ts'

export interface AccountPorts {
  readonly findInWorkspace: FindInWorkspace
  readonly listSessions: (id: IdentityId) => Promise<readonly SignInSession[]>
  readonly endSession: (id: IdentityId, sessionId: string) => Promise<boolean>
  readonly endOtherSessions: (id: IdentityId, sessionUid: string) => Promise<void>
  readonly hasPassword: (id: IdentityId) => Promise<boolean>
  readonly changePassword: (change: PasswordChange) => Promise<void>
}

const MOST_PLACES = 100

/** @returns false when the path is not one of these pages */
export async function serveAccount(visit: Visit, ports: AccountPorts): Promise<boolean> {
  const { path, request } = visit
  if (path !== ACCOUNT_PATH && !path.startsWith(`${ACCOUNT_PATH}/`)) return false
  await orExplain(visit, async () => {
    if (path === ACCOUNT_PATH && request.method === 'GET') await show(visit, ports)
    else if (isOwnPost(visit)) await act(visit, ports)
  })
  return true
}

async function show(visit: Visit, ports: AccountPorts): Promise<void> {
  const { query } = visit
  const signedIn = await findSignedIn(visit, ports.findInWorkspace)
  if (signedIn !== undefined) {
    const done = query.get('done')
    await sendAccount(visit, ports, signedIn, { done: isDone(done) ? done : undefined })
  } else if (query.has('error')) {
    // The person came back from the sign-in pages without signing in: do not send them there again automatically.
    send(visit, 200, notSignedInPage())
  } else signIn(visit)
}

/** Uses the same pages as for any application; no code comes back, only a browser with a session. */
function signIn(visit: Visit): void {
  const parameters = new URLSearchParams({
    client_id: ACCOUNT_PAGE_CLIENT,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: `${visit.publicUrl}/oidc${ACCOUNT_PATH}`,
  })
  redirect(visit, `/oidc/v1/authorize?${parameters.toString()}`)
}

async function act(visit: Visit, ports: AccountPorts): Promise<void> {
  const signedIn = await findSignedIn(visit, ports.findInWorkspace)
  if (signedIn === undefined) {
    send(visit, 401, notSignedInPage())
    return
  }
  const { user, session } = signedIn
  const [, , first, second, third] = visit.path.split('/')
  if (first === 'sign-out' && second === undefined) {
    await session.destroy()
    forgetCookie(visit)
    send(visit, 200, signedOutPage())
  } else if (first === 'password' && second === undefined) {
    await changePassword(visit, ports, signedIn)
  } else if (first === 'sessions' && second === 'end-others' && third === undefined) {
    await ports.endOtherSessions(user.id, session.uid)
    goBack(visit, 'others')
  } else if (first === 'sessions' && second !== undefined && third === 'end') {
    // Ends only sessions of this user; one that is already gone needs no error.
    await ports.endSession(user.id, second)
    goBack(visit, 'ended')
  } else send(visit, 404, notFoundPage())
}

async function changePassword(visit: Visit, ports: AccountPorts, signedIn: SignedIn): Promise<void> {
  const form = await readForm(visit.request)
  const replacement = form?.get('password') ?? ''
  if (replacement !== form?.get('repetition')) {
    await sendAccount(visit, ports, signedIn, { status: 400, problem: 'The two new passwords differ.' })
    return
  }
  try {
    await ports.changePassword({
      user: signedIn.user,
      current: new Redacted(form.get('current') ?? ''),
      replacement: new Redacted(replacement),
      workspaceId: visit.workspace.id,
      clientAddress: visit.clientAddress,
      sessionUid: signedIn.session.uid,
    })
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const refusal = toHttpRefusal(error.refusal)
    const problem =
      error.refusal.name === 'sign_in_failed' ? 'The current password is wrong.' : refusal?.message
    await sendAccount(visit, ports, signedIn, { status: refusal?.status ?? 403, problem })
    return
  }
  goBack(visit, 'password')
}

async function sendAccount(
  visit: Visit,
  ports: AccountPorts,
  { user, session }: SignedIn,
  answer: {
    readonly status?: number
    readonly done?: Done | undefined
    readonly problem?: string | undefined
  },
): Promise<void> {
  const all = await ports.listSessions(user.id)
  const isOwn = (one: SignInSession): boolean => one.kind === 'session' && one.uid === session.uid
  const own = all.filter(isOwn)
  const others = all.filter((one) => !isOwn(one)).reverse()
  const shown = [...own, ...others.slice(0, MOST_PLACES)]
  send(
    visit,
    answer.status ?? 200,
    accountPage({
      userName: user.name,
      displayName: user.displayName,
      workspaceName: visit.workspace.name,
      places: await Promise.all(shown.map((one) => describe(visit.provider, one, isOwn(one)))),
      hiddenPlaces: all.length - shown.length,
      hasPassword: await ports.hasPassword(user.id),
      done: answer.done,
      problem: answer.problem,
    }),
  )
}

async function describe(
  provider: Provider,
  session: SignInSession,
  isThisBrowser: boolean,
): Promise<SignedInPlace> {
  const { id, kind, clientId, createdAt, expiresAt } = session
  const client = clientId === undefined ? undefined : await provider.Client.find(clientId)
  return {
    id,
    applicationName:
      kind === 'session' ? undefined : (client?.clientName ?? 'An application that was removed'),
    isThisBrowser,
    createdAt,
    expiresAt,
  }
}

function forgetCookie({ provider, request, response }: Visit): void {
  provider.createContext(request, response).cookies.set(provider.cookieName('session'), null)
}

/** A redirect, so that reloading shows the page again and repeats nothing. */
function goBack(visit: Visit, done: Done): void {
  redirect(visit, `/oidc${ACCOUNT_PATH}?done=${done}`)
}
