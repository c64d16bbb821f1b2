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

/** Of two texts that may be under one name. */
export const eitherOf = (one: TextTraits, other: TextTraits): TextTraits => ({
  mayLeave: one.mayLeave || other.mayLeave,
  setsLocally: one.setsLocally && other.setsLocally,
  customSettings: [],
  settingsByParameter:
    one.settingsByParameter === 'any' || other.settingsByParameter === 'any'
      ? 'any'
      : [...new Set([...one.settingsByParameter, ...other.settingsByParameter])],
  mayDeallocateAll: one.mayDeallocateAll || other.mayDeallocateAll,
  deallocates: one.deallocates === other.deallocates ? one.deallocates : undefined,
})

const MENTIONS = /\b(?:temp|temporary|pg_temp\w*|execute)\b/i
const NOT_LOCAL = /\bset\b(?!\s+(?:local|transaction|constraints)\b)|\breset\b/i
const NAME = String.raw`(?:[a-z_\x80-\xff][\w$\x80-\xff]*|"[^"]+")`
/** Long comments in this place are nobody's habit, and would be looked for again and again. */
const BLANK = String.raw`(?:\s|/\*(?:[^*]|\*(?!/)){0,200}\*/|--[^\n]{0,200}\n)`
const SET_CUSTOM = new RegExp(
  String.raw`\bset${BLANK}+(?:session${BLANK}+)?(${NAME}(?:\s*\.\s*${NAME})+)`,
  'gi',
)
const CUSTOM_NAME = /^[a-z_\x80-\xff][\w$\x80-\xff]*(?:\.[a-z_\x80-\xff][\w$\x80-\xff]*)+$/i
/** Longer ones are somebody's text. */
const LONGEST_SETTING = 200
/** Made when the backend is opened, and not the client's. */
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

const TOKEN = /(?<word>"[^"]*"?|[\w$\x80-\xff]+)|(?<blank>\s+)|(?<comment>--|\/\*|\*\/)|[^]/g
const SET_CONFIG_LOCAL = /^\((?:'[^']*'|[^(),'])*,(?:'[^']*'|[^(),'])*,\s*true\s*\)/i
const SET_CONFIG_NAME = /^\(\s*(?:e?'([^']*)'|\$(\d{1,5})\b)/i

interface Calls {
  mayLeave: boolean
  readonly settings: string[]
  readonly settingsByParameter: number[]
}

/**
 * What stands before parentheses. Comments and strings are read like the rest, since where they end can be told by
 * PostgreSQL alone; but before a parenthesis behind a comment, anything may be called.
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
