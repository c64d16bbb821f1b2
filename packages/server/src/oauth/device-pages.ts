/**
 * The pages of the device grant (RFC 8628 §3.3), handed to the OAuth library. The forms are ours: the library's have
 * no label and a script in an attribute. Whoever is led here by somebody else is warned twice (RFC 8628 §5.4).
 */
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { deviceCodePage, deviceConfirmationPage, messagePage, YOUR_ACCOUNT } from './pages.ts'

/** The library would post what stands in `user_code` by a script; below this name it is only shown. */
export const SHOWN_CODE = 'shown_code'

/** @param countWrongCode told of a code that nobody asked for, by address (attack 32) */
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
              : 'That did not arrive whole. Type the code once more.',
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
