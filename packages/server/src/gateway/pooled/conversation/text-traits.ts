/**
 * Judges from the text of a statement whether it may leave something in the session that runs it. The result is only
 * ever a reason to ask the backend what was left, never a claim that something was. Whatever is not known to be
 * harmless counts as a reason, except what no text shows: what triggers, views, operators and casts call
 * (docs/pooled-endpoint.md). Every text takes time proportional to its length, whatever it contains, because it comes
 * from strangers.
 */
import { LONGEST_NAME } from '../../../protocol/limits.ts'
import { HARMLESS } from './harmless-calls.ts'

export interface TextTraits {
  /** It calls something that may leave anything, or may create something temporary. */
  readonly mayLeave: boolean
  /** Every SET in it, if there is one, ends with the transaction. */
  readonly setsLocally: boolean
  /** Names of custom settings that it may create: PostgreSQL does not list these ("pg_settings"). */
  readonly customSettings: readonly string[]
  /** Which of its parameters, counted from 1, are names of settings. */
  readonly settingsByParameter: readonly number[] | 'any'
  /** It may deallocate all prepared statements. */
  readonly mayDeallocateAll: boolean
  /** The prepared statement that it deallocates, when it does nothing else. */
  readonly deallocates: string | undefined
}

/** For a text that was not read. */
export const UNSEEN: TextTraits = {
  mayLeave: true,
  setsLocally: false,
  customSettings: [],
  settingsByParameter: 'any',
  mayDeallocateAll: true,
  deallocates: undefined,
}

/** For a name that may stand for either of two texts; both deallocate the same statement, or none. */
export const eitherOf = (one: TextTraits, other: TextTraits): TextTraits => ({
  mayLeave: one.mayLeave || other.mayLeave,
  setsLocally: one.setsLocally && other.setsLocally,
  customSettings: [],
  settingsByParameter:
    one.settingsByParameter === 'any' || other.settingsByParameter === 'any'
      ? 'any'
      : [...new Set([...one.settingsByParameter, ...other.settingsByParameter])],
  mayDeallocateAll: one.mayDeallocateAll || other.mayDeallocateAll,
  deallocates: one.deallocates,
})

/** With `pg_temp` first in search_path, CREATE TABLE … AS makes something temporary, and its tag is that of a SELECT. */
const MENTIONS = /\b(?:temp|temporary|pg_temp\w*|execute|create)\b/i
/** PostgreSQL's blanks (scan.l, `space`). For JavaScript 0xA0 is one as well; here it is a part of a name. */
const BLANK = String.raw`[ \t\n\v\f\r]`
const NAME = String.raw`(?:[a-z_\x80-\xff][\w$\x80-\xff]*|"[^"]+")`
const DOTTED_NAME = String.raw`${NAME}(?:${BLANK}*\.${BLANK}*${NAME})+`
const SET = /\bset\b/i
const COMMENT = /--|\/\*/
/** `SET local.x` names a custom setting, and `SET LOCAL` does not: behind a keyword no dot follows. */
const NOT_LOCAL = new RegExp(
  String.raw`\bset\b(?!${BLANK}+(?:local|transaction|constraints)${BLANK}+[^. \t\n\v\f\r])|\breset\b`,
  'i',
)
const SET_CUSTOM = new RegExp(String.raw`\bset${BLANK}+(?:session${BLANK}+)?(${DOTTED_NAME}|"[^"]+")`, 'gi')
/** Where the name that is set begins cannot be told by a pattern then. */
const SET_BEFORE_COMMENT = new RegExp(
  String.raw`(?<![\w$\x80-\xff])set(?![\w$\x80-\xff])${BLANK}*(?:session${BLANK}*)?(?:${NAME}${BLANK}*\.${BLANK}*)*(?:${NAME}${BLANK}*)?(?:--|/\*)`,
  'i',
)
/** It begins where a word begins, so that a long word is looked through once. */
const ANY_DOTTED_NAME = new RegExp(String.raw`(?<![\w$\x80-\xff])(?:${DOTTED_NAME}|"[^"]+")`, 'gi')
const CUSTOM_NAME = /^[a-z_\x80-\xff][\w$\x80-\xff]*(?:\.[a-z_\x80-\xff][\w$\x80-\xff]*)+$/i
/** A longer text is not the name of a setting. */
const LONGEST_SETTING = 200
/** Settings with this prefix are made when the backend is opened, never by the client. */
const OWN_SETTINGS = 'databricks_auth.'

/** Each word that the patterns here look for contains one of these; most texts of an application contain none. */
const MAY_BE_OF_NOTE = /temp|execute|create|set|deallocate|discard/i

/** The traits of a text in which nothing was found. */
const PLAIN: TextTraits = {
  mayLeave: false,
  setsLocally: true,
  customSettings: [],
  settingsByParameter: [],
  mayDeallocateAll: false,
  deallocates: undefined,
}

