/**
 * Whether the text of a statement may leave something in the session that runs it. Only ever a reason to ask the backend
 * what was left: no rule here says that something was. Whatever is not known to be harmless is a reason, except what
 * cannot be seen in a text: what triggers, views, operators and casts call (docs/pooled-endpoint.md).
 */
import { HARMLESS } from './harmless-calls.ts'

export interface TextTraits {
  /** It calls something that may leave anything, or may make something temporary. */
  readonly mayLeave: boolean
  /** If it has a SET at all, it ends with the transaction. */
  readonly setsLocally: boolean
  /** Of custom settings that it may make: those alone PostgreSQL does not list ("pg_settings"). */
  readonly customSettings: readonly string[]
  /** Its parameters may be names of settings. */
  readonly namesSettingsByParameter: boolean
  /** It may take all prepared statements away. */
  readonly mayDeallocateAll: boolean
}

/** Of a text that was not seen. */
export const UNSEEN: TextTraits = {
  mayLeave: true,
  setsLocally: false,
  customSettings: [],
  namesSettingsByParameter: true,
  mayDeallocateAll: true,
}

const NAME = String.raw`(?:[a-z_\x80-\xff][\w$\x80-\xff]*|"[^"]+")`
const BLANK = String.raw`(?:\s|/\*(?:[^*]|\*(?!/))*\*/|--[^\n]*\n)`
const CALL = new RegExp(String.raw`(into${BLANK}+)?(${NAME}(?:\s*\.\s*${NAME})*)${BLANK}*\(`, 'gi')
const MENTIONS = /\b(?:temp|temporary|pg_temp\w*|execute)\b/i
const NOT_LOCAL = /\bset\b(?!\s+(?:local|transaction|constraints)\b)|\breset\b/i
const SET_CUSTOM = new RegExp(
  String.raw`\bset${BLANK}+(?:session${BLANK}+)?(${NAME}(?:\s*\.\s*${NAME})+)`,
  'gi',
)
const SET_CONFIG = /\bset_config\s*\(\s*e?'([^']*)'/gi
/** By which the value ends with the transaction, and for which nothing else is called. */
const SET_CONFIG_LOCAL = /^\(\s*(?:'[^']*'|[^(),'])*,\s*(?:'[^']*'|[^(),'])*,\s*true\s*\)/i
const CUSTOM_NAME = /^[a-z_\x80-\xff][\w$\x80-\xff]*(?:\.[a-z_\x80-\xff][\w$\x80-\xff]*)+$/i
/** As PostgreSQL cuts names of settings off nowhere, so that longer ones are somebody's text. */
const LONGEST_SETTING = 200
/** Made when the backend is opened, and not the client's. */
const OWN_SETTINGS = 'databricks_auth.'

export function traitsOf(text: string | undefined): TextTraits {
  if (text === undefined) return UNSEEN
  const mentionsSetting = /\bset/i.test(text)
  return {
    mayLeave: MENTIONS.test(text) || callsAnything(text),
    setsLocally: !mentionsSetting || !NOT_LOCAL.test(text),
    customSettings: mentionsSetting ? customSettingsOf(text) : [],
    namesSettingsByParameter: /\bset_config\s*\(\s*(?!e?')/i.test(text),
    mayDeallocateAll: /\b(?:deallocate|discard)\b/i.test(text),
  }
}

/** What of these may be the name of a custom setting. */
export const customNamesAmong = (texts: readonly string[]): readonly string[] =>
  texts
    .filter((text) => text.length <= LONGEST_SETTING && CUSTOM_NAME.test(text))
    .map((text) => text.replaceAll(/[A-Z]+/g, (ascii) => ascii.toLowerCase()))
    .filter((name) => !name.startsWith(OWN_SETTINGS))

function callsAnything(text: string): boolean {
  for (const { 1: into, 2: name = '', 0: call, index } of text.matchAll(CALL)) {
    // INSERT INTO name (columns)
    if (into !== undefined) continue
    const [last = '', schema] = name
      .toLowerCase()
      .split(/\s*\.\s*/)
      .reverse()
    const isHarmless = HARMLESS.has(last) && (schema === undefined || schema === 'pg_catalog')
    if (isHarmless) continue
    const isLocal = last === 'set_config' && SET_CONFIG_LOCAL.test(text.slice(index + call.length - 1))
    if (!isLocal) return true
  }
  return false
}

function customSettingsOf(text: string): readonly string[] {
  const set = [...text.matchAll(SET_CUSTOM)].map(({ 1: name = '' }) => name.replaceAll(/["\s]/g, ''))
  const configured = [...text.matchAll(SET_CONFIG)].map(({ 1: name = '' }) => name)
  return customNamesAmong([...set, ...configured])
}
