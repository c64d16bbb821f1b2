/** SASL inside the PostgreSQL protocol ("SASL Authentication", "Message Formats"): the messages, not the mechanisms. */
import { FieldCursor } from './frame.ts'
import { buildMessage, field } from './message-builder.ts'
import { BACKEND } from './message-types.ts'

const AUTHENTICATION_SASL = 10
const AUTHENTICATION_SASL_CONTINUE = 11
const AUTHENTICATION_SASL_FINAL = 12

/** In order of preference. */
export const encodeAuthenticationSasl = (mechanisms: readonly string[]): Buffer =>
  buildMessage(
    BACKEND.authentication,
    field.int32(AUTHENTICATION_SASL),
    ...mechanisms.map((name) => field.string(name)),
    Buffer.of(0),
  )
export const encodeAuthenticationSaslContinue = (data: Buffer): Buffer =>
  buildMessage(BACKEND.authentication, field.int32(AUTHENTICATION_SASL_CONTINUE), data)
export const encodeAuthenticationSaslFinal = (data: Buffer): Buffer =>
  buildMessage(BACKEND.authentication, field.int32(AUTHENTICATION_SASL_FINAL), data)

export interface SaslInitialResponse {
  readonly mechanism: string
  /** Undefined when the client sent no initial response and waits for a challenge. */
  readonly response: Buffer | undefined
}

/** Parses the body of a SASLInitialResponse; undefined when it is malformed. */
export function parseSaslInitialResponse(body: Buffer): SaslInitialResponse | undefined {
  const cursor = new FieldCursor(body)
  const mechanism = cursor.stringBytes()?.toString('latin1')
  const length = cursor.int32()
  if (mechanism === undefined || length === undefined) return undefined
  if (length === -1) return cursor.remaining === 0 ? { mechanism, response: undefined } : undefined
  const response = cursor.bytes(length)
  return response === undefined || cursor.remaining > 0 ? undefined : { mechanism, response }
}
