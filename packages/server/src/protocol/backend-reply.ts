/** A backend's answers to a startup packet, as far as the gateway must understand them before it relays. */
import { decodeErrorResponse, type ReceivedError } from './error-response.ts'
import { FieldCursor, type Frame } from './frame.ts'
import { BACKEND } from './message-types.ts'

export type BackendReply =
  | { readonly kind: 'authentication_ok' }
  /** Any other authentication request, or the continuation of one. */
  | { readonly kind: 'authentication_request'; readonly code: number }
  | { readonly kind: 'error_response'; readonly error: ReceivedError }
  | { readonly kind: 'other'; readonly type: number }

/** Undefined when the body does not have the form that its type requires. */
export function parseBackendReply({ type, body }: Frame): BackendReply | undefined {
  switch (type) {
    case BACKEND.authentication: {
      const code = new FieldCursor(body).int32()
      if (code === undefined) return undefined
      if (code !== 0) return { kind: 'authentication_request', code }
      return body.length === 4 ? { kind: 'authentication_ok' } : undefined
    }
    case BACKEND.errorResponse:
      return { kind: 'error_response', error: decodeErrorResponse(body) }
    default:
      return { kind: 'other', type }
  }
}
