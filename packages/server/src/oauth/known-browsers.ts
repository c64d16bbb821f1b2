/**
 * Browsers in which a user has signed in before with a password or a link. Each has a cookie that identifies it, sealed
 * so that nobody can forge it. It grants no access, but failed attempts from that browser are counted separately from
 * all others (attack 34).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readCookie, setCookie } from './cookies.ts'

export interface KnownBrowserPorts {
  readonly seal: (text: string) => string
  readonly unseal: (text: string) => string | undefined
  readonly randomUuid: () => string
}

const COOKIE = 'known_browser'
const MAX_AGE_SECONDS = 180 * 24 * 60 * 60
const LONGEST_COOKIE = 2048

/** @returns the id of the browser, if it is known for that user */
export function recogniseBrowser(
  visit: Carrier,
  userName: string,
  ports: Pick<KnownBrowserPorts, 'unseal'>,
): string | undefined {
  const known = readKnownBrowser(visit, ports)
  return known?.userName === normalise(userName) ? known.browser : undefined
}

/** The id of a browser that is known for any user. */
export function readKnownBrowser(
  visit: Carrier,
  { unseal }: Pick<KnownBrowserPorts, 'unseal'>,
): { readonly browser: string; readonly userName: unknown } | undefined {
  const cookie = readCookie(visit, COOKIE)
  if (cookie === undefined || cookie.length > LONGEST_COOKIE) return undefined
  const text = unseal(cookie)
  if (text === undefined) return undefined
  const { browser, userName } = JSON.parse(text) as Readonly<Record<string, unknown>>
  return typeof browser === 'string' ? { browser, userName } : undefined
}

interface Carrier {
  readonly request: IncomingMessage
  readonly publicUrl: string
}

export function rememberBrowser(
  visit: { readonly response: ServerResponse; readonly publicUrl: string },
  userName: string,
  { seal, randomUuid }: KnownBrowserPorts,
): void {
  setCookie(visit, {
    name: COOKIE,
    value: seal(JSON.stringify({ browser: randomUuid(), userName: normalise(userName) })),
    maxAgeSeconds: MAX_AGE_SECONDS,
  })
}

/** The same normalisation as in operations/sign-in/sign-in.ts. */
const normalise = (userName: string): string => userName.trim().toLowerCase()
