/** Where a sign-in leads: only to a page of the console, whatever the address says (RFC 9700 §4.11). */

const CONSOLE_PATH = '/console'

/** Paths that are not pages, or would redirect in circles. */
const NO_PAGES = /^\/console\/(?:api|assets|sign-in|callback|signed-out|starting)(?:\/|$)/
/** Browsers treat a backslash as a slash, and ignore tabs and line breaks (WHATWG URL §4.4). */
const MISREAD = /[\\\p{Cc}]/u
const LONGEST = 2_000

/** @returns a path below `/console`, with query and fragment; `/console` for everything else */
export function destinationOf(asked: string | null): string {
  if (asked === null || asked.length > LONGEST || MISREAD.test(asked) || !/^\/console(?:[/?#]|$)/.test(asked))
    return CONSOLE_PATH
  const base = 'http://console.invalid'
  if (!URL.canParse(asked, base)) return CONSOLE_PATH
  const { origin, pathname, search, hash } = new URL(asked, base)
  // Compared after `..` has been resolved.
  const isPage =
    origin === base &&
    (pathname === CONSOLE_PATH || pathname.startsWith(`${CONSOLE_PATH}/`)) &&
    !NO_PAGES.test(pathname)
  return isPage ? `${pathname}${search}${hash}` : CONSOLE_PATH
}
