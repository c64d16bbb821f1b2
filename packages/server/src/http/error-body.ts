/**
 * The only renderer of HTTP errors, in the Databricks format (wire-contract §5.1). A stack trace never leaves the
 * process.
 */
import type { ErrorBody } from '@lakegate/client'
import { Fault } from '../domain/fault.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { refuse, toHttpRefusal, type Refusal } from '../policy/refusals.ts'

export interface HttpError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ErrorBody
  /** True when the error must be logged, because the caller did not cause it. */
  readonly isOurs: boolean
}

/** Seconds after which a retry is reasonable; SDKs read the header as an integer (wire-contract §5.3). */
const RETRY_AFTER_SECONDS = '2'

/**
 * @param options.shape SCIM errors carry what RFC 7644 §3.12 requires, in addition to what SDKs read
 * @param options.largestBody limit of the route, in bytes; irrelevant where no body was read
 */
export function toHttpError(
  error: unknown,
  requestId: string,
  {
    shape = 'databricks',
    largestBody = 0,
  }: { readonly shape?: 'databricks' | 'scim'; readonly largestBody?: number } = {},
): HttpError {
  const rendered = render(error, requestId, largestBody)
  return shape === 'scim'
    ? { ...rendered, body: { ...rendered.body, ...scimErrorOf(rendered.status) } }
    : rendered
}

/** Without `detail`: SDKs would read it instead of `message`, and lose `error_code` (wire-contract §5.1). */
function scimErrorOf(status: number) {
  const scimType = status === 409 ? 'uniqueness' : status === 400 ? 'invalidValue' : undefined
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
  }
}

function render(error: unknown, requestId: string, largestBody: number): HttpError {
  if (error instanceof RefusedError) return fromRefusal(error.refusal, requestId, false)
  if (error instanceof Fault && error.retryable) {
    return fromRefusal(refuse('facts_unavailable', { reason: error.message }), requestId, true)
  }
  const own = fromFramework(error, largestBody)
  if (own !== undefined) return fromRefusal(own, requestId, false)
  return {
    status: 500,
    headers: {},
    body: errorBody(
      'INTERNAL_ERROR',
      `An internal error occurred. Reference: ${requestId}`,
      'internal_error',
      requestId,
    ),
    isOurs: true,
  }
}

function fromRefusal(refusal: Refusal, requestId: string, isOurs: boolean): HttpError {
  const rendered = toHttpRefusal(refusal)
  if (rendered === undefined) {
    return {
      status: 500,
      headers: {},
      body: errorBody(
        'INTERNAL_ERROR',
        `An internal error occurred. Reference: ${requestId}`,
        refusal.name,
        requestId,
      ),
      isOurs: true,
    }
  }
  return {
    status: rendered.status,
    headers: {
      ...(rendered.status === 503 || refusal.name === 'too_many_transfers'
        ? { 'retry-after': RETRY_AFTER_SECONDS }
        : {}),
      // RFC 6750 §3; for a cookie there is no authentication scheme.
      ...(rendered.status === 401 && refusal.name !== 'console_session_over'
        ? { 'www-authenticate': 'Bearer realm="lakegate"' }
        : {}),
    },
    body: errorBody(rendered.errorCode, rendered.message, refusal.name, requestId),
    isOurs,
  }
}

/** Errors that fastify found in a request before any route saw it. */
function fromFramework(error: unknown, largestBody: number): Refusal | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('malformed_request', {
        problem: `body: it is larger than ${String(largestBody / 1024 / 1024)} MiB.`,
      })
    // The second is for methods that carry a body by definition, such as QUERY.
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE':
      return refuse('malformed_request', { problem: 'content-type: send application/json.' })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse('malformed_request', {
        problem: 'content-length: it differs from the length of the body.',
      })
    case 'FST_ERR_BAD_URL':
      return refuse('malformed_request', { problem: 'path: it is not properly percent-encoded.' })
    default:
      return undefined
  }
}

function errorBody(errorCode: string, message: string, reason: string, requestId: string): ErrorBody {
  return {
    error_code: errorCode,
    message,
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: reason.toUpperCase(),
        domain: 'lakegate',
        metadata: {},
      },
      {
        '@type': 'type.googleapis.com/google.rpc.RequestInfo',
        request_id: requestId,
        serving_data: '',
        // It belongs to another detail type, but the JavaScript SDK reads it from every detail, and fails without it.
        metadata: {},
      },
    ],
  }
}
