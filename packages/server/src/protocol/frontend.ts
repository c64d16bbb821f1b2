/** Messages of a client after the startup packet, as far as a server of ours reads them. */
import { FieldCursor, type Frame } from './frame.ts'
import { FRONTEND } from './message-types.ts'

export type FrontendMessage =
  /** Still bytes: whether they are text is for the verifier to find out. */
  | { readonly kind: 'password_message'; readonly password: Buffer }
  | { readonly kind: 'query'; readonly text: Buffer }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'other'; readonly type: number }

/** Undefined when the body does not have the shape that its type demands. */
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

/** One String and nothing behind it: PostgreSQL refuses a password packet with bytes behind the NUL. */
function wholeString(body: Buffer): Buffer | undefined {
  const cursor = new FieldCursor(body)
  const text = cursor.stringBytes()
  return cursor.remaining === 0 ? text : undefined
}
