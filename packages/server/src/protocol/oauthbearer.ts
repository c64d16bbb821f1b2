/**
 * OAUTHBEARER (RFC 7628) as in PostgreSQL 18's auth-oauth.c: one message with the token, or without one to ask where
 * tokens are issued; on failure a JSON document that says so, one byte of acknowledgement, and the error.
 */
export const OAUTHBEARER = 'OAUTHBEARER'

/** RFC 7628 §3.1: separates the pairs, and alone acknowledges a failure. */
const KVSEP = '\x01'

/** A token is at most 4 KiB; the limit is PG_MAX_SASL_MESSAGE_LENGTH of PostgreSQL 18. */
export const LONGEST_BEARER_MESSAGE = 65_535

export type BearerResponse =
  | { readonly kind: 'token'; readonly token: string }
  /** `auth=` without a value (RFC 7628 §4.3). */
  | { readonly kind: 'discovery' }
  | { readonly kind: 'malformed'; readonly problem: string }

/**
 * gs2-header kvsep *(key "=" value kvsep) kvsep; keys are letters, values contain no control characters except
 * whitespace.
 */
const CLIENT_RESPONSE = /^(n|y|p=[^,]*),([^,]*),\x01((?:[A-Za-z]+=[\x20-\x7e\t\r\n]*\x01)*)\x01$/ // eslint-disable-line no-control-regex
/** RFC 6750 §2.1: the scheme in any case, then a b64token. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

export function parseBearerResponse(message: Buffer): BearerResponse {
  const parts = CLIENT_RESPONSE.exec(message.toString('latin1'))
  if (parts === null) return malformed('the client response')
  const [, flag = '', authorizationId = '', pairs = ''] = parts
  if (flag.startsWith('p')) return malformed('channel binding, which OAUTHBEARER does not have')
  if (authorizationId !== '') return malformed('an authorization identity, which is not supported')
  // `host` and `port` may be present; they decide nothing (RFC 7628 §3.1).
  const authorizations = pairs.split(KVSEP).filter((pair) => pair.startsWith('auth='))
  const [authorization, ...others] = authorizations
  if (authorization === undefined || others.length > 0) return malformed('not exactly one auth value')
  const value = authorization.slice('auth='.length)
  if (value === '') return { kind: 'discovery' }
  const token = BEARER.exec(value)?.[1]
  return token === undefined ? malformed('an auth value that is no bearer token') : { kind: 'token', token }
}

/** RFC 7628 §3.2.2; `openid-configuration` is the full URL, as libpq expects. */
export const formatBearerFailure = ({ issuer, scope }: { issuer: string; scope: string }): Buffer =>
  Buffer.from(
    JSON.stringify({
      status: 'invalid_token',
      'openid-configuration': `${issuer}/.well-known/openid-configuration`,
      scope,
    }),
    'utf8',
  )

/** RFC 7628 §3.2.3: what a client sends after it has read the failure. */
export const isBearerAcknowledgement = (message: Buffer): boolean => message.toString('latin1') === KVSEP

const malformed = (problem: string): BearerResponse => ({ kind: 'malformed', problem })
