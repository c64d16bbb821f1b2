/**
 * The pages of signing in: plain HTML with labels, no script, one style sheet. Whatever comes from outside is a
 * `string` and escaped; only `Html` is taken as it is (attack 33).
 */
import { SIGN_PATH, STYLE_PATH } from './style-sheet.ts'

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes every value that is not `Html`; nothing for undefined. */
export function html(parts: TemplateStringsArray, ...values: readonly (Html | string | undefined)[]): Html {
  const render = (value: Html | string | undefined) =>
    value instanceof Html
      ? value.text
      : (value ?? '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
  return new Html(
    parts.map((part, index) => part + (index < values.length ? render(values[index]) : '')).join(''),
  )
}

export const joined = (parts: readonly Html[]): Html => new Html(parts.map(({ text }) => text).join(''))

export const DEVICE_PATH = '/device'

/** @param head what else stands in the head */
export function page(title: string, content: Html, head?: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Lakegate</title>
        ${head}
        <link rel="icon" type="image/svg+xml" href="/oidc${SIGN_PATH}" />
        <link rel="stylesheet" href="/oidc${STYLE_PATH}" />
      </head>
      <body>
        <main>
          <p class="brand">Lakegate</p>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `.text
}

export const problemBox = (problem: string | undefined): Html | undefined =>
  problem === undefined ? undefined : html`<p class="problem" role="alert" id="problem">${problem}</p>`

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

/** What a scope lets an application do, in words for people. */
const SCOPE_SENTENCES: Readonly<Record<string, string>> = {
  'all-apis': 'use every API of the workspace, and sign in to PostgreSQL, as you',
  postgres: 'sign in to PostgreSQL, and mint credentials for it, as you',
  offline_access: 'keep that access while you are away, until you end it',
  openid: 'know which user you are',
  email: 'know your e-mail address',
  profile: 'know your name',
}

export interface ConsentPage {
  readonly action: string
  readonly cancelAction: string
  readonly applicationName: string
  readonly redirectHost: string
  readonly userName: string
  readonly scopes: readonly string[]
}

export function consentPage(facts: ConsentPage): string {
  const scopes = facts.scopes.map((scope) => html`<li>${SCOPE_SENTENCES[scope] ?? scope}</li>`)
  return page(
    'Allow access?',
    html`<p>
        <strong>${facts.applicationName}</strong> at ${facts.redirectHost} asks for access. You are signed in
        as <strong>${facts.userName}</strong>.
      </p>
      <p>It wants to</p>
      <ul>
        ${joined(scopes)}
      </ul>
      <div class="choices">
        <form method="post" action="${facts.action}"><button>Allow</button></form>
        <form method="post" action="${facts.cancelAction}"><button class="second">Deny</button></form>
      </div>
      <p class="hint">
        Allow only what you have started yourself, just now. You can end it later in
        <a href="/oidc/account">your account</a>.
      </p>`,
  )
}

/** @param isWrong when they were refused, for a reason that is on the page */
export function newPasswordFields(isWrong: boolean, focus: 'first' | 'none'): Html {
  const invalid = isWrong
    ? html` aria-describedby="password-rule problem" aria-invalid="true"`
    : html` aria-describedby="password-rule"`
  return html`<label for="password">New password</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="new-password"
      required
      minlength="12"
      maxlength="256"
      ${invalid}
      ${focus === 'first' ? html` autofocus` : undefined}
    />
    <p class="hint" id="password-rule">At least 12 characters.</p>
    <label for="repetition">The same again</label>
    <input
      id="repetition"
      name="repetition"
      type="password"
      autocomplete="new-password"
      required
      minlength="12"
      maxlength="256"
      ${invalid}
    />`
}

export function passwordPage(facts: {
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

/** @param next where to go on */
export const messagePage = (
  title: string,
  message: string,
  next?: { readonly href: string; readonly text: string },
): string =>
  page(
    title,
    html`<p>${message}</p>
      ${next === undefined ? undefined : html`<p><a class="button" href="${next.href}">${next.text}</a></p>`}`,
  )

/** Where people see what is signed in as them. */
export const YOUR_ACCOUNT = { href: '/oidc/account', text: 'See what is signed in as you' }

/** @param xsrf of the OAuth library, against forged requests */
export function deviceCodePage(facts: {
  readonly xsrf: string
  readonly userCode: string | undefined
  readonly problem: string | undefined
}): string {
  return page(
    'Connect a device',
    html`${problemBox(facts.problem)}
      <form method="post" action="/oidc${DEVICE_PATH}">
        <input type="hidden" name="xsrf" value="${facts.xsrf}" />
        <label for="user_code">Code that your device shows</label>
        <input
          id="user_code"
          name="user_code"
          class="code"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          required
          maxlength="32"
          value="${facts.userCode}"
          ${facts.problem === undefined ? undefined : html` aria-describedby="problem" aria-invalid="true"`}
          autofocus
        />
        <button>Continue</button>
      </form>
      <p class="hint">
        Type only a code that you see on your own device, never one that somebody sent you.
      </p>`,
  )
}

export function deviceConfirmationPage(facts: {
  readonly xsrf: string
  readonly applicationName: string
  readonly userCode: string
  readonly address: string | undefined
}): string {
  return page(
    'Is this your device?',
    html`<p><strong>${facts.applicationName}</strong> wants to sign in and shows this code:</p>
      <p class="code">${facts.userCode}</p>
      <p>The request came from the address ${facts.address ?? 'unknown'}.</p>
      <p class="problem">
        Continue only if you started this yourself on a device in front of you. Whoever sent you this code
        would get your access.
      </p>
      <form method="post" action="/oidc${DEVICE_PATH}" class="choices">
        <input type="hidden" name="xsrf" value="${facts.xsrf}" />
        <input type="hidden" name="user_code" value="${facts.userCode}" />
        <button name="confirm" value="yes">It is mine</button>
        <button class="second" name="abort" value="yes">It is not mine</button>
      </form>`,
  )
}
