/**
 * The tokens of SQL as psql's lexer sees them (src/fe_utils/psqlscan.l, PostgreSQL 15 to 18). Positions are UTF-16 code
 * units. It never fails: a token that is not closed extends to the end of the text.
 */

export type TokenKind =
  | 'space'
  | 'comment'
  | 'word'
  /** `"…"` or `U&"…"` */
  | 'quoted_name'
  /** `'…'` with or without a prefix */
  | 'string'
  /** `$tag$…$tag$` */
  | 'dollar_string'
  | 'number'
  /** `$1` */
  | 'parameter'
  | 'open'
  | 'close'
  | 'semicolon'
  | 'backslash'
  | 'other'

export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** False for a string, name or comment that is not closed before the end of the text. */
  readonly isClosed: boolean
}

export interface LexerOptions {
  /** The session's `standard_conforming_strings`; true when left out. */
  readonly standardConformingStrings?: boolean
}

const SPACE = /[ \t\n\r\f\v]+/y
/** psqlscan.l `ident_start`, `ident_cont`: every byte from 0x80 counts as a letter. */
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y
const NUMBER = /[0-9][0-9_A-Za-z\u0080-\uffff$.]*/y
const PARAMETER = /\$[0-9][0-9A-Za-z_\u0080-\uffff]*/y
const DOLLAR_DELIMITER = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
const LINE_COMMENT = /--[^\n\r]*/y

const PREFIXED_STRING = /(?:[eEbBxXnN]|[uU]&)'/y
const PREFIXED_NAME = /[uU]&"/y

/** The end of the match of `pattern` at `at`, or undefined. */
function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

export interface Lexer {
  /**
   * The token that begins at `at`, which must be the beginning of the text or the end of a token, but not the end of
   * the text.
   */
  tokenAt(at: number): Token
}

