/** Reads a JSON body strictly: bytes that are not UTF-8 and text that is not JSON are the caller's mistake. */
import { refused, RefusedError } from '../operations/refused-error.ts'

/** @returns undefined for an empty body, as some SDKs send a content type without one */
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
 * `__proto__` as a key is never meant well; schemas would refuse it later, but not before it was copied. PostgreSQL
 * keeps no text with a zero character in it.
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
