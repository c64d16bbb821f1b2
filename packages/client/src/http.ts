/**
 * A typed fetch for the REST contract: base URL, bearer token, time and length limits, errors as `LakegateApiError`, and
 * what is worth repeating repeated.
 */
import type { ErrorBody, ErrorDetail } from './contract/errors.ts'
import { LakegateApiError, LakegateConnectionError, LakegateError } from './errors.ts'
import { delayBeforeRetry, markUsedUp, parseRetryAfter } from './tokens/back-off.ts'
import { systemClock, unlessAborted, wait, type Clock } from './tokens/clock.ts'
import type { TokenSource } from './tokens/token-source.ts'

/** A method of the REST API. */
export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/** What is particular to one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal
  /** Of this request, where the options of the whole do not fit. */
  readonly timeLimitMilliseconds?: number
  readonly attempts?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer with its headers. */
export interface HttpAnswer<Answer> {
  readonly body: Answer
  readonly headers: Headers
  /** By the clock of this machine, when the request was sent that got this answer. */
  readonly sentAt: Date
}

/** The REST API by method and path; `createRest` makes functions of it. */
export interface LakegateHttp {
  /**
   * @param path below the host, e.g. `/api/2.0/database/instances`
   * @throws LakegateApiError when the server answers with an error, LakegateConnectionError when there is no answer, and
   *   what the source of the token throws
   */
  request<Answer>(method: HttpMethod, path: string, body?: unknown, options?: RequestOptions): Promise<Answer>
  /** The same, with the headers of the answer. */
  exchange<Answer>(
    method: HttpMethod,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<HttpAnswer<Answer>>
}

/** How requests are made, repeated and limited. */
export interface HttpOptions {
  /**
   * How often a request is made before it has failed; default 1. A request that gets 429 or 5xx is repeated where that
   * cannot do anything twice: GET, PUT and DELETE; POST and PATCH only after 429, or after 503 with `Retry-After`, with
   * which a server says that it did nothing.
   */
  readonly attempts?: number
  /** Of each attempt; default 60 seconds. */
  readonly timeLimitMilliseconds?: number
  /** Longer answers are an error; default 32 MiB. */
  readonly answerLimitBytes?: number
  /** In place of the one of the runtime, e.g. with a proxy. */
  readonly fetch?: typeof fetch
  readonly clock?: Clock
  readonly random?: () => number
}

/**
 * Requests to one host, as the caller whose token is given.
 * @param baseUrl e.g. `http://127.0.0.1:8470`
 * @param token a function is called at every request, so that it may return a renewed token. Of a source, a token that is
 *   refused (401) is replaced by a new one, and the request repeated, once.
 */
export function createLakegateHttp(
  baseUrl: string,
  token: TokenSource | (() => string | Promise<string>),
  options: HttpOptions = {},
): LakegateHttp {
  const clock = options.clock ?? systemClock
  const random = options.random ?? Math.random
  const source = typeof token === 'function' ? undefined : token
  async function bearer(signal: AbortSignal | undefined): Promise<string> {
    signal?.throwIfAborted()
    const value =
      typeof token === 'function'
        ? Promise.resolve(token())
        : token.token(signal === undefined ? {} : { signal }).then((one) => one.value)
    return unlessAborted(value, signal)
  }

  function sendOnce(method: HttpMethod, path: string, body: unknown, value: string, given: RequestOptions) {
    return fetchJson(
      addressBelow(baseUrl, path),
      {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${value}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...given.headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      { ...options, ...given, clock },
    )
  }

  async function exchange<Answer>(
    method: HttpMethod,
    path: string,
    body?: unknown,
    given: RequestOptions = {},
  ): Promise<HttpAnswer<Answer>> {
    const attempts = given.attempts ?? options.attempts ?? 1
    let isReplaced = false
    for (let attempt = 1; ;) {
      // What the source throws is not repeated here: it has done that by its own rule.
      const value = await bearer(given.signal)
      try {
        // What the server promises by its contract is not checked again here.
        return (await sendOnce(method, path, body, value, given)) as HttpAnswer<Answer>
      } catch (error) {
        if (
          source !== undefined &&
          !isReplaced &&
          error instanceof LakegateApiError &&
          error.status === 401
        ) {
          isReplaced = true
          source.refuse(value)
          if ((await bearer(given.signal)) !== value) continue
          throw error
        }
        const isLast = attempt >= attempts
        if (isLast && attempt > 1) markUsedUp(error)
        const delay =
          !isLast && mayRepeat(method, error) ? delayBeforeRetry(error, attempt, random) : undefined
        if (delay === undefined) throw error
        attempt += 1
        await wait(clock, delay, true, given.signal)
      }
    }
  }

  return {
    exchange,
    async request<Answer>(method: HttpMethod, path: string, body?: unknown, given?: RequestOptions) {
      return (await exchange<Answer>(method, path, body, given)).body
    },
  }
}

/** A path such as `//elsewhere/x` is the address of another host, which must not see the token. */
function addressBelow(baseUrl: string, path: string): URL {
  const base = new URL(baseUrl)
  if (URL.canParse(path, base.href)) {
    const url = new URL(path, base)
    if (url.origin === base.origin) return url
  }
  throw new LakegateError(
    `The path ${path} is not one below ${base.origin}; nothing was sent.`,
    'Give the path only, such as /api/2.0/database/instances.',
  )
}

/**
 * One member of a path, from outside. An empty one and `..` would make it the path of something else.
 * @throws LakegateError
 */
export function pathMember(name: string, value: unknown): string {
  const text = String(value)
  if (text === '' || text === '.' || text === '..')
    throw new LakegateError(`“${text}” cannot be ${name}.`, `Give ${name} as it was created.`)
  return encodeURIComponent(text)
}

const mayRepeat = (method: HttpMethod, error: unknown): boolean =>
  method === 'GET' ||
  method === 'PUT' ||
  method === 'DELETE' ||
  (error instanceof LakegateApiError &&
    (error.status === 429 || (error.status === 503 && error.retryAfterMilliseconds !== undefined)))

const TIME_LIMIT = 60_000
const ANSWER_LIMIT = 32 * 1024 * 1024

export interface FetchLimits {
  readonly signal?: AbortSignal
  readonly timeLimitMilliseconds?: number
  readonly answerLimitBytes?: number
  readonly fetch?: typeof fetch
  readonly clock?: Clock
}

/**
 * One request whose answer is JSON. Redirects are not followed: a token goes to the host that was named and nowhere else.
 * @throws LakegateApiError, LakegateConnectionError, the reason of the signal
 */
export async function fetchJson(
  url: URL,
  request: RequestInit & { readonly method: string },
  limits: FetchLimits = {},
): Promise<HttpAnswer<unknown>> {
  const clock = limits.clock ?? systemClock
  const sentAt = new Date(clock.wallTime())
  const timeLimit = new AbortController()
  const limit = limits.timeLimitMilliseconds ?? TIME_LIMIT
  const stop = clock.after(limit, () => timeLimit.abort(), false)
  try {
    const signals = [timeLimit.signal, ...(limits.signal === undefined ? [] : [limits.signal])]
    const response = await (limits.fetch ?? fetch)(url, {
      ...request,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    })
    const text = await readText(response, limits.answerLimitBytes ?? ANSWER_LIMIT, url)
    if (!response.ok) throw apiError(response, text, clock.wallTime())
    return { body: text === '' ? {} : parseAnswer(text, url), headers: response.headers, sentAt }
  } catch (error) {
    if (error instanceof LakegateApiError || error instanceof LakegateConnectionError) throw error
    if (limits.signal?.aborted === true) throw limits.signal.reason
    throw noAnswer(url, error, timeLimit.signal.aborted ? limit : undefined)
  } finally {
    stop()
  }
}

async function readText(response: Response, limit: number, url: URL): Promise<string> {
  if (response.body === null) return ''
  const parts: Uint8Array[] = []
  let length = 0
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > limit) {
      reader.cancel().catch(() => undefined)
      throw new LakegateConnectionError(
        `The answer of ${url.origin}${url.pathname} is longer than ${String(limit)} bytes.`,
        'ANSWER_TOO_LONG',
        'Ask for smaller pages, or set answerLimitBytes.',
      )
    }
    parts.push(value)
  }
  return Buffer.concat(parts, length).toString('utf8')
}

