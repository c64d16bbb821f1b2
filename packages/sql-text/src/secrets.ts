/**
 * Where a text of SQL holds secrets: passwords of roles, of user mappings and servers, connection strings of subscriptions
 * and of dblink or postgres_fdw. Found by words, not by a grammar: rather one too many than one too few.
 */
import { literalValue } from './literal.ts'
import { splitStatements, type SplitOptions } from './split.ts'
import { tokensOf, type LexerOptions, type Token } from './tokens.ts'

export type SecretKind = 'role_password' | 'user_mapping' | 'subscription' | 'connection_string'

export interface Secret {
  /** Of the whole literal, quotes and prefix included. */
  readonly start: number
  readonly end: number
  readonly kind: SecretKind
  /** The value of the literal; undefined when it cannot be told, or when the secret is only a part of the literal. */
  readonly value: string | undefined
  /** Where the statement stands that holds it. */
  readonly statement: { readonly start: number; readonly end: number }
}

/** What stands in the place of a secret. */
export const REDACTED = "'•••'"

/** In the order in which they stand in the text. */
export function findSecrets(sql: string, options: SplitOptions = {}): Secret[] {
  return splitStatements(sql, options).flatMap(({ start, end, text }) =>
    secretsIn(text, DEEPEST_BODY, options).map((secret) => ({
      ...secret,
      start: start + secret.start,
      end: start + secret.end,
      statement: { start, end },
    })),
  )
}

/** The text with `'•••'` for every secret. */
export function redactSecrets(sql: string, options: SplitOptions = {}): string {
  let redacted = ''
  let at = 0
  for (const { start, end } of findSecrets(sql, options)) {
    redacted += sql.slice(at, start) + REDACTED
    at = end
  }
  return redacted + sql.slice(at)
}

type Found = Omit<Secret, 'statement'>

/** Functions and DO blocks hold statements in dollar quotes, which may hold others. */
const DEEPEST_BODY = 4

function secretsIn(text: string, depth: number, options: LexerOptions): Found[] {
  const found: Found[] = []
  const words = wordsOf(text, options)
  // The holder of the latest CREATE or ALTER: in a block these stand behind BEGIN, THEN, LOOP.
  let holder: Holder | undefined
  for (const [index, token] of words.entries()) {
    if (MAKES.has(token.word)) holder = HOLDERS.find(({ is }) => is(words, index))
    if (token.kind !== 'string' && token.kind !== 'dollar_string') continue
    const { start, end } = token
    const literal = text.slice(start, end)
    if (holder?.before.has(wordAt(words, index - 1)) === true)
      found.push({ start, end, kind: holder.kind, value: literalValue(literal, options) })
    else if (token.kind === 'dollar_string') found.push(...secretsOfBody(token, literal, depth, options))
    else if (CONNECTION_SECRET.test(literal))
      found.push({ start, end, kind: 'connection_string', value: undefined })
    else {
      // Dynamic SQL: a command in a literal. The whole literal goes.
      const kind = depth > 0 ? secretInside(literal, options) : undefined
      if (kind !== undefined) found.push({ start, end, kind, value: undefined })
    }
  }
  return found
}

/** Such a body is lexed as it stands, so that positions stay those of the text. */
function secretsOfBody(token: Token, literal: string, depth: number, options: LexerOptions): Found[] {
  if (depth === 0) return []
  const opening = literal.indexOf('$', 1) + 1
  const body = literal.slice(opening, token.isClosed ? -opening : undefined)
  const offset = token.start + opening
  return secretsIn(body, depth - 1, options).map((secret) => ({
    ...secret,
    start: offset + secret.start,
    end: offset + secret.end,
  }))
}

function secretInside(literal: string, options: LexerOptions): SecretKind | undefined {
  if (!/password|connection/i.test(literal)) return undefined
  const inside = literalValue(literal, options) ?? literal.slice(literal.indexOf("'") + 1)
  return secretsIn(inside, 0, options)[0]?.kind
}

interface Word extends Token {
  /** In capitals; empty for what is no word. */
  readonly word: string
}

function wordsOf(text: string, options: LexerOptions): Word[] {
  const words: Word[] = []
  for (const token of tokensOf(text, options)) {
    if (token.kind === 'space' || token.kind === 'comment') continue
    const isName = token.kind === 'word' || token.kind === 'quoted_name'
    const raw = isName ? text.slice(token.start, token.end) : ''
    words.push({ ...token, word: raw.replaceAll('"', '').toUpperCase() })
  }
  return words
}

interface Holder {
  readonly kind: SecretKind
  /** @param index of its CREATE or ALTER */
  is(words: readonly Word[], index: number): boolean
  /** The words right before the literal of a secret. */
  readonly before: ReadonlySet<string>
}

const wordAt = (words: readonly Word[], index: number): string => words[index]?.word ?? ''
const MAKES = new Set(['CREATE', 'ALTER'])
const ROLES = new Set(['ROLE', 'USER', 'GROUP'])
const FOREIGN = new Set(['SERVER', 'FOREIGN'])

const HOLDERS: readonly Holder[] = [
  {
    kind: 'user_mapping',
    is: (words, index) =>
      FOREIGN.has(wordAt(words, index + 1)) ||
      (wordAt(words, index + 1) === 'USER' && wordAt(words, index + 2) === 'MAPPING'),
    before: new Set(['PASSWORD', 'PASSCODE', 'SSLPASSWORD', 'SECRET', 'TOKEN', 'OAUTH_CLIENT_SECRET']),
  },
  {
    kind: 'role_password',
    is: (words, index) => ROLES.has(wordAt(words, index + 1)),
    before: new Set(['PASSWORD']),
  },
  {
    kind: 'subscription',
    is: (words, index) => wordAt(words, index + 1) === 'SUBSCRIPTION',
    before: new Set(['CONNECTION']),
  },
]

/** libpq's strings, as keywords and values and as URI, wherever they stand: dblink_connect, a call of one's own. */
const CONNECTION_SECRET = /\b(?:ssl)?password\s*=\s*[^\s]|\bpostgres(?:ql)?:\/\/[^\s:/@]*:[^\s@]+@/i