export function createLexer(sql: string, { standardConformingStrings = true }: LexerOptions = {}): Lexer {
  const endOf = (pattern: RegExp, at: number): number | undefined => matchAt(pattern, sql, at)
  // If a search for `$tag$` found nothing, later ones will not either: this keeps the time linear on hostile text.
  const missingDelimiters = new Map<string, number>()

  return { tokenAt }

  function tokenAt(start: number): Token {
    const code = sql.charCodeAt(start)
    switch (code) {
      case 0x27:
        return string(start, start + 1, !standardConformingStrings)
      case 0x22:
        return quotedName(start, start + 1)
      case 0x28:
        return single('open', start)
      case 0x29:
        return single('close', start)
      case 0x3b:
        return single('semicolon', start)
      case 0x5c:
        return single('backslash', start)
      case 0x24:
        return dollar(start)
      case 0x2d: {
        const end = endOf(LINE_COMMENT, start)
        return end === undefined ? single('other', start) : closed('comment', start, end)
      }
      case 0x2f:
        return sql.charCodeAt(start + 1) === 0x2a ? blockComment(start) : single('other', start)
      default:
        return isSpace(code) ? closed('space', start, endOf(SPACE, start) ?? start + 1) : plain(start, code)
    }
  }

  function plain(start: number, code: number): Token {
    if (code >= 0x30 && code <= 0x39) return closed('number', start, endOf(NUMBER, start) ?? start + 1)
    return isLetter(code) ? word(start, code) : single('other', start)
  }

  function word(start: number, code: number): Token {
    if (!isPrefix(code)) return closed('word', start, endOf(WORD, start) ?? start + 1)
    const stringStart = endOf(PREFIXED_STRING, start)
    if (stringStart !== undefined) {
      const letter = sql.charAt(start).toLowerCase()
      // `n'…'` is read as `n` and an ordinary string; b'…' and x'…' contain no escapes that matter here.
      return string(start, stringStart, letter === 'e' || (letter === 'n' && !standardConformingStrings))
    }
    const nameStart = endOf(PREFIXED_NAME, start)
    if (nameStart !== undefined) return quotedName(start, nameStart)
    const end = endOf(WORD, start)
    return end === undefined ? single('other', start) : closed('word', start, end)
  }

  /** @param inside the position after the opening quote */
  function string(start: number, inside: number, hasEscapes: boolean): Token {
    let at = inside
    for (;;) {
      const stop = hasEscapes ? quoteOrBackslash(at) : sql.indexOf("'", at)
      if (stop < 0) return open('string', start)
      if (sql.charCodeAt(stop) === 0x5c) {
        at = stop + 2
        if (at > sql.length) return open('string', start)
        continue
      }
      if (sql.charCodeAt(stop + 1) === 0x27) {
        at = stop + 2
        continue
      }
      const next = continuationAfter(stop + 1)
      if (next === undefined) return closed('string', start, stop + 1)
      at = next
    }
  }

  /**
   * A string continues in another quote if only blanks and comments are in between, and at least one line break (SQL,
   * "quotecontinue").
   * @returns the position after the next opening quote
   */
  function continuationAfter(from: number): number | undefined {
    let hasLineEnd = false
    for (let at = from; at < sql.length; at += 1) {
      const code = sql.charCodeAt(at)
      if (code === 0x27) return hasLineEnd ? at + 1 : undefined
      if (code === 0x0a || code === 0x0d) hasLineEnd = true
      else if (code === 0x2d) {
        const end = endOf(LINE_COMMENT, at)
        if (end === undefined) return undefined
        at = end - 1
      } else if (!isSpace(code)) return undefined
    }
    return undefined
  }

  function quoteOrBackslash(from: number): number {
    for (let at = from; at < sql.length; at += 1) {
      const code = sql.charCodeAt(at)
      if (code === 0x27 || code === 0x5c) return at
    }
    return -1
  }

  function quotedName(start: number, inside: number): Token {
    let at = inside
    for (;;) {
      const stop = sql.indexOf('"', at)
      if (stop < 0) return open('quoted_name', start)
      if (sql.charCodeAt(stop + 1) !== 0x22) return closed('quoted_name', start, stop + 1)
      at = stop + 2
    }
  }

  function dollar(start: number): Token {
    const inside = endOf(DOLLAR_DELIMITER, start)
    if (inside === undefined) {
      const end = endOf(PARAMETER, start)
      return end === undefined ? single('other', start) : closed('parameter', start, end)
    }
    const delimiter = sql.slice(start, inside)
    if (inside >= (missingDelimiters.get(delimiter) ?? Infinity)) return open('dollar_string', start)
    const stop = sql.indexOf(delimiter, inside)
    if (stop >= 0) return closed('dollar_string', start, stop + delimiter.length)
    missingDelimiters.set(delimiter, inside)
    return open('dollar_string', start)
  }

  function blockComment(start: number): Token {
    let depth = 1
    let at = start + 2
    while (depth > 0) {
      const star = sql.indexOf('*', at)
      if (star < 0) return open('comment', start)
      if (sql.charCodeAt(star + 1) === 0x2f) {
        depth -= 1
        at = star + 2
      } else if (star > at - 1 && sql.charCodeAt(star - 1) === 0x2f && star - 1 >= at) {
        depth += 1
        at = star + 1
      } else at = star + 1
    }
    return closed('comment', start, at)
  }

  function single(kind: TokenKind, start: number): Token {
    return closed(kind, start, start + 1)
  }

  function open(kind: TokenKind, start: number): Token {
    return { kind, start, end: sql.length, isClosed: false }
  }
}

const closed = (kind: TokenKind, start: number, end: number): Token => ({ kind, start, end, isClosed: true })

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d)

const isLetter = (code: number): boolean =>
  code >= 0x80 || code === 0x5f || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)

/** Letters that may begin the prefix of a literal; most words need no further check. */
const PREFIXES = new Set(Array.from('bBeEnNuUxX', (letter) => letter.charCodeAt(0)))
const isPrefix = (code: number): boolean => PREFIXES.has(code)

/** All tokens of a text, in order, without gaps. */
export function* tokensOf(sql: string, options?: LexerOptions, from = 0): Generator<Token, void> {
  const lexer = createLexer(sql, options)
  for (let at = from; at < sql.length;) {
    const token = lexer.tokenAt(at)
    yield token
    at = token.end
  }
}