function parseAnswer(text: string, url: URL): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new LakegateConnectionError(
      `${url.origin}${url.pathname} answered with something that is not JSON.`,
      'NOT_JSON',
      'Check that the host is a workspace, and that no proxy answers in its place.',
    )
  }
}

function apiError(response: Response, text: string, now: number): LakegateApiError {
  return new LakegateApiError(
    response.status,
    parseErrorBody(text, response),
    parseRetryAfter(response.headers.get('retry-after'), response.headers.get('date'), now),
  )
}

/** Of the REST API, of SCIM (RFC 7644 §3.12) and of OAuth (RFC 6749 §5.2). */
function parseErrorBody(
  text: string,
  response: Response,
): Pick<ErrorBody, 'error_code' | 'message'> & Partial<Pick<ErrorBody, 'details'>> {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) {
      if ('error_code' in body && 'message' in body)
        return {
          error_code: String(body.error_code),
          message: String(body.message),
          ...('details' in body && Array.isArray(body.details)
            ? { details: body.details.filter(isErrorDetail) }
            : {}),
        }
      if ('error' in body && typeof body.error === 'string')
        return {
          error_code: body.error,
          message: 'error_description' in body ? String(body.error_description) : body.error,
        }
      if ('detail' in body)
        return { error_code: `SCIM_${String(response.status)}`, message: String(body.detail) }
    }
  } catch {
    // Not JSON: the answer came from a proxy; only its status line is usable.
  }
  const target = response.headers.get('location')
  return {
    error_code: `HTTP_${String(response.status)}`,
    message:
      target !== null && response.status >= 300 && response.status < 400
        ? `The server redirects to ${target}.`
        : response.statusText === ''
          ? `The server answered with the status ${String(response.status)}.`
          : response.statusText,
  }
}

const isErrorDetail = (value: unknown): value is ErrorDetail =>
  typeof value === 'object' && value !== null && '@type' in value

/** OpenSSL's names for a chain that ends at no authority which the runtime trusts. */
const OF_CERTIFICATES = /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|UnknownIssuer/

function noAnswer(url: URL, error: unknown, timeLimit: number | undefined): LakegateConnectionError {
  if (timeLimit !== undefined)
    return new LakegateConnectionError(
      `${url.origin} did not answer within ${String(timeLimit / 1000)} seconds.`,
      'TIMEOUT',
      'Try again, or allow more time (timeLimitMilliseconds).',
    )
  // What fetch throws only says that it failed; the system's error is its cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  return new LakegateConnectionError(
    `${url.origin} cannot be reached: ${message === '' ? code : message}.`,
    code,
    OF_CERTIFICATES.test(`${code} ${message}`)
      ? 'Name the authority of its certificate in the variable NODE_EXTRA_CA_CERTS; that of a Lakegate is ca.pem in its data directory.'
      : 'Check the host and that its server runs.',
    cause,
  )
}
