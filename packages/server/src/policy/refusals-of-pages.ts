/** Refusals on the pages of the OAuth server. */
import type { RefusalDefinition } from './refusal-definition.ts'

export const REFUSALS_OF_PAGES = {
  // Signing in: rendered on the pages of the OAuth server.
  sign_in_failed: {
    disclosure: 'anyone',
    http: {
      status: 401,
      errorCode: 'UNAUTHENTICATED',
      message: 'User name or password is wrong, or the user is not in this workspace.',
    },
  },
  too_many_sign_ins: {
    disclosure: 'anyone',
    http: {
      // Not 429, which SDKs repeat for minutes (wire-contract §5.3).
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: 'Too many failed attempts. Wait fifteen minutes, or ask an administrator for a new link.',
    },
  },
  too_many_begun: {
    disclosure: 'anyone',
    http: {
      // No SDK retries the start of a sign-in; polling clients get `slow_down` instead (RFC 8628).
      status: 429,
      errorCode: 'REQUEST_LIMIT_EXCEEDED',
      message:
        'Too many sign-ins from your address were started and not finished. Finish one of them, or try again in {minutes} minutes.',
    },
  },
  sign_in_link_invalid: {
    disclosure: 'anyone',
    http: {
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: 'This link was used already, has expired or was replaced. Ask an administrator for a new one.',
    },
  },
  password_unsuitable: {
    disclosure: 'anyone',
    http: { status: 400, errorCode: 'INVALID_PARAMETER_VALUE', message: '{problem}' },
  },
  upstream_refused: {
    disclosure: 'anyone',
    http: {
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: '{provider} was asked, but {reason}. Ask an administrator.',
    },
  },
  token_exchange_refused: {
    disclosure: 'anyone',
    http: {
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
      message: 'The token cannot be exchanged: {reason}.',
    },
  },
  federation_policy_not_found: {
    disclosure: 'authenticated',
    http: {
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: 'Federation policy {id} does not exist.',
    },
  },
  federation_policy_already_exists: {
    disclosure: 'authenticated',
    http: {
      status: 409,
      errorCode: 'RESOURCE_ALREADY_EXISTS',
      message: 'Federation policy {id} already exists.',
    },
  },
  oauth_client_not_found: {
    disclosure: 'authenticated',
    http: {
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: 'OAuth application {id} does not exist.',
    },
  },
  session_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST', message: 'Session {id} does not exist.' },
  },
} as const satisfies Record<string, RefusalDefinition>
