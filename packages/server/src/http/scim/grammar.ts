/**
 * The grammar of SCIM filters (RFC 7644 §3.4.2.2) and PATCH paths (§3.5.2): parses text into trees. It knows no
 * attributes; filter.ts and patch.ts look the names up in fixed lists. Length and nesting are limited.
 */
import { COMPARISONS, type AttributeCondition } from '../../domain/directory.ts'
import type { Filter } from '../../domain/filter.ts'

const LONGEST_TEXT = 4096
const DEEPEST_NESTING = 20

/** In lower case, because attribute names may be in any letter case (RFC 7643 §2.1). */
export interface AttributePath {
  /** With a dot before the part: `name.givenname`. */
  readonly name: string
  /** The URN before it (RFC 7644 §3.10). */
  readonly schema: string | undefined
}

/** `emails[type eq "work"]`, or the same followed by `.value eq "…"`. */
export interface ElementExpression {
  readonly kind: 'element'
  readonly of: AttributePath
  readonly element: Expression
  readonly rest: Expression | undefined
}
export type Condition = AttributeCondition<AttributePath> | ElementExpression
export type Expression = Filter<Condition>

/** The target of a PATCH operation: an attribute, which of its elements, and which part of them. */
export interface ChangedPath {
  readonly attribute: AttributePath
  readonly element: Expression | undefined
  readonly part: string | undefined
}

/** Says what is wrong; the caller knows which field it concerns. */
export class GrammarError extends Error {}

/** @throws GrammarError */
export function parseExpression(text: string): Expression {
  const parser = new Parser(tokenise(text))
  const expression = parser.or(0)
  parser.requireEnd()
  return expression
}

/** @throws GrammarError */
export function parsePath(text: string): ChangedPath {
  const parser = new Parser(tokenise(text))
  const path = parser.path()
  parser.requireEnd()
  return path
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([()[\]])|([^\s()[\]"]+))/y

function tokenise(text: string): readonly string[] {
  if (text.length > LONGEST_TEXT)
    throw new GrammarError(`it is longer than ${String(LONGEST_TEXT)} characters.`)
  const tokens: string[] = []
  const trimmed = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed)
    const token = match?.[1] ?? match?.[2] ?? match?.[3]
    if (token === undefined) throw new GrammarError('a quoted text is not closed.')
    tokens.push(token)
  }
  return tokens
}

class Parser {
  readonly #tokens: readonly string[]
  #position = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  requireEnd(): void {
    if (this.#position < this.#tokens.length)
      throw new GrammarError(`${quote(this.#peek())} is not expected there.`)
  }

  or(depth: number): Expression {
    let left = this.#and(depth)
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and(depth) }
    return left
  }

  path(): ChangedPath {
    const attribute = this.#attribute()
    if (!this.#take('[')) return { attribute, element: undefined, part: undefined }
    const element = this.or(1)
    this.#require(']')
    return { attribute, element, part: this.#part() }
  }

  #and(depth: number): Expression {
    let left = this.#term(depth)
    while (this.#take('and')) left = { kind: 'and', left, right: this.#term(depth) }
    return left
  }

  #term(depth: number): Expression {
    if (depth > DEEPEST_NESTING) throw new GrammarError('it is nested too deeply.')
    if (this.#take('not')) {
      this.#require('(')
      const operand = this.or(depth + 1)
      this.#require(')')
      return { kind: 'not', operand }
    }
    if (this.#take('(')) {
      const inside = this.or(depth + 1)
      this.#require(')')
      return inside
    }
    const attribute = this.#attribute()
    if (!this.#take('[')) return this.#condition(attribute)
    const element = this.or(depth + 1)
    this.#require(']')
    const part = this.#part()
    const rest = part === undefined ? undefined : this.#condition({ name: part, schema: undefined })
    return { kind: 'element', of: attribute, element, rest }
  }

  #condition(attribute: AttributePath): Expression {
    const word = this.#next('a comparison').toLowerCase()
    if (word === 'pr') return { kind: 'present', attribute }
    const comparison = COMPARISONS.find((known) => known === word)
    if (comparison === undefined)
      throw new GrammarError(`${quote(word)} is not a comparison; use ${COMPARISONS.join(', ')} or pr.`)
    return { kind: 'compare', attribute, comparison, value: readValue(this.#next('a value')) }
  }

  #attribute(): AttributePath {
    const token = this.#next('an attribute')
    if (!/^[a-z$][\w$:.-]*$/i.test(token)) throw new GrammarError(`${quote(token)} is not an attribute.`)
    const colon = token.lastIndexOf(':')
    return colon < 0
      ? { name: token.toLowerCase(), schema: undefined }
      : { name: token.slice(colon + 1).toLowerCase(), schema: token.slice(0, colon).toLowerCase() }
  }

  /** `.value` after a bracket. */
  #part(): string | undefined {
    const part = /^\.([a-z$][\w$-]*)$/i.exec(this.#peek())?.[1]
    if (part !== undefined) this.#position += 1
    return part?.toLowerCase()
  }

  #peek(): string {
    return this.#tokens[this.#position] ?? ''
  }

  #take(word: string): boolean {
    if (this.#peek().toLowerCase() !== word) return false
    this.#position += 1
    return true
  }

  #require(word: string): void {
    if (!this.#take(word)) throw new GrammarError(`${quote(word)} is missing.`)
  }

  #next(what: string): string {
    const token = this.#tokens[this.#position]
    if (token === undefined) throw new GrammarError(`${what} is missing at its end.`)
    this.#position += 1
    return token
  }
}

/** A text, a number as text, a boolean or null. Some clients write `True`. */
function readValue(token: string): string | boolean | null {
  const value = parseJson(token.startsWith('"') ? token : token.toLowerCase())
  if (value === null || typeof value === 'boolean') return value
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new GrammarError(`${quote(token)} is not a value; write text in double quotes.`)
  // PostgreSQL cannot store text with a zero character.
  const text = String(value)
  if (text.includes('\u0000')) throw new GrammarError('a value holds a zero character.')
  return text
}

function parseJson(token: string): unknown {
  try {
    return JSON.parse(token)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 64))
