/**
 * What stands in the way of a login before the server has answered. What the server itself says reaches the caller as the
 * error of the database library, with SQLSTATE, DETAIL and HINT.
 */
import { LakegateError } from '../errors.ts'

/** What stood in the way of a login. */
export type LoginErrorCode =
  | 'TLS_NOT_OFFERED'
  | 'CERTIFICATE_NOT_TRUSTED'
  | 'CONNECTION_CLOSED'
  | 'TOKEN_NOT_ASKED_FOR'
  | 'TOKEN_TOO_SHORT_LIVED'
  | 'PROTOCOL_VIOLATION'

/** A login that failed before the server answered it. */
export class LoginError extends LakegateError {
  readonly code: LoginErrorCode

  constructor(code: LoginErrorCode, message: string, nextStep: string, cause?: unknown) {
    super(message, nextStep, cause)
    this.name = 'LoginError'
    this.code = code
  }
}
