/**
 * How a browser gets its session: it goes to the sign-in pages, and comes back with a code that only this browser can
 * redeem.
 */
import type { Redacted } from '../../domain/redacted.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { ConsoleSignIn } from '../../operations/ports/console-sessions.ts'
import { flowCookies, noFlowCookie, readFlowCookie, readSessionCookie, sessionCookie } from './cookies.ts'
import { destinationOf } from './destination.ts'
import { redirect, sendPage, type ConsoleVisit } from './visit.ts'

export interface SignInPorts {
  /** The console as a client of the OAuth server. */
  readonly client: {
    begin(
      workspace: Workspace,
      destination: string,
    ): Promise<{ readonly location: string; readonly state: string; readonly pending: string }>
    finish(
      workspace: Workspace,
      answer: { readonly query: URLSearchParams; readonly pending: string },
    ): Promise<{ readonly signIn: ConsoleSignIn; readonly destination: string } | undefined>
  }
  readonly openSession: (workspace: Workspace, signIn: ConsoleSignIn) => Promise<Redacted<string>>
  readonly forgetSession: (cookie: string | undefined) => Promise<void>
}

/** Marks that the browser was redirected to the public address already, so that it is not redirected again. */
const MOVED = 'moved'

export async function beginSignIn(visit: ConsoleVisit, { client }: SignInPorts): Promise<void> {
  const { request, query, workspace, publicUrl } = visit
  const destination = destinationOf(query.get('destination'))
  // The callback uses the public address, where cookies that were set under another name (localhost) are not sent.
  if (request.headers.host !== new URL(publicUrl).host && !query.has(MOVED)) {
    const again = new URLSearchParams({ destination, [MOVED]: '1' })
    redirect(visit, `${publicUrl}/console/sign-in?${again.toString()}`)
    return
  }
  const { location, ...flow } = await client.begin(workspace, destination)
  redirect(visit, location, flowCookies(request.headers.cookie, publicUrl, flow))
}

export async function finishSignIn(visit: ConsoleVisit, ports: SignInPorts): Promise<void> {
  const { request, query, workspace, publicUrl } = visit
  const state = query.get('state') ?? ''
  const pending = readFlowCookie(request.headers.cookie, publicUrl, state)
  if (query.has('error') && pending !== undefined) {
    sendPage(visit, 400, visit.pages.denied(), [noFlowCookie(publicUrl, state)])
    return
  }
  const finished =
    pending === undefined ? undefined : await ports.client.finish(workspace, { query, pending })
  if (finished === undefined) {
    sendPage(
      visit,
      400,
      visit.pages.notCompleted(),
      pending === undefined ? [] : [noFlowCookie(publicUrl, state)],
    )
    return
  }
  // Always a new cookie: somebody else may have set the one that came with the request (session fixation, attack 67).
  const cookie = await ports.openSession(workspace, finished.signIn)
  await ports.forgetSession(readSessionCookie(request.headers.cookie, publicUrl))
  redirect(visit, destinationOf(finished.destination), [
    sessionCookie(publicUrl, cookie.reveal()),
    noFlowCookie(publicUrl, state),
  ])
}
