/**
 * Whether the text of a statement may leave something in the session that runs it. Only ever a reason to ask the backend
 * what was left: no rule here says that something was. Whatever is not known to be harmless is a reason, except what
 * cannot be seen in a text: what triggers, views, operators and casts call (docs/pooled-endpoint.md). Every text costs
 * time in proportion to its length, whatever is in it: it comes from strangers.
 */
import { LONGEST_NAME } from '../../../protocol/limits.ts'
import { HARMLESS } from './harmless-calls.ts'

export interface TextTraits {
  /** It calls something that may leave anything, or may make something temporary. */
  readonly mayLeave: boolean
  /** If it has a SET at all, that ends with the transaction. */
  readonly setsLocally: boolean
  /** Of custom settings that it may make: those alone PostgreSQL does not list ("pg_settings"). */
  readonly customSettings: readonly string[]
  /** Which of its parameters, from 1 on, are names of settings. */
  readonly settingsByParameter: readonly number[] | 'any'
  /** It may take all prepared statements away. */
  readonly mayDeallocateAll: boolean
  /** The prepared statement that it takes away, when that is all that it does. */
  readonly deallocates: string | undefined
}

/** Of a text that was not seen. */
export const UNSEEN: TextTraits = {
  mayLeave: true,
  setsLocally: false,
  customSettings: [],
  settingsByParameter: 'any',
  mayDeallocateAll: true,
  deallocates: undefined,
}

/** Of two texts that may be under one name, and take the same statement away, if any. */
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

const MENTIONS = /\b(?:temp|temporary|pg_temp\w*|execute)\b/i
const NOT_LOCAL = /\bset\b(?!\s+(?:local|transaction|constraints)\b)|\breset\b/i
const NAME = String.raw`(?:[a-z_\x80-\xff][\w$\x80-\xff]*|"[^"]+")`
/** Comments in this place are short, and long ones would be searched again and again. */
const BLANK = String.raw`(?:\s|/\*(?:[^*]|\*(?!/)){0,200}\*/|--[^\n]{0,200}\n)`
const SET_CUSTOM = new RegExp(
  String.raw`\bset${BLANK}+(?:session${BLANK}+)?(${NAME}(?:\s*\.\s*${NAME})+)`,
  'gi',
)
const CUSTOM_NAME = /^[a-z_\x80-\xff][\w$\x80-\xff]*(?:\.[a-z_\x80-\xff][\w$\x80-\xff]*)+$/i
/** Longer ones are no names of settings. */
const LONGEST_SETTING = 200
/** Made when the backend is opened, and not the client's. */
const OWN_SETTINGS = 'databricks_auth.'

/** Every word that one of the patterns here looks for has one of these in it; most texts of an application have none. */
const MAY_BE_OF_NOTE = /temp|execute|set|deallocate|discard/i

/** Of a text that has nothing of note. */
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
  const calls = hasCalls ? callsIn(text) : NO_CALLS
  if (!isOfNote && !calls.mayLeave) return PLAIN
  const set = /\bset\b/i.test(text)
    ? [...text.matchAll(SET_CUSTOM)].map(({ 1: name = '' }) => name.replaceAll(/["\s]/g, ''))
    : []
  return {
    mayLeave: calls.mayLeave || MENTIONS.test(text),
    setsLocally: !NOT_LOCAL.test(text),
    customSettings: customNamesAmong([...set, ...calls.settings]),
    settingsByParameter: calls.settingsByParameter,
    mayDeallocateAll: /\b(?:deallocate|discard)\b/i.test(text),
    deallocates: deallocatedIn(text),
  }
}

/** What of these may be the name of a custom setting. */
export const customNamesAmong = (texts: readonly string[]): readonly string[] =>
  texts
    .filter((text) => text.length <= LONGEST_SETTING && CUSTOM_NAME.test(text))
    .map(inSmallLetters)
    .filter((name) => !name.startsWith(OWN_SETTINGS))

const DEALLOCATE =
  /^\s*deallocate\s+(?:prepare\s+)?(?:(?!all\b)([a-z_\x80-\xff][\w$\x80-\xff]*)|"([^"]+)")\s*(?:;\s*)?$/i

/** As PostgreSQL writes the name: small letters without quotes, 63 bytes. */
function deallocatedIn(text: string): string | undefined {
  const [, plain, quoted] = DEALLOCATE.exec(text) ?? []
  return (quoted ?? (plain === undefined ? undefined : inSmallLetters(plain)))?.slice(0, LONGEST_NAME)
}

/** Of ASCII alone: the others may be parts of longer characters. */
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

/** By code, one for each byte: letters, digits, `_`, `$`, and whatever is not ASCII. */
const IS_OF_WORD = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x80 || /[\w$]/.test(String.fromCharCode(code)) ? 1 : 0,
)
const isBlank = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d)

const isComment = (code: number, next: number): boolean =>
  (code === HYPHEN && next === HYPHEN) ||
  (code === SLASH && next === ASTERISK) ||
  (code === ASTERISK && next === SLASH)

/** Where the word ends that begins at `from`: an identifier, a keyword, a number, or what stands in double quotes. */
function endOfWord(text: string, from: number): number {
  if (text.charCodeAt(from) === QUOTE) {
    const close = text.indexOf('"', from + 1)
    return close === -1 ? text.length : close + 1
  }
  let end = from + 1
  while (IS_OF_WORD[text.charCodeAt(end)] === 1) end += 1
  return end
}

/**
 * What stands before parentheses. Comments and strings are read like the rest, since where they end can be told by
 * PostgreSQL alone; but before a parenthesis behind a comment, anything may be called. Runs for every statement of every
 * client: it reads character codes, and makes a string only of a name before a parenthesis.
 */
function callsIn(text: string): Calls {
  const calls: Calls = { mayLeave: false, settings: [], settingsByParameter: [] }
  const words = new LastWords(text)
  let isBehindComment = false
  let isInLineComment = false
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE || IS_OF_WORD[code] === 1) {
      const end = endOfWord(text, at)
      words.take(at, end)
      isBehindComment = false
      at = end
    } else if (isBlank(code)) {
      if (isInLineComment && code === NEWLINE) [isInLineComment, isBehindComment] = [false, true]
      at += 1
    } else if (isComment(code, text.charCodeAt(at + 1))) {
      isInLineComment ||= code === HYPHEN
      isBehindComment = true
      at += 2
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

/** The last words of a text, as places in it: a name, the schema that qualifies it, and the word before both. */
class LastWords {
  readonly #text: string
  #name: readonly [number, number] | undefined
  #schema: readonly [number, number] | undefined
  #before: readonly [number, number] | undefined
  #isQualified = false

  constructor(text: string) {
    this.#text = text
  }

  /** In lower case; undefined when something else than a word came last. */
  get name(): string | undefined {
    return this.#textOf(this.#name)
  }

  get schema(): string | undefined {
    return this.#textOf(this.#schema)
  }

  get before(): string | undefined {
    return this.#textOf(this.#before)
  }

  take(from: number, to: number): void {
    if (this.#isQualified) this.#schema = this.#name
    else [this.#before, this.#schema] = [this.#name, undefined]
    this.#name = [from, to]
    this.#isQualified = false
  }

  /** A dot came. */
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

/** @param at of the parenthesis */
function readCall(calls: Calls, words: LastWords, text: string, at: number): void {
  const { name, schema } = words
  // INSERT INTO name (columns)
  if (name === undefined || words.before === 'into') return
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
