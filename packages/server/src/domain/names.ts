/**
 * Names that people can tell apart. User names follow UsernameCaseMapped (RFC 8265 §3.3: letters, digits and printable
 * ASCII), all other names follow Nickname (RFC 8266: also blanks, punctuation and symbols). Neither may contain
 * invisible characters, or a word that mixes alphabets (UTS 39 §5.1).
 */

import { SYSTEM_GROUPS } from './directory.ts'
import type { Identity } from './identity.ts'
import { nameKeysOf } from './name-keys.ts'

/** The name to store, or what is wrong with it: a clause that follows the name of its field. */
export type NameVerdict = { readonly name: string } | { readonly problem: string }

const LONGEST_NAME = 256

/** The name of a user: an e-mail address. */
export function judgeUserName(text: string): NameVerdict {
  const name = text.normalize('NFC')
  const problem =
    findUnseen(name) ?? findForeignToUserNames(name) ?? findMixture(name) ?? findMixedDirection(name)
  return problem === undefined ? { name } : { problem }
}

/** The name of anything else that people read and choose by its name. */
export function judgeDisplayName(text: string): NameVerdict {
  const name = text.normalize('NFC')
  const problem = findUnseen(name) ?? findBlanks(name) ?? findMixture(name)
  return problem === undefined ? { name } : { problem }
}

/** Printable ASCII: most names are, and then nothing else needs to be checked. */
const PLAIN = /^[ -~]*$/
/**
 * Emoji contain characters that are invisible by themselves. Built with the constructor, because the compiler's target
 * does not know the flag `v` yet; Node.js 20 does.
 */
const EMOJI = new RegExp(String.raw`\p{RGI_Emoji}`, 'gv')
/**
 * The joiners decide how letters of these scripts are drawn, and Persian and the languages of India cannot be written
 * without them (RFC 5892, appendix A.1 and A.2).
 */
const JOINED =
  /(?<=[\p{L}\p{M}])(?<=[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Khmr}\p{scx=Knda}\p{scx=Mlym}\p{scx=Mong}\p{scx=Orya}\p{scx=Sinh}\p{scx=Syrc}\p{scx=Taml}\p{scx=Telu}])[\u200c\u200d](?=[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Khmr}\p{scx=Knda}\p{scx=Mlym}\p{scx=Mong}\p{scx=Orya}\p{scx=Sinh}\p{scx=Syrc}\p{scx=Taml}\p{scx=Telu}])(?=[\p{L}\p{M}])/gu
/**
 * Control, format, private-use, unassigned and surrogate characters; line and paragraph separators; characters that are
 * drawn as nothing (among them fillers and variation selectors); the empty Braille pattern; replacement characters.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffd]/u
/**
 * Blanks of other widths. The ideographic space is allowed, because it is as wide as East Asian letters and visible.
 */
const STRANGE_BLANK = /[^\P{Zs}\u0020\u3000]/u
/** No language stacks more than four marks, or a mark upon itself (UTS 39 §5.4). */
const STACKED_MARKS = /\p{Mn}{5}|(\p{Mn})\1/u
const LOOSE_MARK = /(?:^|[^\p{L}\p{M}\p{N}\p{S}\u200c\u200d])\p{M}/u

/** The name of a group, whose only name is its display name. */
export function judgeGroupName(text: string): NameVerdict {
  const verdict = judgeDisplayName(text)
  if ('problem' in verdict) return verdict
  const { canonical, skeleton } = nameKeysOf(verdict.name)
  const isOfSystem = SYSTEM_GROUPS.some((name) => name === canonical || name === skeleton)
  return isOfSystem ? { problem: 'looks like users or admins, which are groups of the system.' } : verdict
}

/**
 * Finds what is wrong with the names of an identity that may be older than the rules; a sentence that names the field.
 */
export function findNameProblem({
  type,
  name,
  displayName,
}: Pick<Identity, 'type' | 'name' | 'displayName'>): string | undefined {
  const judge = { USER: judgeUserName, SERVICE_PRINCIPAL: undefined, GROUP: judgeGroupName }[type]
  return (
    describe(type === 'USER' ? 'userName' : 'displayName', name, judge?.(name)) ??
    // Without a display name the name is shown, and that is checked already.
    (displayName === name ? undefined : describe('displayName', displayName, judgeDisplayName(displayName)))
  )
}

function describe(field: string, text: string, verdict: NameVerdict | undefined): string | undefined {
  if (verdict === undefined) return undefined
  if ('problem' in verdict) return `${field}: ${verdict.problem}`
  return verdict.name === text ? undefined : `${field}: is not in the composed form of Unicode (NFC).`
}

/**
 * The only check for a text by which nobody chooses, such as an id from another system.
 * @returns what is wrong with it
 */
