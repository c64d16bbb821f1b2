/** Errors and notices of PostgreSQL as the shell prints them: with SQLSTATE, the place in the statement, DETAIL and HINT. */
import { DatabaseError } from 'pg'
import { cutToWidth, displayWidth, expandTabs, withoutControls } from './display-width.ts'
import type { Notice } from './shell-session.ts'

/** As much of the line of the statement as psql shows. */
const SHOWN_COLUMNS = 60

/** @param statement to which the position refers */
export function renderMessage(message: Notice, statement?: string): string {
  const { severity = 'ERROR', code, position, detail, hint, where } = message
  const sqlstate = code === undefined || code === '00000' ? '' : `${code}: `
  return [
    `${severity}:  ${sqlstate}${message.message ?? ''}`,
    ...(statement === undefined ? [] : placeOf(statement, position)),
    ...(detail === undefined ? [] : [`DETAIL:  ${detail}`]),
    ...(hint === undefined ? [] : [`HINT:  ${hint}`]),
    // Of notices psql shows no context either.
    ...(where === undefined || !/^(?:ERROR|FATAL|PANIC)$/.test(severity) ? [] : [`CONTEXT:  ${where}`]),
  ]
    .map((line) => `${withoutControls(line)}\n`)
    .join('')
}

/** Of anything that was thrown; what is no error of PostgreSQL is the driver's or the network's. */
export const renderFailure = (error: unknown, statement?: string): string =>
  error instanceof DatabaseError
    ? renderMessage(error, statement)
    : `${withoutControls(error instanceof Error ? error.message : String(error))}\n`

/** In UTF-16 code units; a position counts code points, from 1. */
function offsetOf(text: string, position: number): number {
  let offset = 0
  for (let passed = 1; passed < position && offset < text.length; passed += 1)
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  return offset
}

/** `LINE 2: …` and a caret below the character. Positions count characters, from 1. */
function placeOf(statement: string, position: string | undefined): readonly string[] {
  const characters = Number(position)
  if (position === undefined || !Number.isSafeInteger(characters) || characters < 1) return []
  const before = statement.slice(0, offsetOf(statement, characters))
  const lineNumber = before.split('\n').length
  const lineStart = before.lastIndexOf('\n') + 1
  const line = statement.slice(lineStart).split(/\r?\n/)[0] ?? ''
  const head = expandTabs(before.slice(lineStart))
  // A long line is shown around the place.
  const cutColumns = Math.max(0, displayWidth(head) - SHOWN_COLUMNS / 2)
  const cut = cutColumns === 0 ? '' : cutToWidth(head, cutColumns)
  const shown = expandTabs(line).slice(cut.length)
  const visible = displayWidth(shown) > SHOWN_COLUMNS ? `${cutToWidth(shown, SHOWN_COLUMNS)}...` : shown
  const title = `LINE ${String(lineNumber)}: ${cut === '' ? '' : '...'}`
  return [`${title}${visible}`, `${' '.repeat(displayWidth(title) + displayWidth(head.slice(cut.length)))}^`]
}
