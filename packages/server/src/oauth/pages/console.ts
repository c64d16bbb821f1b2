/** The pages below `/console` that the server itself renders, where the app does not exist or is not involved. */
import { messagePage } from './page.ts'

const SIGN_IN = { href: '/console/sign-in', text: 'Sign in' }

export const CONSOLE_PAGES = {
  notBuilt: () =>
    messagePage(
      'The console is not built',
      'This Lakegate was started from its sources, and its console was never built. Run «npm run build» and load this page again; nothing has to be restarted.',
      { href: '/oidc/account', text: 'Open your account' },
    ),
  notCompleted: () =>
    messagePage(
      'Sign-in not completed',
      'It was started in another browser, under another address, or too long ago. Start again.',
      SIGN_IN,
    ),
  denied: () => messagePage('Not signed in', 'The sign-in was cancelled.', SIGN_IN),
  signedOut: () =>
    messagePage('Signed out', 'This browser is signed out of Lakegate.', {
      href: '/console/sign-in',
      text: 'Sign in again',
    }),
  notFound: () =>
    messagePage('Not found', 'There is no such file. After an update, load the console again.', {
      href: '/console',
      text: 'Open the console',
    }),
  methodNotAllowed: () => messagePage('Not possible', 'Pages of the console accept only GET and HEAD.'),
  unavailable: () =>
    messagePage('Not available now', 'Lakegate cannot look up what it needs. Try again in a few seconds.', {
      href: '/console',
      text: 'Try again',
    }),
} as const
