/** Signing in with a user name and a password, and the way to an outside provider. */
import { Redacted } from '../../domain/redacted.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { toHttpRefusal } from '../../policy/refusals.ts'
import { readForm } from '../form.ts'
import { recogniseBrowser, rememberBrowser } from '../known-browsers.ts'
import { send, type Visit } from './answer.ts'
import { html } from './html.ts'
import { finishSignIn, type Interaction, type InteractionPorts, type Steps } from './interaction.ts'
import { page, problemBox } from './page.ts'

export function showSignIn(
  visit: Visit,
  ports: InteractionPorts,
  steps: Steps,
  status: number,
  again: { readonly userName?: string; readonly problem?: string } = {},
): void {
  send(
    visit,
    status,
    signInPage({
      action: `${steps.base}/sign-in`,
      workspaceName: visit.workspace.name,
      applicationName: steps.applicationName,
      upstream:
        ports.upstream === undefined
          ? undefined
          : { name: ports.upstream.name, action: `${steps.base}/upstream` },
      ...again,
    }),
    { formTarget: steps.redirectUrl },
  )
}

export async function checkPassword(
  visit: Visit,
  ports: InteractionPorts,
  steps: Steps,
  interaction: Interaction,
): Promise<void> {
  const form = await readForm(visit.request)
  const userName = form?.get('user_name') ?? ''
  try {
    const principal = await ports.signIn({
      userName,
      password: new Redacted(form?.get('password') ?? ''),
      clientAddress: visit.clientAddress,
      workspaceId: visit.workspace.id,
      knownBrowser: recogniseBrowser(visit, userName, ports.knownBrowsers),
    })
    rememberBrowser(visit, principal.name, ports.knownBrowsers)
    await finishSignIn(visit, interaction, { accountId: principal.id, amr: ['pwd'] }, ports.clock())
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const refusal = toHttpRefusal(error.refusal)
    showSignIn(visit, ports, steps, refusal?.status ?? 401, {
      userName,
      problem: refusal?.message ?? 'Sign-in is not possible.',
    })
  }
}

export interface SignInPage {
  readonly action: string
  readonly workspaceName: string
  readonly applicationName: string
  readonly userName?: string | undefined
  readonly problem?: string | undefined
  /** The outside provider, when one is configured. */
  readonly upstream?: { readonly name: string; readonly action: string } | undefined
}

export function signInPage(facts: SignInPage): string {
  const invalid = facts.problem === undefined ? undefined : html` aria-describedby="problem"`
  return page(
    'Sign in',
    html`<p>
        to continue to <strong>${facts.applicationName}</strong> in the workspace ${facts.workspaceName}
      </p>
      ${problemBox(facts.problem)}
      ${
        facts.upstream === undefined
          ? undefined
          : html`<form method="post" action="${facts.upstream.action}">
                <button class="wide">Sign in with ${facts.upstream.name}</button>
              </form>
              <p class="or">or with a password</p>`
      }
      <form method="post" action="${facts.action}">
        <label for="user_name">E-mail address</label>
        <input
          id="user_name"
          name="user_name"
          type="email"
          autocomplete="username"
          required
          maxlength="256"
          value="${facts.userName}"
          ${invalid}
          ${facts.userName === undefined ? html`autofocus` : undefined}
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          maxlength="256"
          ${invalid}
          ${facts.userName === undefined ? undefined : html`autofocus`}
        />
        <button>Sign in</button>
      </form>
      <p class="hint">First time here, or password forgotten? Ask an administrator for a sign-in link.</p>`,
  )
}
