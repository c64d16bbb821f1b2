/**
 * Requests that other sites forge with a person's browser: what is not a GET says by Origin and Sec-Fetch-Site that it
 * comes from our own page, and by a value that only that page could read (OWASP, «Cross-Site Request Forgery Prevention»).
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { refused, type RefusedError } from '../../operations/refused-error.ts'

export const CSRF_HEADER = 'x-lakegate-csrf'

/**
 * For everything that is no GET, and for the handshake of a WebSocket, before anything is opened.
 * @throws RefusedError console_request_forged
 */
export function requireOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string): void {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== publicUrl) throw forged('it does not come from the address of the console.')
  if (site !== undefined && site !== 'same-origin') throw forged(ANOTHER_SITE)
}

/**
 * For what only reads: the Strict cookie comes along from other ports and from neighbours below the same domain, who can read
 * no answer, and could still measure it, keep a session alive, or take a person's places for streams (attack 68). By hand an
 * address may be opened.
 * @throws RefusedError console_request_forged
 */
export function requireOwnSite({ 'sec-fetch-site': site }: IncomingHttpHeaders): void {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw forged(ANOTHER_SITE)
}

const ANOTHER_SITE = 'the browser says that another site sent it.'

/** @throws RefusedError console_request_forged */
export function requireCsrfValue(sent: unknown, { csrf }: { readonly csrf: string }): void {
  if (typeof sent !== 'string' || !isEqual(sent, csrf))
    throw forged(`${CSRF_HEADER} is missing, or is that of another session.`)
}

/** In a time that tells nothing but the length, which everybody knows. */
function isEqual(sent: string, expected: string): boolean {
  const [one, other] = [Buffer.from(sent), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

const forged = (problem: string): RefusedError => refused('console_request_forged', { problem })
