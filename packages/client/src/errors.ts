/** What the library throws: every error says what happened, why, and, as `nextStep`, what to do about it. */
import type { ErrorDetail } from './contract/errors.ts'

/** Of whatever went wrong: every error of the library is one. */
export class LakegateError extends Error {
  /** A sentence for the person at the screen. */
  readonly nextStep: string | undefined

  constructor(message: string, nextStep?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LakegateError'
    this.nextStep = nextStep
  }
}

/** What was configured contradicts itself, or is not enough. */
export class LakegateConfigurationError extends LakegateError {
  constructor(message: string, nextStep: string) {
    super(message, nextStep)
    this.name = 'LakegateConfigurationError'
  }
}

/** There is no way to a token without a person: no session, an expired one, or a token that was refused and cannot be renewed. */
export class LakegateSignInError extends LakegateError {
  constructor(message: string, nextStep: string, cause?: unknown) {
    super(message, nextStep, cause)
    this.name = 'LakegateSignInError'
  }
}

/** No answer: the connection could not be made or broke, or the time limit was over. */
export class LakegateConnectionError extends LakegateError {
  /** As the system names it, e.g. `ECONNREFUSED`; `TIMEOUT` when the time limit was over. */
  readonly code: string

  constructor(message: string, code: string, nextStep: string, cause?: unknown) {
    super(message, nextStep, cause)
    this.name = 'LakegateConnectionError'
    this.code = code
  }
}

/** The server answered with an error. */
export class LakegateApiError extends LakegateError {
  readonly status: number
  /** `error_code` of the REST API, or `error` of an OAuth endpoint. */
  readonly errorCode: string
  /** What the server said in `Retry-After`, relative to its answer. */
  readonly retryAfterMilliseconds: number | undefined
  /** What the server says about it for programs; empty where it says no more, as OAuth endpoints do. */
  readonly details: readonly ErrorDetail[]

  constructor(
    status: number,
    body: {
      readonly error_code: string
      readonly message: string
      readonly details?: readonly ErrorDetail[]
    },
    retryAfterMilliseconds?: number,
  ) {
    super(body.message, nextStepFor(status, body.error_code))
    this.name = 'LakegateApiError'
    this.status = status
    this.errorCode = body.error_code
    this.retryAfterMilliseconds = retryAfterMilliseconds
    this.details = body.details ?? []
  }

  /** Why the request was refused, by the names of docs/refusals.md in capitals. */
  get reason(): string | undefined {
    return this.details.find((detail) => 'reason' in detail)?.reason
  }

  /** By which the request is found in the log of the server. */
  get requestId(): string | undefined {
    return this.details.find((detail) => 'request_id' in detail)?.request_id
  }
}

/** Of RFC 6749 §5.2: what the client presented is wrong, so that repeating it is of no use. */
const NEXT_STEP_OF_OAUTH: Readonly<Record<string, string>> = {
  invalid_client: 'Check client_id and client_secret; a secret may have expired or been deleted.',
  unauthorized_client: 'Use a service principal, or register the application for this grant.',
  invalid_scope: 'Ask for scopes that this identity may have; all-apis is the default.',
}

function nextStepFor(status: number, errorCode: string): string | undefined {
  const ofOAuth = NEXT_STEP_OF_OAUTH[errorCode]
  if (ofOAuth !== undefined) return ofOAuth
  if (status === 401)
    return 'Sign in again, or set an access token of this workspace that has not expired or been revoked.'
  if (status === 403)
    return 'Ask an administrator of the workspace, or the owner of the object, for the permission.'
  if (status === 400) return 'Correct what the message names, and try again.'
  if (status === 409)
    return 'Look at what is there now: the name may be taken, or somebody else may have changed it; then try again.'
  if (status === 404) return 'Check the name, and that the host is the workspace that has it.'
  if (status === 429) return 'Wait a little and ask less often.'
  if (status >= 300 && status < 400) return 'Name the address to which the server redirects as the host.'
  if (status >= 500) return 'Try again; if it stays so, look into the log of the server.'
  return undefined
}
