/**
 * What the last bytes of a session say about its end, when nothing before them was parsed. PostgreSQL's last word is an
 * ErrorResponse of severity FATAL; when another backend crashed, or the server stops at once, it is a notice of the same
 * layout (57P02, 57P01). PostgreSQL, "Message Formats", "Error and Notice Message Fields".
 */
import { decodeErrorResponse } from './error-response.ts'
import { BACKEND, FRONTEND } from './message-types.ts'

const HEADER_BYTES = 5
/** Enough for its first fields, severity and SQLSTATE among them; more would only take memory while a session is idle. */
export const LONGEST_LAST_WORD = 1024
/** Class 57, Operator Intervention: the only one that comes as a notice in front of an end. */
const OPERATOR_INTERVENTION = '57P'

/** Whether they end with Terminate: its type and its length, and nothing else. */
export function endsWithTerminate(bytes: Buffer): boolean {
  const at = bytes.length - HEADER_BYTES
  return at >= 0 && bytes[at] === FRONTEND.terminate && bytes.readInt32BE(at + 1) === HEADER_BYTES - 1
}

/**
 * @param bytes the end of what a backend said; they may begin in the middle of a message
 * @returns undefined when that is no last word
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

/** @param body of an ErrorResponse or NoticeResponse. @returns undefined when the session goes on behind it */
export function sqlstateThatEnds(body: Buffer): string | undefined {
  const { severity, sqlstate } = decodeErrorResponse(body)
  if (sqlstate === undefined || !/^[0-9A-Z]{5}$/.test(sqlstate)) return undefined
  const isLast = severity === 'FATAL' || severity === 'PANIC' || sqlstate.startsWith(OPERATOR_INTERVENTION)
  return isLast ? sqlstate : undefined
}
