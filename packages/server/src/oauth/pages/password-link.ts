/** The page that a sign-in link opens: whoever holds the link sets the password, and is signed in. */
import { Redacted } from '../../domain/redacted.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { toHttpRefusal } from '../../policy/refusals.ts'
import { signInBrowser } from '../browser-session.ts'
import { readForm } from '../form.ts'
import { rememberBrowser } from '../known-browsers.ts'
import { OAUTH_PREFIX, PASSWORD_PATH } from '../sign-in-link-url.ts'
import { isOwnPost, redirect, send, type Visit } from './answer.ts'
import { html } from './html.ts'
import type { InteractionPorts } from './interaction.ts'
import { newPasswordFields } from './new-password-fields.ts'
import { messagePage, page, problemBox } from './page.ts'

const CONSOLE_SIGN_IN = '/console/sign-in'

export async function servePassword(visit: Visit, ports: InteractionPorts, token: string): Promise<void> {
  const action = `${OAUTH_PREFIX}${PASSWORD_PATH}/${encodeURIComponent(token)}`
  const user = await ports.findLink(token)
  if (user === undefined) {
    send(
      visit,
      404,
      messagePage(
        'Link not valid',
        'It was used already, has expired or was replaced. Ask an administrator for a new one.',
      ),
    )
    return
  }
  if (visit.request.method === 'GET') {
    send(visit, 200, passwordPage({ action, userName: user.name }))
    return
  }
  if (!isOwnPost(visit)) return
  const form = await readForm(visit.request)
  const password = form?.get('password') ?? ''
  const again = (problem: string) => {
    send(visit, 400, passwordPage({ action, userName: user.name, problem }))
  }
  if (password !== form?.get('repetition')) {
    again('The two passwords differ.')
    return
  }
  try {
    await ports.setPassword(token, new Redacted(password))
  } catch (error) {
    if (!(error instanceof RefusedError) || error.refusal.name !== 'password_unsuitable') throw error
    again(toHttpRefusal(error.refusal)?.message ?? 'The password is not suitable.')
    return
  }
  rememberBrowser(visit, user.name, ports.knownBrowsers)
  const place = { workspaceId: visit.workspace.id, clientAddress: visit.clientAddress }
  const signedIn = await ports.signInByLink(user.id, place)
  if (signedIn === undefined) {
    send(
      visit,
      200,
      messagePage('Password set', `${user.name} is not in the workspace ${visit.workspace.name}.`),
    )
    return
  }
  // The link proves as much as the password that was just set, so nobody has to type that again.
  await signInBrowser(visit, signedIn.id)
  redirect(visit, CONSOLE_SIGN_IN)
}

function passwordPage(facts: {
  readonly action: string
  readonly userName: string
  readonly problem?: string | undefined
}): string {
  return page(
    'Set your password',
    html`<p>for <strong>${facts.userName}</strong></p>
      ${problemBox(facts.problem)}
      <form method="post" action="${facts.action}">
        <input type="hidden" name="user_name" autocomplete="username" value="${facts.userName}" />
        ${newPasswordFields(facts.problem !== undefined, 'first')}
        <button>Set password</button>
      </form>
      <p class="hint">This ends all sessions of the user; the link works once.</p>`,
  )
}
