/**
 * Protects against requests that other sites forge with a person's browser. A request other than GET must prove by
 * Origin and Sec-Fetch-Site that it comes from our own page, and by a value that only that page can read (OWASP,
 * «Cross-Site Request Forgery Prevention»).
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { refused, type RefusedError } from '../../operations/refused-error.ts'

export const CSRF_HEADER = 'x-lakegate-csrf'

/**
 * For every request other than GET, and for the handshake of a WebSocket, before anything is opened.
 * @throws RefusedError console_request_forged
 */
export function requireOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string): void {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== publicUrl) throw forged('it does not come from the address of the console.')
  if (site !== undefined && site !== 'same-origin') throw forged(ANOTHER_SITE)
}

/**
 * For requests that only read. Browsers send the Strict cookie also with requests from other ports and from other hosts
 * below the same domain. Those sites cannot read an answer, but could measure its time, keep a session alive, or use up
 * a person's streams (attack 68). Addresses that a person types are allowed.
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

/** The time of the comparison reveals only the length, which is public. */
function isEqual(sent: string, expected: string): boolean {
  const [one, other] = [Buffer.from(sent), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

const forged = (problem: string): RefusedError => refused('console_request_forged', { problem })
