/** The value of an SQL literal: what is between its quotes, with escapes resolved (scan.l of PostgreSQL). */
import { createLexer, type LexerOptions } from './tokens.ts'

/**
 * The value of `'…'`, `E'…'`, `N'…'` or `$$…$$`; the parts of a continued literal are joined. Undefined for an unclosed
 * literal and for `U&'…'`, `B'…'`, `X'…'`.
 */
export function literalValue(literal: string, options: LexerOptions = {}): string | undefined {
  if (literal === '') return undefined
  const token = createLexer(literal, options).tokenAt(0)
  if (!token.isClosed || token.end !== literal.length) return undefined
  if (token.kind === 'dollar_string') {
    const delimiter = literal.indexOf('$', 1) + 1
    return literal.slice(delimiter, -delimiter)
  }
  if (token.kind !== 'string') return undefined
  const prefix = literal.slice(0, literal.indexOf("'")).toLowerCase()
  if (prefix !== '' && prefix !== 'e' && prefix !== 'n') return undefined
  const hasEscapes = prefix === 'e' || options.standardConformingStrings === false
  return readParts(literal.slice(prefix.length), hasEscapes)
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** @param parts one or more `'…'`, with blanks and comments in between */
function readParts(parts: string, hasEscapes: boolean): string | undefined {
  const bytes = new Utf8Text()
  let at = 1
  while (at < parts.length) {
    const char = parts.charAt(at)
    if (char === "'") {
      if (parts.charAt(at + 1) === "'") {
        bytes.add("'")
        at += 2
        continue
      }
      // The lexer has already checked what is in between; a quote inside a comment there does not open the next part.
      const next = openingQuoteAfter(parts, at + 1)
      if (next === undefined) break
      at = next + 1
    } else if (char === '\\' && hasEscapes) {
      const [escape = ''] = matchFrom(ESCAPE, parts, at) ?? []
      if (!bytes.addEscape(escape)) return undefined
      at += escape.length
    } else {
      const end = endOfPlain(parts, at + 1)
      bytes.add(parts.slice(at, end))
      at = end
    }
  }
  return bytes.text()
}

/** Where the run of plain characters ends: at a quote, or at a backslash, whether or not that escapes. */
function endOfPlain(parts: string, from: number): number {
  SPECIAL.lastIndex = from
  return SPECIAL.test(parts) ? SPECIAL.lastIndex - 1 : parts.length
}

const SPECIAL = /['\\]/g

function openingQuoteAfter(parts: string, from: number): number | undefined {
  const [between] = matchFrom(BETWEEN_PARTS, parts, from) ?? []
  const at = from + (between?.length ?? 0)
  return parts.charAt(at) === "'" ? at : undefined
}

const BETWEEN_PARTS = /(?:\s|--[^\n\r]*(?:[\n\r]|$))*/y
const ESCAPE = /\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^])/y

function matchFrom(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Collects text in which escapes may denote single bytes of UTF-8. */
class Utf8Text {
  private done = ''
  private bytes: number[] = []
  private isText = true

  add(text: string): void {
    this.flush()
    this.done += text
  }

  /** @returns false for an escape that PostgreSQL refuses */
  addEscape(escape: string): boolean {
    const kind = escape.charAt(1)
    const digits = escape.slice(2)
    if (/[0-7]/.test(kind)) this.bytes.push(Number.parseInt(escape.slice(1), 8) & 0xff)
    else if (kind === 'x' && digits !== '') this.bytes.push(Number.parseInt(digits, 16))
    else if ((kind === 'u' || kind === 'U') && digits !== '') {
      const code = Number.parseInt(digits, 16)
      if (code === 0 || code > 0x10ffff) return false
      // A surrogate pair written as two escapes is joined here, as in PostgreSQL.
      this.add(code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code))
    } else this.add(NAMED_ESCAPES[kind] ?? kind)
    return true
  }

  /** @returns undefined when the bytes are not valid UTF-8 */
  text(): string | undefined {
    this.flush()
    return this.isText ? this.done : undefined
  }

  private flush(): void {
    if (this.bytes.length === 0) return
    const decoded = new TextDecoder('utf-8').decode(new Uint8Array(this.bytes))
    if (decoded.includes('\ufffd')) this.isText = false
    this.done += decoded
    this.bytes = []
  }
}
