/**
 * Where statements end, by psql's rules (psqlscan.l, mainloop.c): at a semicolon outside quotes, comments, parentheses
 * and the `BEGIN ATOMIC … END` of a function. psql's own commands are distinguished from SQL.
 */
import { createLexer, type LexerOptions, type Token } from './tokens.ts'

export interface SqlStatement {
  readonly kind: 'sql'
  /** From the first token that is not a comment; in UTF-16 code units of the whole text. */
  readonly start: number
  /** After the last token; the semicolon is not included. */
  readonly end: number
  readonly text: string
}

/** A backslash command of psql, which PostgreSQL does not understand. */
export interface PsqlCommand {
  readonly kind: 'psql'
  readonly start: number
  readonly end: number
  readonly text: string
  /** Without the backslash, e.g. `d+`. */
  readonly command: string
  /** The rest of its line, trimmed. */
  readonly argument: string
}

export type Statement = SqlStatement | PsqlCommand

export type SplitOptions = LexerOptions

/** Never throws; the time is linear in the length of the text. */
export const splitStatements = (sql: string, options: SplitOptions = {}): Statement[] =>
  Array.from(statementsOf(sql, options))

/** The same as a generator, which reads no further than the caller asks for. */
export function* statementsOf(sql: string, options: SplitOptions = {}): Generator<Statement, void> {
  const lexer = createLexer(sql, options)
  let current = newStatement()
  for (let at = 0; at < sql.length;) {
    const token = lexer.tokenAt(at)
    at = token.end
    if (token.kind === 'space' || token.kind === 'comment') continue
    if (token.kind === 'semicolon' && current.parentheses === 0 && current.bodies === 0) {
      yield* finish()
      continue
    }
    if (token.kind === 'backslash') {
      const command = readCommand(sql, token.start)
      const ends = SENDING_COMMAND.test(command.text)
      if (current.start === undefined || ends) {
        // `\g` sends what was written, as a semicolon does; when nothing was written, it would send the previous
        // statement again.
        if (current.start === undefined) yield command
        else yield* finish()
        at = Math.max(command.end, token.end)
        continue
      }
      // Within a statement psql would run the command and continue to read. Splitting the statement there could send a
      // DELETE without its WHERE, so it stays whole, and PostgreSQL reports the backslash.
    }
    extend(token)
  }
  yield* finish()

  function finish(): Statement[] {
    const { start, end } = current
    current = newStatement()
    return start === undefined ? [] : [{ kind: 'sql', start, end, text: sql.slice(start, end) }]
  }

  function extend(token: Token): void {
    current.start ??= token.start
    current.end = token.end
    if (token.kind === 'open') current.parentheses += 1
    else if (token.kind === 'close') current.parentheses = Math.max(0, current.parentheses - 1)
    else if (token.kind === 'word') countBodies(sql, token, current)
  }
}

/**
 * The statement that contains the cursor, or directly after which it is; otherwise the next one, otherwise the last.
 */
export function statementAt(sql: string, offset: number, options: SplitOptions = {}): Statement | undefined {
  const statements = splitStatements(sql, options)
  let before: Statement | undefined
  for (const statement of statements) {
    if (offset < statement.start) {
      if (before === undefined) return statement
      // While the cursor is on the same line as the previous statement, it still belongs to that: `SELECT 1; |`
      return sql.slice(before.end, offset).includes('\n') ? statement : before
    }
    if (offset <= statement.end) return statement
    before = statement
  }
  return before
}

/** What a text that is still being written is in the middle of, as psql shows it in its prompt. */
export type OpenPart =
  'nothing' | 'statement' | 'parenthesis' | 'string' | 'quoted_name' | 'dollar_string' | 'comment'

export interface FirstStatement {
  /** Undefined when nothing but blanks and comments is there. */
  readonly statement: Statement | undefined
  /** Whether more text would not change the statement: its semicolon, or the command that sends it, is there. */
  readonly isComplete: boolean
  /** Where the text after it begins, after the semicolon too. */
  readonly end: number
  /** It was ended by `\gx`, which shows its result expanded. */
  readonly isExpanded: boolean
}