export function traitsOf(text: string | undefined): TextTraits {
  if (text === undefined) return UNSEEN
  const hasCalls = text.includes('(')
  const isOfNote = MAY_BE_OF_NOTE.test(text)
  if (!hasCalls && !isOfNote) return PLAIN
  const calls = hasCalls ? callsOf(text) : NO_CALLS
  if (!isOfNote && !calls.mayLeave) return PLAIN
  const hasSet = SET.test(text)
  return {
    mayLeave: calls.mayLeave || MENTIONS.test(text),
    setsLocally: !NOT_LOCAL.test(text) && !(hasSet && COMMENT.test(text)),
    customSettings: customNamesAmong([...(hasSet ? namesBehindSet(text) : []), ...calls.settings]),
    settingsByParameter: calls.settingsByParameter,
    mayDeallocateAll: /\b(?:deallocate|discard)\b/i.test(text),
    deallocates: deallocatedIn(text),
  }
}

/** Names that a SET in the text may set; too many rather than too few. */
function namesBehindSet(text: string): readonly string[] {
  const found = SET_BEFORE_COMMENT.test(text)
    ? [text, withoutComments(text)].flatMap((one) => [...one.matchAll(ANY_DOTTED_NAME)].map(([name]) => name))
    : [...text.matchAll(SET_CUSTOM)].map(({ 1: name = '' }) => name)
  return [...new Set(found.map((name) => name.replaceAll(/[" \t\n\v\f\r]/g, '')))]
}

/** As far as comments can be told from strings, each is replaced by a blank. */
function withoutComments(text: string): string {
  const begin = new RegExp(COMMENT, 'g')
  let rest = ''
  let from = 0
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    rest += `${text.slice(from, found.index)} `
    const end =
      found[0] === '--' ? text.slice(found.index).search(/[\n\r]/) : text.indexOf('*/', found.index + 2)
    if (end === -1) return rest
    from = found[0] === '--' ? found.index + end : end + 2
    begin.lastIndex = from
  }
  return rest + text.slice(from)
}

/** Those of the texts that may be names of custom settings. */
export const customNamesAmong = (texts: readonly string[]): readonly string[] =>
  texts
    .filter((text) => text.length <= LONGEST_SETTING && CUSTOM_NAME.test(text))
    .map(inSmallLetters)
    .filter((name) => !name.startsWith(OWN_SETTINGS))

const DEALLOCATE = new RegExp(
  String.raw`^${BLANK}*deallocate${BLANK}+(?:prepare${BLANK}+)?(?:(?!all\b)([a-z_\x80-\xff][\w$\x80-\xff]*)|"([^"]+)")${BLANK}*(?:;${BLANK}*)?$`,
  'i',
)

/** The name as PostgreSQL folds it: lower case unless quoted, 63 bytes. */
function deallocatedIn(text: string): string | undefined {
  const [, plain, quoted] = DEALLOCATE.exec(text) ?? []
  return (quoted ?? (plain === undefined ? undefined : inSmallLetters(plain)))?.slice(0, LONGEST_NAME)
}

/** Lowers ASCII letters only: other bytes may be parts of longer characters. */
const inSmallLetters = (text: string): string => text.replaceAll(/[A-Z]+/g, (ascii) => ascii.toLowerCase())

const SET_CONFIG_LOCAL = /^\((?:'[^']*'|[^(),'])*,(?:'[^']*'|[^(),'])*,\s*true\s*\)/i
const SET_CONFIG_NAME = /^\(\s*(?:e?'([^']*)'|\$(\d{1,5})\b)/i

interface Calls {
  mayLeave: boolean
  readonly settings: string[]
  readonly settingsByParameter: number[]
}

const NO_CALLS: Calls = { mayLeave: false, settings: [], settingsByParameter: [] }

const QUOTE = 0x22
const OPEN_PARENTHESIS = 0x28
const ASTERISK = 0x2a
const HYPHEN = 0x2d
const DOT = 0x2e
const SLASH = 0x2f
const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Indexed by byte: 1 for letters, digits, `_`, `$`, and everything that is not ASCII. */
const IS_OF_WORD = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x80 || /[\w$]/.test(String.fromCharCode(code)) ? 1 : 0,
)
const isBlank = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d)

const isComment = (code: number, next: number): boolean =>
  (code === HYPHEN && next === HYPHEN) ||
  (code === SLASH && next === ASTERISK) ||
  (code === ASTERISK && next === SLASH)

/** @returns the end of the word that begins at `from`: an identifier, a keyword, a number, or a name in double quotes */
function endOfWord(text: string, from: number, quotes: Quotes): number {
  if (quotes === 'enclose names' && text.charCodeAt(from) === QUOTE) {
    const close = text.indexOf('"', from + 1)
    return close === -1 ? text.length : close + 1
  }
  let end = from + 1
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (IS_OF_WORD[code] !== 1 && (quotes === 'enclose names' || code !== QUOTE)) break
  }
  return end
}

