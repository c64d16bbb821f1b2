/**
 * SCIM filters (RFC 7644 §3.4.2.2): text into a tree. Attribute names are looked up in a fixed list, so what a
 * caller writes never becomes SQL (attack 35); length and nesting are bounded.
 */
import {
  COMPARISONS,
  type Comparison,
  type FilterAttribute,
  type IdentityFilter,
} from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'

const LONGEST_FILTER = 4096
const DEEPEST_FILTER = 20

/** Attribute names are in any letter case (RFC 7643 §2.1). */
const ATTRIBUTES: Readonly<Record<IdentityType, Readonly<Record<string, FilterAttribute>>>> = {
  USER: {
    username: 'name',
    emails: 'name',
    'emails.value': 'name',
    'name.givenname': 'givenName',
    'name.familyname': 'familyName',
  },
  SERVICE_PRINCIPAL: { applicationid: 'name' },
  GROUP: { members: 'member', 'members.value': 'member' },
}
const COMMON_ATTRIBUTES: Readonly<Record<string, FilterAttribute>> = {
  id: 'id',
  displayname: 'displayName',
  active: 'active',
  externalid: 'externalId',
  nameproblem: 'nameProblem',
  'meta.created': 'createdAt',
  'meta.lastmodified': 'updatedAt',
}

/** @throws RefusedError invalid_parameter naming `sortBy` */
export function parseSortBy(text: string | undefined, type: IdentityType): FilterAttribute | undefined {
  if (text === undefined || text === '') return undefined
  const attribute = attributeOf(text, type)
  if (attribute === undefined || attribute === 'member')
    throw new RefusedError(
      refuse('invalid_parameter', { field: 'sortBy', problem: 'there is no such attribute to sort by.' }),
    )
  return attribute
}

/** @throws RefusedError invalid_parameter naming `filter` */
export function parseFilter(text: string | undefined, type: IdentityType): IdentityFilter | undefined {
  if (text === undefined || text.trim() === '') return undefined
  if (text.length > LONGEST_FILTER) throw invalid(`it is longer than ${String(LONGEST_FILTER)} characters.`)
  const tokens = tokenise(text)
  const parser = new FilterParser(tokens, type)
  const filter = parser.parse()
  return filter
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([()[\]])|([^\s()[\]"]+))/y

function tokenise(text: string): readonly string[] {
  const tokens: string[] = []
  const trimmed = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed)
    const token = match?.[1] ?? match?.[2] ?? match?.[3]
    if (token === undefined) throw invalid('a quoted text is not closed.')
    tokens.push(token)
  }
  return tokens
}

class FilterParser {
  readonly #tokens: readonly string[]
  readonly #type: IdentityType
  #position = 0

  constructor(tokens: readonly string[], type: IdentityType) {
    this.#tokens = tokens
    this.#type = type
  }

  parse(): IdentityFilter {
    const filter = this.#or('', 0)
    if (this.#position < this.#tokens.length) throw invalid(`${quote(this.#peek())} is not expected there.`)
    return filter
  }

  #or(prefix: string, depth: number): IdentityFilter {
    let left = this.#and(prefix, depth)
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and(prefix, depth) }
    return left
  }

  #and(prefix: string, depth: number): IdentityFilter {
    let left = this.#term(prefix, depth)
    while (this.#take('and')) left = { kind: 'and', left, right: this.#term(prefix, depth) }
    return left
  }

  #term(prefix: string, depth: number): IdentityFilter {
    if (depth > DEEPEST_FILTER) throw invalid('it is nested too deeply.')
    if (this.#take('not')) {
      this.#require('(')
      const operand = this.#or(prefix, depth + 1)
      this.#require(')')
      return { kind: 'not', operand }
    }
    if (this.#take('(')) {
      const inside = this.#or(prefix, depth + 1)
      this.#require(')')
      return inside
    }
    return this.#comparison(prefix, depth)
  }

  #comparison(prefix: string, depth: number): IdentityFilter {
    const name = this.#next('an attribute')
    if (this.#take('[')) {
      // emails[type eq "work"].value eq "…": every user has one e-mail address, so which one is meant is clear.
      if (this.#skipKindOfEmail(name)) return this.#compare(`${name}.value`)
      const inside = this.#or(`${name}.`, depth + 1)
      this.#require(']')
      return inside
    }
    return this.#compare(`${prefix}${name}`)
  }

  #skipKindOfEmail(name: string): boolean {
    const [kind, comparison, value, close, rest] = this.#tokens.slice(this.#position, this.#position + 5)
    const isKind =
      name.toLowerCase() === 'emails' &&
      ['type', 'primary'].includes(kind?.toLowerCase() ?? '') &&
      comparison?.toLowerCase() === 'eq' &&
      value !== undefined &&
      close === ']' &&
      rest?.toLowerCase() === '.value'
    if (isKind) this.#position += 5
    return isKind
  }

  #compare(path: string): IdentityFilter {
    const attribute = attributeOf(path, this.#type)
    if (attribute === undefined) throw invalid(`there is no attribute ${quote(path)} to filter by.`)
    const word = this.#next('a comparison').toLowerCase()
    if (word === 'pr') return { kind: 'present', attribute }
    const comparison = COMPARISONS.find((known) => known === word)
    if (comparison === undefined)
      throw invalid(`${quote(word)} is not a comparison; use ${COMPARISONS.join(', ')} or pr.`)
    return {
      kind: 'compare',
      attribute,
      comparison,
      value: readValue(this.#next('a value'), attribute, comparison),
    }
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
    if (!this.#take(word)) throw invalid(`${quote(word)} is missing.`)
  }

  #next(what: string): string {
    const token = this.#tokens[this.#position]
    if (token === undefined) throw invalid(`${what} is missing at its end.`)
    this.#position += 1
    return token
  }
}

function attributeOf(path: string, type: IdentityType): FilterAttribute | undefined {
  // A path may begin with the schema that the attribute belongs to (RFC 7644 §3.10).
  const name = path.slice(path.toLowerCase().startsWith('urn:') ? path.lastIndexOf(':') + 1 : 0).toLowerCase()
  const known = { ...COMMON_ATTRIBUTES, ...ATTRIBUTES[type] }
  return Object.hasOwn(known, name) ? known[name] : undefined
}

function readValue(
  token: string,
  attribute: FilterAttribute,
  comparison: Comparison,
): string | boolean | null {
  const value = parseJson(token)
  if (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    typeof value === 'number'
  ) {
    const text = typeof value === 'number' ? String(value) : value
    if (attribute === 'active' && !['eq', 'ne'].includes(comparison))
      throw invalid('active can be compared with eq and ne only.')
    if (['createdAt', 'updatedAt'].includes(attribute)) requireTime(text, comparison)
    // PostgreSQL has no text with a zero character in it.
    if (typeof text === 'string' && text.includes('\u0000')) throw invalid('a value holds a zero character.')
    return text
  }
  throw invalid(`${quote(token)} is not a value; texts stand in double quotes.`)
}

function requireTime(value: string | boolean | null, comparison: Comparison): void {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value))
  if (!isTime || ['co', 'sw', 'ew'].includes(comparison))
    throw invalid(
      'a time is compared by eq, ne, gt, ge, lt or le with a text such as "2026-01-31T12:00:00Z".',
    )
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
const invalid = (problem: string): RefusedError =>
  new RefusedError(refuse('invalid_parameter', { field: 'filter', problem }))
