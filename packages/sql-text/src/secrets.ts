/**
 * Finds secrets in a text of SQL: passwords of roles, of user mappings and servers, connection strings of subscriptions
 * and of dblink or postgres_fdw. It looks for words and has no grammar, so it rather finds one too many than one too
 * few.
 */
import { literalValue } from './literal.ts'
import { splitStatements, type SplitOptions } from './split.ts'
import { tokensOf, type LexerOptions, type Token } from './tokens.ts'

export type SecretKind = 'role_password' | 'user_mapping' | 'subscription' | 'connection_string'

export interface Secret {
  /** Offsets of the whole literal, quotes and prefix included. */
  readonly start: number
  readonly end: number
  readonly kind: SecretKind
  /**
   * The value of the literal; undefined when it cannot be determined, or when the secret is only a part of the literal.
   */
  readonly value: string | undefined
  /** The statement that contains the secret. */
  readonly statement: { readonly start: number; readonly end: number }
}

/** The text that replaces a secret. */
export const REDACTED = "'•••'"

/** In the order of the text. */
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

/** The text with every secret replaced by `'•••'`. */
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

/** Functions and DO blocks contain statements in dollar quotes, which may contain others. */
const DEEPEST_BODY = 4

function secretsIn(text: string, depth: number, options: LexerOptions): Found[] {
  if (!MAY_HOLD.test(text.replaceAll('"', ''))) return []
  const found: Found[] = []
  const holders = createHolders()
  let before = ''
  for (const token of tokensOf(text, options)) {
    if (token.kind === 'space' || token.kind === 'comment') continue
    const word = wordOf(text, token)
    holders.pass(word)
    if (token.kind === 'string' || token.kind === 'dollar_string')
      for (const secret of secretsOfLiteral(text, token, holders.holding(before), depth, options))
        found.push(secret)
    before = word
  }
  return found
}

/** @param holds what the literal contains, judging by the words before it */
function secretsOfLiteral(
  text: string,
  token: Token,
  holds: SecretKind | undefined,
  depth: number,
  options: LexerOptions,
): readonly Found[] {
  const { start, end } = token
  const literal = text.slice(start, end)
  if (holds !== undefined) return [{ start, end, kind: holds, value: literalValue(literal, options) }]
  if (token.kind === 'dollar_string') return secretsOfBody(token, literal, depth, options)
  if (holdsConnectionSecret(literal)) return [{ start, end, kind: 'connection_string', value: undefined }]
  // Dynamic SQL: a command inside a literal. The whole literal counts as the secret.
  const kind = depth > 0 ? secretInside(literal, options) : undefined
  return kind === undefined ? [] : [{ start, end, kind, value: undefined }]
}

/** The body is lexed in place, so that offsets remain those of the whole text. */
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

/** A text without any of these contains no secret; for most texts this test is enough. */
const MAY_HOLD = /pass|secret|token|connection|postgres/i

/** Longer words are not keywords. */
const LONGEST_WORD = 64

/** In capitals and without quotes; empty for a token that is not a word. */
function wordOf(text: string, { kind, start, end }: Token): string {
  if (end - start > LONGEST_WORD) return ''
  if (kind === 'word') return text.slice(start, end).toUpperCase()
  return kind === 'quoted_name' ? text.slice(start, end).replaceAll('"', '').toUpperCase() : ''
}

const MAKES = new Set(['CREATE', 'ALTER'])
const KINDS: ReadonlyMap<string, SecretKind> = new Map([
  ['SERVER', 'user_mapping'],
  ['FOREIGN', 'user_mapping'],
  ['ROLE', 'role_password'],
  ['USER', 'role_password'],
  ['GROUP', 'role_password'],
  ['SUBSCRIPTION', 'subscription'],
])

/** The words directly before the literal of a secret. */
const BEFORE: Readonly<Partial<Record<SecretKind, ReadonlySet<string>>>> = {
  user_mapping: new Set(['PASSWORD', 'PASSCODE', 'SSLPASSWORD', 'SECRET', 'TOKEN', 'OAUTH_CLIENT_SECRET']),
  role_password: new Set(['PASSWORD']),
  subscription: new Set(['CONNECTION']),
}

/**
 * Tracks what is being created or altered, by the latest CREATE or ALTER; in a block these come after BEGIN, THEN,
 * LOOP.
 */
function createHolders() {
  let kind: SecretKind | undefined
  let made = ''
  /** Number of words since then; the first two say what is created. */
  let words = 2
  return {
    pass(word: string): void {
      if (MAKES.has(word)) [kind, words] = [undefined, 0]
      else if (words === 0) [kind, words, made] = [KINDS.get(word), 1, word]
      else if (words === 1) {
        words = 2
        if (made === 'USER' && word === 'MAPPING') kind = 'user_mapping'
      }
    },
    /** @param before the word directly before a literal */
    holding: (before: string): SecretKind | undefined =>
      kind !== undefined && BEFORE[kind]?.has(before) === true ? kind : undefined,
  }
}

const KEYWORD_SECRET = /\b(?:ssl)?password\s*=\s*\S/i
const URI_WITH_PASSWORD = /\bpostgres(?:ql)?:\/\/[^:/]*:./is

/**
 * libpq connection strings, as keywords and values or as URI, anywhere: in dblink_connect, or in a user's own function.
 * What precedes each `@` is examined separately: a single expression for all would start again at every address, which
 * is slow on a hostile text.
 */
function holdsConnectionSecret(literal: string): boolean {
  if (KEYWORD_SECRET.test(literal)) return true
  return literal
    .split('@')
    .slice(0, -1)
    .some((before) => URI_WITH_PASSWORD.test(before.split(/\s/).at(-1) ?? ''))
}
