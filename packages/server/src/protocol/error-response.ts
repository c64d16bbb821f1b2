/**
 * ErrorResponse: written exactly, read tolerantly. A backend is as foreign as a client: fields may be missing,
 * repeated or unknown (attack 15; CVE-2026-6666). PostgreSQL, "Error and Notice Message Fields".
 */
import { FieldCursor } from './frame.ts'
import { buildMessage, field } from './message-builder.ts'

export interface ErrorFields {
  readonly severity: 'ERROR' | 'FATAL'
  readonly sqlstate: string
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** The function of PostgreSQL that reports the error, where drivers go by it. */
  readonly routine?: string | undefined
}

/** S and V both: S is for people and may be translated, V is what drivers compare. */
export function encodeErrorResponse(error: ErrorFields): Buffer {
  return buildMessage(
    'E',
    ...errorField('S', error.severity),
    ...errorField('V', error.severity),
    ...errorField('C', error.sqlstate),
    ...errorField('M', error.message),
    ...(error.detail === undefined ? [] : errorField('D', error.detail)),
    ...(error.hint === undefined ? [] : errorField('H', error.hint)),
    ...(error.routine === undefined ? [] : errorField('R', error.routine)),
    Buffer.of(0),
  )
}

/** A NUL would end the field early; nothing that we say contains one, what we quote may. */
const errorField = (code: string, text: string): Buffer[] => [
  Buffer.from(code, 'latin1'),
  field.string(text.replaceAll('\0', '\uFFFD')),
]

export interface ReceivedError {
  readonly severity: string | undefined
  readonly sqlstate: string | undefined
  readonly message: string | undefined
}

/** Takes what can be recognised from the body of an ErrorResponse and never fails. */
export function decodeErrorResponse(body: Buffer): ReceivedError {
  const fields = new Map<string, string>()
  const cursor = new FieldCursor(body)
  for (;;) {
    const code = cursor.uint8()
    if (code === undefined || code === 0) break
    const value = cursor.stringBytes()
    if (value === undefined) break
    const key = String.fromCharCode(code)
    if (!fields.has(key)) fields.set(key, value.toString('utf8'))
  }
  return { severity: fields.get('V') ?? fields.get('S'), sqlstate: fields.get('C'), message: fields.get('M') }
}
