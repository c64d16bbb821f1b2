/** Messages of a client after the startup packet, as far as our own servers read them. */
import { FieldCursor, type Frame } from './frame.ts'
import { FRONTEND } from './message-types.ts'

export type FrontendMessage =
  /** Still bytes: the verifier finds out whether they are text. */
  | { readonly kind: 'password_message'; readonly password: Buffer }
  | { readonly kind: 'query'; readonly text: Buffer }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'other'; readonly type: number }

/** Undefined when the body does not have the form that its type requires. */
export function parseFrontendMessage({ type, body }: Frame): FrontendMessage | undefined {
  switch (type) {
    case FRONTEND.passwordMessage: {
      const password = wholeString(body)
      return password === undefined ? undefined : { kind: 'password_message', password }
    }
    case FRONTEND.query: {
      const text = wholeString(body)
      return text === undefined ? undefined : { kind: 'query', text }
    }
    case FRONTEND.terminate:
      return body.length === 0 ? { kind: 'terminate' } : undefined
    default:
      return { kind: 'other', type }
  }
}

/** One String and nothing after it: PostgreSQL rejects a password packet with bytes after the NUL. */
function wholeString(body: Buffer): Buffer | undefined {
  const cursor = new FieldCursor(body)
  const text = cursor.stringBytes()
  return cursor.remaining === 0 ? text : undefined
}
