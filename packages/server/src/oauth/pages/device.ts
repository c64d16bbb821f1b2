/**
 * The pages of the device grant (RFC 8628 §3.3), passed to the OAuth library. The forms are ours, because the library's
 * have no labels and use a script in an attribute. A person whom somebody else led here is warned twice (RFC 8628
 * §5.4).
 */
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { html } from './html.ts'
import { messagePage, page, problemBox } from './page.ts'

export const DEVICE_PATH = '/device'

/** Where people see where they are signed in. */
const YOUR_ACCOUNT = { href: '/oidc/account', text: 'See what is signed in as you' }

/** The library would submit a field `user_code` with a script; under this name it is only shown. */
export const SHOWN_CODE = 'shown_code'

/** @param countWrongCode called for an unknown code, with the client's address (attack 32) */
export function devicePages(countWrongCode: (address: string) => Promise<void>) {
  return {
    async userCodeInputSource(
      context: KoaContextWithOIDC,
      _form: string,
      _out?: unknown,
      error?: Error,
    ): Promise<void> {
      if (error?.name === 'AbortedError') {
        context.body = messagePage('Not connected', 'The device gets no access. You can close this page.')
        return
      }
      const isWrongCode = error !== undefined && 'userCode' in error
      if (isWrongCode) await countWrongCode(context.ip)
      const shown = context.query[SHOWN_CODE]
      context.body = deviceCodePage({
        xsrf: xsrfOf(context),
        userCode: typeof shown === 'string' ? shown.slice(0, 32) : undefined,
        problem:
          error === undefined
            ? undefined
            : isWrongCode
              ? 'This code is not known, too old, or used. Try again.'
              : 'The form was incomplete. Type the code again.',
      })
    },

    userCodeConfirmSource(
      context: KoaContextWithOIDC,
      _form: string,
      client: Client,
      device: Readonly<Record<string, unknown>>,
      userCode: string,
    ): void {
      context.body = deviceConfirmationPage({
        xsrf: xsrfOf(context),
        applicationName: client.clientName ?? client.clientId,
        userCode,
        address: typeof device['ip'] === 'string' ? device['ip'] : undefined,
      })
    },

    successSource(context: KoaContextWithOIDC): void {
      context.body = messagePage(
        'Device connected',
        'You can close this page and continue on the device.',
        YOUR_ACCOUNT,
      )
    },
  }
}

function xsrfOf({ oidc }: KoaContextWithOIDC): string {
  const secret = oidc.session?.state?.['secret']
  return typeof secret === 'string' ? secret : ''
}

/** @param xsrf token of the OAuth library against forged requests */
function deviceCodePage(facts: {
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

function deviceConfirmationPage(facts: {
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
