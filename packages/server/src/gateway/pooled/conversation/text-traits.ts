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

const MENTIONS = /\b(?:temp|temporary|pg_temp\w*|execute)\b/i
const NOT_LOCAL = /\bset\b(?!\s+(?:local|transaction|constraints)\b)|\breset\b/i
const NAME = String.raw`(?:[a-z_\x80-\xff][\w$\x80-\xff]*|"[^"]+")`
/** Comments in this position are short; searching long ones again and again would be slow. */
const BLANK = String.raw`(?:\s|/\*(?:[^*]|\*(?!/)){0,200}\*/|--[^\n]{0,200}\n)`
const SET_CUSTOM = new RegExp(
  String.raw`\bset${BLANK}+(?:session${BLANK}+)?(${NAME}(?:\s*\.\s*${NAME})+)`,
  'gi',
)
const CUSTOM_NAME = /^[a-z_\x80-\xff][\w$\x80-\xff]*(?:\.[a-z_\x80-\xff][\w$\x80-\xff]*)+$/i
/** A longer text is not the name of a setting. */
const LONGEST_SETTING = 200
/** Settings with this prefix are made when the backend is opened, never by the client. */
const OWN_SETTINGS = 'databricks_auth.'

export function traitsOf(text: string | undefined): TextTraits {
  if (text === undefined) return UNSEEN
  const calls = callsIn(text)
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

/** Those of the texts that may be names of custom settings. */
export const customNamesAmong = (texts: readonly string[]): readonly string[] =>
  texts
    .filter((text) => text.length <= LONGEST_SETTING && CUSTOM_NAME.test(text))
    .map(inSmallLetters)
    .filter((name) => !name.startsWith(OWN_SETTINGS))

const DEALLOCATE =
  /^\s*deallocate\s+(?:prepare\s+)?(?:(?!all\b)([a-z_\x80-\xff][\w$\x80-\xff]*)|"([^"]+)")\s*(?:;\s*)?$/i

/** The name as PostgreSQL folds it: lower case unless quoted, 63 bytes. */
function deallocatedIn(text: string): string | undefined {
  const [, plain, quoted] = DEALLOCATE.exec(text) ?? []
  return (quoted ?? (plain === undefined ? undefined : inSmallLetters(plain)))?.slice(0, LONGEST_NAME)
}

/** Lowers ASCII letters only: other bytes may be parts of longer characters. */
const inSmallLetters = (text: string): string => text.replaceAll(/[A-Z]+/g, (ascii) => ascii.toLowerCase())

const TOKEN = /(?<word>"[^"]*"?|[\w$\x80-\xff]+)|(?<blank>\s+)|(?<comment>--|\/\*|\*\/)|[^]/g
const SET_CONFIG_LOCAL = /^\((?:'[^']*'|[^(),'])*,(?:'[^']*'|[^(),'])*,\s*true\s*\)/i
const SET_CONFIG_NAME = /^\(\s*(?:e?'([^']*)'|\$(\d{1,5})\b)/i

interface Calls {
  mayLeave: boolean
  readonly settings: string[]
  readonly settingsByParameter: number[]
}

/**
 * Finds the names that stand before parentheses. Comments and strings are read like the rest, because only PostgreSQL
 * knows where they end; but a parenthesis after a comment may be a call of anything.
 */
function callsIn(text: string): Calls {
  const calls: Calls = { mayLeave: false, settings: [], settingsByParameter: [] }
  let name: string | undefined
  let schema: string | undefined
  let before: string | undefined
  let isQualified = false
  let isBehindComment = false
  let isInLineComment = false
  for (const { 0: token, index, groups } of text.matchAll(TOKEN)) {
    if (groups?.['word'] !== undefined) {
      if (isQualified) schema = name
      else [before, schema] = [name, undefined]
      name = token.toLowerCase()
      isQualified = isBehindComment = false
    } else if (groups?.['blank'] !== undefined) {
      if (isInLineComment && token.includes('\n')) [isInLineComment, isBehindComment] = [false, true]
    } else if (groups?.['comment'] !== undefined) {
      isInLineComment ||= token === '--'
      isBehindComment = true
    } else if (token === '.') {
      isQualified = name !== undefined
    } else if (token !== '(') {
      name = undefined
    } else {
      if (isBehindComment) calls.mayLeave = true
      // INSERT INTO name (columns)
      else if (name !== undefined && before !== 'into') readCall(calls, name, schema, text.slice(index))
      name = undefined
    }
  }
  return calls
}

function readCall(calls: Calls, name: string, schema: string | undefined, fromParenthesis: string): void {
  if (HARMLESS.has(name) && (schema === undefined || schema === 'pg_catalog')) return
  if (name === 'set_config') {
    if (SET_CONFIG_LOCAL.test(fromParenthesis)) return
    const [, setting, parameter] = SET_CONFIG_NAME.exec(fromParenthesis) ?? []
    if (setting !== undefined) calls.settings.push(setting)
    if (parameter !== undefined) calls.settingsByParameter.push(Number(parameter))
  }
  calls.mayLeave = true
}