/** The first statement of a text of which more may follow. */
export function firstStatement(sql: string, options: SplitOptions = {}): FirstStatement {
  const statement = statementsOf(sql, options).next().value ?? undefined
  if (statement === undefined) return { statement, isComplete: false, end: 0, isExpanded: false }
  if (statement.kind === 'psql') return { statement, isComplete: true, end: statement.end, isExpanded: false }
  const lexer = createLexer(sql, options)
  for (let at = statement.end; at < sql.length;) {
    const { kind, start, end } = lexer.tokenAt(at)
    at = end
    if (kind === 'space' || kind === 'comment') continue
    if (kind === 'semicolon') return { statement, isComplete: true, end, isExpanded: false }
    const command = readCommand(sql, start)
    return { statement, isComplete: true, end: command.end, isExpanded: command.command === 'gx' }
  }
  return { statement, isComplete: false, end: sql.length, isExpanded: false }
}

/** @param sql a text without a complete statement */
export function openPartOf(sql: string, options: SplitOptions = {}): OpenPart {
  const lexer = createLexer(sql, options)
  let parentheses = 0
  let hasBegun = false
  for (let at = 0; at < sql.length;) {
    const { kind, end, isClosed } = lexer.tokenAt(at)
    at = end
    if (!isClosed && (kind === 'string' || kind === 'quoted_name' || kind === 'dollar_string')) return kind
    if (!isClosed && kind === 'comment') return 'comment'
    if (kind === 'open') parentheses += 1
    else if (kind === 'close') parentheses = Math.max(0, parentheses - 1)
    hasBegun ||= kind !== 'space' && kind !== 'comment'
  }
  if (parentheses > 0) return 'parenthesis'
  return hasBegun ? 'statement' : 'nothing'
}

interface Current {
  start: number | undefined
  end: number
  parentheses: number
  /** Nesting depth of `BEGIN … END` in a function. */
  bodies: number
  words: number
  /** The first letters of its first four words, if these can begin the definition of a function. */
  heading: string
}

const newStatement = (): Current => ({
  start: undefined,
  end: 0,
  parentheses: 0,
  bodies: 0,
  words: 0,
  heading: '',
})

const HEADING_WORDS = new Set(['create', 'function', 'procedure', 'or', 'replace'])
const LONGEST_HEADING = 4
const FUNCTION_HEADING = /^c(?:f|p|or[fp])/
const LONGEST_OF_THESE = 'procedure'.length

/** psqlscan.l, rule `{identifier}`: a heuristic, copied unchanged, because the aim is to agree with psql. */
function countBodies(sql: string, { start, end }: Token, current: Current): void {
  const word = end - start > LONGEST_OF_THESE ? '' : sql.slice(start, end).toLowerCase()
  if (current.words < LONGEST_HEADING) current.heading += HEADING_WORDS.has(word) ? word.charAt(0) : '-'
  current.words += 1
  if (current.parentheses > 0 || !FUNCTION_HEADING.test(current.heading)) return
  if (word === 'begin') current.bodies += 1
  else if (word === 'case' && current.bodies > 0) current.bodies += 1
  else if (word === 'end' && current.bodies > 0) current.bodies -= 1
}

const SENDING_COMMAND = /^\\gx?$/
/** The name extends to a blank or the next backslash; `\\` and `\;` are commands of one character. */
const COMMAND_NAME = /\\(?:[;:\\!?]|[^\s\\]*)/y
/** These take the rest of the line, including backslashes. */
const WHOLE_LINE = new Set(['!', 'copy', 'sf', 'sv', 'ef', 'ev'])

function readCommand(sql: string, start: number): PsqlCommand {
  COMMAND_NAME.lastIndex = start
  const name = (COMMAND_NAME.exec(sql)?.[0] ?? '\\').slice(1)
  const argumentStart = start + 1 + name.length
  const end =
    name === ';' || name === ':' || name === '\\' ? argumentStart : endOfArguments(sql, argumentStart, name)
  const text = sql.slice(start, end).trimEnd()
  return {
    kind: 'psql',
    start,
    end: start + text.length,
    text,
    command: name,
    argument: sql.slice(argumentStart, end).trim(),
  }
}

function endOfArguments(sql: string, from: number, name: string): number {
  const takesAll = WHOLE_LINE.has(name)
  let quote = 0
  for (let at = from; at < sql.length; at += 1) {
    const code = sql.charCodeAt(at)
    if (code === 0x0a || code === 0x0d) return at
    if (takesAll) continue
    if (quote !== 0) quote = code === quote ? 0 : quote
    else if (code === 0x27 || code === 0x22 || code === 0x60) quote = code
    else if (code === 0x5c) return at
  }
  return sql.length
}
