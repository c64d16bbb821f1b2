/** Parses a JSON body strictly: bytes that are not UTF-8, and text that is not JSON, are errors of the caller. */
import { refused, RefusedError } from '../operations/refused-error.ts'

/** @returns undefined for an empty body, because some SDKs send a content type without a body */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused('malformed_request', { problem: 'body: it is not UTF-8.' })
  }
  try {
    return JSON.parse(text, refuseDangerous)
  } catch (error) {
    if (error instanceof RefusedError) throw error
    throw refused('malformed_request', { problem: 'body: it is not valid JSON.' })
  }
}

/**
 * A key `__proto__` is never legitimate; schemas would refuse it too, but only after it was copied. PostgreSQL cannot
 * store text with a zero character.
 */
function refuseDangerous(key: string, value: unknown): unknown {
  if (key === '__proto__') {
    throw refused('invalid_parameter', { field: '__proto__', problem: 'this field is not known.' })
  }
  if (typeof value === 'string' && value.includes('\u0000')) {
    throw refused('invalid_parameter', { field: key, problem: 'it holds a zero character.' })
  }
  return value
}