export function findUnseen(name: string): string | undefined {
  if (name === '') return 'is empty.'
  if (isTooLong(name)) return `is longer than ${String(LONGEST_NAME)} characters.`
  if (PLAIN.test(name)) return undefined
  const visible = name.replace(EMOJI, '').replace(JOINED, '')
  const unseen = UNSEEN.exec(visible)?.[0]
  if (unseen !== undefined) return `holds ${codePointOf(unseen)}, a character that nobody sees.`
  const blank = STRANGE_BLANK.exec(visible)?.[0]
  if (blank !== undefined) return `holds ${codePointOf(blank)}, which looks like an ordinary blank.`
  if (STACKED_MARKS.test(visible.normalize('NFD'))) return 'holds letters with too many marks.'
  if (LOOSE_MARK.test(visible)) return 'holds a mark that belongs to no letter.'
  return undefined
}

/** The normalised form of a name may be longer than the name; an index entry of PostgreSQL holds about this much. */
const isTooLong = (name: string): boolean =>
  name.length > LONGEST_NAME || name.normalize('NFKC').length > 2 * LONGEST_NAME

function findBlanks(name: string): string | undefined {
  if (/^[ \u3000]|[ \u3000]$/.test(name)) return 'begins or ends with a blank.'
  return /[ \u3000]{2}/.test(name) ? 'holds two blanks in a row.' : undefined
}

/** The IdentifierClass (RFC 8264 §4.2). */
const FOREIGN_TO_USER_NAMES = /[^\u0021-\u007e\p{L}\p{M}\p{Nd}\u200c\u200d]/u

function findForeignToUserNames(name: string): string | undefined {
  const foreign = FOREIGN_TO_USER_NAMES.exec(name)?.[0]
  if (foreign !== undefined) return `holds ${codePointOf(foreign)}, which user names do not have.`
  // HasCompat (RFC 8264 §9.17): letters of another width or style.
  for (const character of name) {
    const plain = character.normalize('NFKC')
    if (plain !== character) return `holds ${codePointOf(character)}; write it as ${JSON.stringify(plain)}.`
  }
  return undefined
}

/** The scripts of UAX 31 in everyday use, and those whose letters look like Latin ones. */
const SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo', 'Arabic', 'Hebrew'],
  ...['Armenian', 'Bengali', 'Cherokee', 'Coptic', 'Devanagari', 'Ethiopic', 'Georgian', 'Gujarati'],
  ...['Gurmukhi', 'Kannada', 'Khmer', 'Lao', 'Lisu', 'Malayalam', 'Mongolian', 'Myanmar', 'Oriya', 'Sinhala'],
  ...['Syriac', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan', 'Common', 'Inherited'],
].map((script) => ({ script, letter: new RegExp(`^\\p{Script=${script}}$`, 'u') }))

/** Scripts that one word may mix: Chinese, Japanese and Korean, with Latin letters (UTS 39, Highly Restrictive). */
const WRITTEN_TOGETHER = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

const scriptOf = (letter: string): string =>
  SCRIPTS.find(({ letter: isOf }) => isOf.test(letter))?.script ?? 'another script'

const scriptsOf = (text: string): readonly string[] => {
  const scripts = new Set([...text.matchAll(/\p{L}/gu)].map(([letter]) => scriptOf(letter)))
  return [...scripts].filter((script) => script !== 'Common' && script !== 'Inherited')
}

/** Checked for each word, because a name may well have words of several alphabets. */
function findMixture(name: string): string | undefined {
  if (PLAIN.test(name)) return undefined
  for (const [word] of name.matchAll(/[\p{L}\p{M}\u200c\u200d]+/gu)) {
    const scripts = scriptsOf(word)
    const areTogether =
      scripts.length < 2 ||
      WRITTEN_TOGETHER.some((together) => scripts.every((script) => together.includes(script)))
    if (!areTogether) return `mixes letters of ${scripts.join(' and ')} in one word.`
  }
  return undefined
}

const RIGHT_TO_LEFT = ['Arabic', 'Hebrew', 'Syriac', 'Thaana']

/**
 * Each part of the address must be written in one direction and begin with a letter of that direction (the Bidi Rule,
 * RFC 5893 §2); otherwise two different addresses could look the same.
 */
function findMixedDirection(name: string): string | undefined {
  const [local = '', domain = ''] = name.split('@')
  for (const part of [local, ...domain.split('.')]) {
    const scripts = scriptsOf(part)
    if (!scripts.some((script) => RIGHT_TO_LEFT.includes(script))) continue
    if (!scripts.every((script) => RIGHT_TO_LEFT.includes(script)) || !/^\p{L}/u.test(part))
      return 'mixes writing from the right and from the left in one part.'
  }
  return undefined
}

const codePointOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
