/**
 * Who asks at this moment, for what is kept on their behalf below the OAuth library: that calls our storage without the
 * request. One place for the whole of a request, however it goes on (`AsyncLocalStorage`).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { errors } from 'oidc-provider'
import { clientNetwork } from '../domain/client-network.ts'
import type { RecordOrigin } from '../operations/ports/oauth.ts'

export interface Visitor {
  readonly origin: RecordOrigin
  /** Too much was begun and not finished there; in so many seconds there is room again. */
  retryAfterSeconds?: number
}

/** Sign-ins that were begun and not finished. */
const MOST_OF_AN_ADDRESS = 100
const MOST_OF_A_KNOWN_BROWSER = 20
const MOST_OF_ALL = 10_000

const visitors = new AsyncLocalStorage<Visitor>()

export const currentVisitor = (): Visitor | undefined => visitors.getStore()

/**
 * @param knownBrowser in which somebody has signed in before: it is counted apart from its address and from everybody, so
 *   that nobody locks out who was here before
 */
export function asVisitor<Result>(
  who: { readonly clientAddress: string; readonly knownBrowser: string | undefined },
  serve: () => Promise<Result>,
): Promise<Result> {
  const origin: RecordOrigin =
    who.knownBrowser === undefined
      ? {
          key: `address ${clientNetwork(who.clientAddress)}`,
          most: MOST_OF_AN_ADDRESS,
          mostOfAll: MOST_OF_ALL,
        }
      : { key: `browser ${who.knownBrowser}`, most: MOST_OF_A_KNOWN_BROWSER, mostOfAll: undefined }
  return visitors.run({ origin }, serve)
}

/** The library lets it pass; the answer is made anew where all answers are dressed. */
export function tooMuchBegun(retryAfterSeconds: number): Error {
  const visitor = currentVisitor()
  if (visitor !== undefined) visitor.retryAfterSeconds = retryAfterSeconds
  const error = new errors.CustomOIDCProviderError(SLOW_DOWN, 'too many sign-ins were begun')
  return Object.assign(error, { status: 429, statusCode: 429, allow_redirect: false })
}

/** RFC 8628 §3.5 has it for who polls too fast; there is no other word of OAuth for it. */
export const SLOW_DOWN = 'slow_down'