/**
 * What a double quote is: the beginning of a quoted name, or, where it stands in a string or a comment, nothing special.
 * Only PostgreSQL knows, so a text that has both is read both ways.
 */
type Quotes = 'enclose names' | 'are letters'

function callsOf(text: string): Calls {
  const calls = callsIn(text, 'enclose names')
  if (!text.includes('"') || !MAY_ENCLOSE_QUOTES.test(text)) return calls
  const others = callsIn(text, 'are letters')
  return {
    mayLeave: calls.mayLeave || others.mayLeave,
    settings: [...calls.settings, ...others.settings],
    settingsByParameter: [...calls.settingsByParameter, ...others.settingsByParameter],
  }
}

const MAY_ENCLOSE_QUOTES = /['$]|--|\/\*/

/**
 * Finds the names that stand before parentheses. Comments and strings are read like the rest, because only PostgreSQL
 * knows where they end; but a parenthesis after a comment may be a call of anything. This runs for every statement of
 * every client, so it reads character codes, and makes a string only of a name before a parenthesis.
 */
function callsIn(text: string, quotes: Quotes): Calls {
  const calls: Calls = { mayLeave: false, settings: [], settingsByParameter: [] }
  const words = new LastWords(text)
  let isBehindComment = false
  let isInLineComment = false
  /** Comments nest. Counted in strings as well, it is too high rather than too low. */
  let depth = 0
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE || IS_OF_WORD[code] === 1) {
      const end = endOfWord(text, at, quotes)
      words.take(at, end, { isInComment: isInLineComment || depth > 0 })
      isBehindComment = false
      at = end
    } else if (isBlank(code)) {
      // A comment ends with either (scan.l, `non_newline`).
      if (isInLineComment && (code === NEWLINE || code === CARRIAGE_RETURN))
        [isInLineComment, isBehindComment] = [false, true]
      at += 1
    } else if (isComment(code, text.charCodeAt(at + 1))) {
      isInLineComment ||= code === HYPHEN
      if (code !== HYPHEN) depth = code === SLASH ? depth + 1 : Math.max(0, depth - 1)
      isBehindComment = true
      // In an operator that is a star, and then the beginning of a comment (scan.l, `operator`).
      const isStarBeforeComment = code === ASTERISK && text.charCodeAt(at + 2) === ASTERISK
      at += isStarBeforeComment ? 1 : 2
    } else {
      if (code === DOT) words.qualify()
      else if (code === OPEN_PARENTHESIS && isBehindComment) calls.mayLeave = true
      else if (code === OPEN_PARENTHESIS) readCall(calls, words, text, at)
      if (code !== DOT) words.forget()
      at += 1
    }
  }
  return calls
}

/** The last words of a text, as positions in it: a name, the schema that qualifies it, and the word before both. */
class LastWords {
  readonly #text: string
  #name: readonly [number, number] | undefined
  #schema: readonly [number, number] | undefined
  #before: readonly [number, number] | undefined
  #isQualified = false
  #isNameInComment = false

  constructor(text: string) {
    this.#text = text
  }

  /** In lower case; undefined when anything but blanks, comments and dots came after the last word. */
  get name(): string | undefined {
    return this.#textOf(this.#name)
  }

  get schema(): string | undefined {
    return this.#textOf(this.#schema)
  }

  get before(): string | undefined {
    return this.#textOf(this.#before)
  }

  take(from: number, to: number, { isInComment }: { readonly isInComment: boolean }): void {
    if (this.#isQualified) this.#schema = this.#name
    else {
      // A word in a comment is not the keyword that it looks like.
      this.#before = this.#isNameInComment ? undefined : this.#name
      this.#schema = undefined
    }
    this.#name = [from, to]
    this.#isNameInComment = isInComment
    this.#isQualified = false
  }

  /** The last token was a dot. */
  qualify(): void {
    this.#isQualified = this.#name !== undefined
  }

  forget(): void {
    this.#name = undefined
  }

  #textOf(place: readonly [number, number] | undefined): string | undefined {
    return place === undefined ? undefined : this.#text.slice(...place).toLowerCase()
  }
}

/** @param at position of the parenthesis */
function readCall(calls: Calls, words: LastWords, text: string, at: number): void {
  const { name, schema } = words
  if (name === undefined) return
  // INSERT INTO name (columns)
  if (words.before === 'into') return
  if (HARMLESS.has(name) && (schema === undefined || schema === 'pg_catalog')) return
  if (name === 'set_config') {
    const fromParenthesis = text.slice(at)
    if (SET_CONFIG_LOCAL.test(fromParenthesis)) return
    const [, setting, parameter] = SET_CONFIG_NAME.exec(fromParenthesis) ?? []
    if (setting !== undefined) calls.settings.push(setting)
    if (parameter !== undefined) calls.settingsByParameter.push(Number(parameter))
  }
  calls.mayLeave = true
}
