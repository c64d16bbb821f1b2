/** Which command a statement is, by its first words: for what the editor offers, never for deciding what is allowed. */
import { tokensOf, type LexerOptions } from './tokens.ts'

/** For these, the first word alone does not say what the command is, so two words are taken. */
const WITH_OBJECT = new Set(['CREATE', 'ALTER', 'DROP', 'COMMENT', 'REFRESH', 'IMPORT', 'REASSIGN'])
const SKIPPED = new Set([
  'OR',
  'REPLACE',
  'TEMP',
  'TEMPORARY',
  'GLOBAL',
  'LOCAL',
  'UNLOGGED',
  'UNIQUE',
  'ON',
  'RECURSIVE',
])

/** In capitals, e.g. `SELECT`, `CREATE TABLE`, `ALTER ROLE`; empty when the statement does not begin with a word. */
export function commandOf(statement: string, options?: LexerOptions): string {
  let first: string | undefined
  for (const { kind, start, end } of tokensOf(statement, options)) {
    if (kind === 'space' || kind === 'comment' || kind === 'open') continue
    if (kind !== 'word') return first ?? ''
    const word = statement.slice(start, end).toUpperCase()
    if (first === undefined) {
      if (!WITH_OBJECT.has(word)) return word
      first = word
    } else if (!SKIPPED.has(word)) return `${first} ${word}`
  }
  return first ?? ''
}
