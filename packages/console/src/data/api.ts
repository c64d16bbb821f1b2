/**
 * Every request of the console to the server: same host, cookie of the browser session, CSRF value on every request
 * other than GET. Pages do not call fetch; they use the queries of this folder.
 */
import { reachability } from './reachability.ts'
import { askToSendAgain, reportSessionOver, waitForSession } from './session-over.ts'

/** An answer that was not a success, in the shape of the Databricks API. */
export class ApiError extends Error {
  readonly status: number
  readonly errorCode: string
  readonly requestId: string | undefined
  /** Seconds after which to try again, if the server says so. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    errorCode: string,
    message: string,
    more: { readonly requestId?: string | undefined; readonly retryAfter?: number | undefined } = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.errorCode = errorCode
    this.requestId = more.requestId
    this.retryAfter = more.retryAfter
  }
}

/** The server could not be reached at all. */
export class UnreachableError extends Error {
  constructor() {
    super('The server does not answer.')
    this.name = 'UnreachableError'
  }
}

/** The sign-in ended before the change was carried out, and the person chose not to send it again. */
export class SendAgainError extends Error {
  constructor() {
    super('The sign-in had ended; nothing was changed.')
    this.name = 'SendAgainError'
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

let csrf: string | undefined

/** Called with each answer of `GET /console/api/session`. */
export function rememberCsrf(value: string): void {
  csrf = value
}

/** For the first frame of a WebSocket. */
export const csrfValue = (): string => csrf ?? ''

/**
 * @param path below `/console/api`, e.g. `/2.0/database/instances`; each variable part through encodeURIComponent
 * @throws ApiError, UnreachableError
 */
export async function get<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
  const response = await reach(
    `/console/api${path}${toSearch(query)}`,
    signal === undefined ? {} : { signal },
  )
  if (response.status === 401 && path !== '/session') {
    reportSessionOver()
    await waitForSession()
    return get(path, query, signal)
  }
  return readAnswer<Answer>(response)
}

interface SendOptions {
  readonly query?: Query
  readonly ifMatch?: string
}

/**
 * Sends a change. If the sign-in had ended, the change did not happen; it is sent again only if the person confirms
 * that after signing in again.
 * @throws ApiError, UnreachableError, SendAgainError
 */
export async function send<Answer = unknown>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  options: SendOptions = {},
): Promise<Answer> {
  const response = await reach(`/console/api${path}${toSearch(options.query ?? {})}`, {
    method,
    headers: {
      'x-lakegate-csrf': csrf ?? '',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (response.status !== 401) return readAnswer<Answer>(response)
  reportSessionOver()
  if (!(await askToSendAgain())) throw new SendAgainError()
  return send(method, path, body, options)
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, { credentials: 'same-origin', redirect: 'error', ...init })
    reachability.set('reachable')
    return response
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    reachability.set('unreachable')
    throw new UnreachableError()
  }
}

async function readAnswer<Answer>(response: Response): Promise<Answer> {
  const text = await response.text()
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as Answer
  const { errorCode, message } = readError(text, response)
  const retryAfter = Number(response.headers.get('retry-after'))
  throw new ApiError(response.status, errorCode, message, {
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfter: retryAfter > 0 ? retryAfter : undefined,
  })
}

/** In Databricks' format, or in SCIM's (RFC 7644 §3.12). */
function readError(text: string, response: Response): { errorCode: string; message: string } {
  try {
    const body = JSON.parse(text) as Partial<Record<'error_code' | 'message' | 'detail' | 'scimType', string>>
    const message = body.message ?? body.detail
    if (typeof message === 'string')
      return {
        errorCode: body.error_code ?? body.scimType ?? `HTTP_${String(response.status)}`,
        message,
      }
  } catch {
    // Not JSON: the answer came from a proxy; only its status line is usable.
  }
  return { errorCode: `HTTP_${String(response.status)}`, message: response.statusText }
}

function toSearch(query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}
