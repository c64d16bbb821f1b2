/**
 * Who makes the current request. The OAuth library calls our storage without the request, but what it stores must be
 * counted for the visitor. So the visitor is kept for the whole request, across all asynchronous calls
 * (async-context.ts).
 */
import { errors } from 'oidc-provider'
import { clientNetwork } from '../domain/client-network.ts'
import type { RecordOrigin } from '../operations/ports/oauth.ts'
import { AsyncContext } from './async-context.ts'

export interface Visitor {
  readonly origin: RecordOrigin
  /** Set when too many sign-ins were begun and not finished: in so many seconds there is room again. */
  retryAfterSeconds?: number
}

/** Limits of sign-ins that were begun and not finished. */
const MOST_OF_AN_ADDRESS = 100
const MOST_OF_A_KNOWN_BROWSER = 20
const MOST_OF_ALL = 10_000

const visitors = new AsyncContext<Visitor>()

export const currentVisitor = (): Visitor | undefined => visitors.current

/**
 * @param knownBrowser a browser in which somebody has signed in before: it is counted separately from its address and
 * from the overall limit, so that nobody can lock out users who have signed in before
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

/** The library passes this error on; finish-responses.ts then writes the final answer. */
export function tooMuchBegun(retryAfterSeconds: number): Error {
  const visitor = currentVisitor()
  if (visitor !== undefined) visitor.retryAfterSeconds = retryAfterSeconds
  const error = new errors.CustomOIDCProviderError(SLOW_DOWN, 'too many sign-ins were begun')
  return Object.assign(error, { status: 429, statusCode: 429, allow_redirect: false })
}

/** RFC 8628 §3.5 defines it for clients that poll too fast; OAuth has no other code for «too many requests». */
export const SLOW_DOWN = 'slow_down'
