/**
 * ErrorResponse: written exactly, read tolerantly. A backend is trusted as little as a client: fields may be missing,
 * repeated or unknown (attack 15; CVE-2026-6666). PostgreSQL, "Error and Notice Message Fields".
 */
import { FieldCursor } from './frame.ts'
import { buildMessage, field } from './message-builder.ts'
import { BACKEND, ERROR_FIELD } from './message-types.ts'

export interface ErrorFields {
  readonly severity: 'ERROR' | 'FATAL'
  readonly sqlstate: string
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** The PostgreSQL function that reports the error, for errors that drivers recognise by it. */
  readonly routine?: string | undefined
}

/** Sends both severity fields: one is for people and may be translated, drivers compare the other. */
export function encodeErrorResponse(error: ErrorFields): Buffer {
  return buildMessage(
    BACKEND.errorResponse,
    ...errorField(ERROR_FIELD.localizedSeverity, error.severity),
    ...errorField(ERROR_FIELD.severity, error.severity),
    ...errorField(ERROR_FIELD.sqlstate, error.sqlstate),
    ...errorField(ERROR_FIELD.message, error.message),
    ...(error.detail === undefined ? [] : errorField(ERROR_FIELD.detail, error.detail)),
    ...(error.hint === undefined ? [] : errorField(ERROR_FIELD.hint, error.hint)),
    ...(error.routine === undefined ? [] : errorField(ERROR_FIELD.routine, error.routine)),
    Buffer.of(0),
  )
}

/** A NUL would end the field early; our own texts contain none, but text that we quote may. */
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
  return {
    severity: fields.get(ERROR_FIELD.severity) ?? fields.get(ERROR_FIELD.localizedSeverity),
    sqlstate: fields.get(ERROR_FIELD.sqlstate),
    message: fields.get(ERROR_FIELD.message),
  }
}
