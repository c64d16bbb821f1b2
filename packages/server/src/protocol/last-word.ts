/**
 * What the last bytes of a session say about its end, when nothing before them was parsed. PostgreSQL's last message is
 * an ErrorResponse of severity FATAL; when another backend has crashed, or the server shuts down immediately, it is a
 * notice with the same fields (57P02, 57P01). PostgreSQL, "Message Formats", "Error and Notice Message Fields".
 */
import { decodeErrorResponse } from './error-response.ts'
import { BACKEND, FRONTEND } from './message-types.ts'

const HEADER_BYTES = 5
/**
 * Enough for the first fields, which include severity and SQLSTATE; more would only take memory while a session is
 * idle.
 */
export const LONGEST_LAST_WORD = 1024
/** Class 57, Operator Intervention: the only class that PostgreSQL sends as a notice before it closes. */
const OPERATOR_INTERVENTION = '57P'

/** Whether the bytes end with Terminate: its type and its length, and nothing else. */
export function endsWithTerminate(bytes: Buffer): boolean {
  const at = bytes.length - HEADER_BYTES
  return at >= 0 && bytes[at] === FRONTEND.terminate && bytes.readInt32BE(at + 1) === HEADER_BYTES - 1
}

/**
 * @param bytes the end of what a backend sent; they may begin in the middle of a message
 * @returns undefined when they do not end with such a message
 */
export function sqlstateOfLastWord(bytes: Buffer): string | undefined {
  for (let at = bytes.length - HEADER_BYTES; at >= 0; at -= 1) {
    const isLastMessage =
      (bytes[at] === BACKEND.errorResponse || bytes[at] === BACKEND.noticeResponse) &&
      bytes.readInt32BE(at + 1) === bytes.length - at - 1
    if (isLastMessage) return sqlstateThatEnds(bytes.subarray(at + HEADER_BYTES))
  }
  return undefined
}

/** @param body of an ErrorResponse or NoticeResponse. @returns undefined when the session goes on after it */
export function sqlstateThatEnds(body: Buffer): string | undefined {
  const { severity, sqlstate } = decodeErrorResponse(body)
  if (sqlstate === undefined || !/^[0-9A-Z]{5}$/.test(sqlstate)) return undefined
  const isLast = severity === 'FATAL' || severity === 'PANIC' || sqlstate.startsWith(OPERATOR_INTERVENTION)
  return isLast ? sqlstate : undefined
}
