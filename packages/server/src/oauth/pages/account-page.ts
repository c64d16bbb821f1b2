/** The page on which people see where they are signed in, end these sessions, and change their password. No script. */
import { html, joined, type Html } from './html.ts'
import { newPasswordFields } from './new-password-fields.ts'
import { messagePage, page, problemBox } from './page.ts'

export const ACCOUNT_PATH = '/account'
const BASE = `/oidc${ACCOUNT_PATH}`

export interface SignedInPlace {
  readonly id: string
  /** Name of the application; undefined for a browser. */
  readonly applicationName: string | undefined
  readonly isThisBrowser: boolean
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

export interface AccountPage {
  readonly userName: string
  readonly displayName: string
  readonly workspaceName: string
  readonly places: readonly SignedInPlace[]
  /** How many sessions there are besides those on the page. */
  readonly hiddenPlaces: number
  /** False for a user who signs in only through an outside provider. */
  readonly hasPassword: boolean
  readonly done?: Done | undefined
  /** Why the password was not changed. */
  readonly problem?: string | undefined
}

const DONE_SENTENCES = {
  ended: 'It is signed out.',
  others: 'Everything else is signed out.',
  password: 'Your password is changed, and everything else is signed out.',
} as const
export type Done = keyof typeof DONE_SENTENCES
export const isDone = (text: string | null): text is Done =>
  text !== null && Object.hasOwn(DONE_SENTENCES, text)

export function accountPage(facts: AccountPage): string {
  const others = facts.places.filter(({ isThisBrowser }) => !isThisBrowser)
  return page(
    'Your account',
    html`<p>
        <strong>${facts.displayName === '' ? facts.userName : facts.displayName}</strong><br />
        ${facts.userName}, in the workspace ${facts.workspaceName}
      </p>
      ${facts.done === undefined ? undefined : html`<p class="done" role="status">${DONE_SENTENCES[facts.done]}</p>`}
      <p><a href="/console">Open the console</a></p>
      <form method="post" action="${BASE}/sign-out"><button class="second">Sign out</button></form>
      <section aria-labelledby="places">
        <h2 id="places">Signed in as you</h2>
        <ul class="places">
          ${joined(facts.places.map(placeItem))}
        </ul>
        ${facts.hiddenPlaces === 0 ? undefined : html`<p class="hint">and ${String(facts.hiddenPlaces)} more</p>`}
        ${
          others.length === 0
            ? html`<p class="hint">Nothing else is signed in as you.</p>`
            : html`<p class="hint">
                  An application that is signed out gets no new access; what it has ends within an hour.
                </p>
                <form method="post" action="${BASE}/sessions/end-others">
                  <button class="second">Sign out everywhere else</button>
                </form>`
        }
      </section>
      ${facts.hasPassword ? passwordSection(facts) : undefined}`,
  )
}

function placeItem(place: SignedInPlace, index: number): Html {
  const id = `place-${String(index)}`
  return html`<li>
    <div id="${id}">
      <strong>${place.applicationName ?? 'Browser'}</strong>
      ${place.isThisBrowser ? html`<span class="badge">this browser</span>` : undefined}
      <span class="hint">
        ${place.applicationName === undefined ? 'signed in' : 'application, allowed'}
        ${moment(place.createdAt)}${
          place.expiresAt === undefined ? undefined : html`, until ${moment(place.expiresAt)} at the latest`
        }
      </span>
    </div>
    ${
      place.isThisBrowser
        ? undefined
        : html`<form method="post" action="${BASE}/sessions/${place.id}/end">
            <button class="second small" aria-describedby="${id}">Sign out</button>
          </form>`
    }
  </li>`
}

function passwordSection({ userName, problem }: AccountPage): Html {
  const invalid = problem === undefined ? undefined : html` aria-describedby="problem" autofocus`
  return html`<section aria-labelledby="password-title">
    <h2 id="password-title">Change your password</h2>
    ${problemBox(problem)}
    <form method="post" action="${BASE}/password">
      <input type="hidden" name="user_name" autocomplete="username" value="${userName}" />
      <label for="current">Current password</label>
      <input
        id="current"
        name="current"
        type="password"
        autocomplete="current-password"
        required
        maxlength="256"
        ${invalid}
      />
      ${newPasswordFields(problem !== undefined, 'none')}
      <button>Change password</button>
    </form>
    <p class="hint">This signs out everything else.</p>
  </section>`
}

/** In UTC: without a script, the page does not know the reader's time zone. */
function moment(date: Date): Html {
  const iso = date.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`
}

export const signedOutPage = (): string =>
  messagePage(
    'Signed out',
    'This browser is signed out. Applications that you allowed are still signed in.',
    {
      href: BASE,
      text: 'Sign in again',
    },
  )

export const notSignedInPage = (): string =>
  messagePage('Not signed in', 'To see your account, sign in.', { href: BASE, text: 'Sign in' })
