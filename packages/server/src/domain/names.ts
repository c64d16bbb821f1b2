/**
 * Names that people can tell apart. User names after UsernameCaseMapped (RFC 8265 §3.3: letters, digits and printable
 * ASCII), all other names after Nickname (RFC 8266: also blanks, punctuation and symbols); in both nothing that nobody
 * sees, and no word of two alphabets (UTS 39 §5.1).
 */

import { SYSTEM_GROUPS } from './directory.ts'
import type { Identity } from './identity.ts'
import { nameKeysOf } from './name-keys.ts'

/** The name to keep, or what is wrong with the one that came; a clause that follows the name of its field. */
export type NameVerdict = { readonly name: string } | { readonly problem: string }

const LONGEST_NAME = 256

/** Of a user: an e-mail address. */
export function judgeUserName(text: string): NameVerdict {
  const name = text.normalize('NFC')
  const problem =
    findUnseen(name) ?? findForeignToUserNames(name) ?? findMixture(name) ?? findMixedDirection(name)
  return problem === undefined ? { name } : { problem }
}

/** Of everything else that people read and choose by its name. */
export function judgeDisplayName(text: string): NameVerdict {
  const name = text.normalize('NFC')
  const problem = findUnseen(name) ?? findBlanks(name) ?? findMixture(name)
  return problem === undefined ? { name } : { problem }
}

/** Printable ASCII: what most names are, and nothing to look for in. */
const PLAIN = /^[ -~]*$/
/**
 * Emoji are made with characters that are invisible by themselves. Through the constructor, because the compiler's target
 * does not know the flag yet; Node.js 20 does.
 */
const EMOJI = new RegExp(String.raw`\p{RGI_Emoji}`, 'gv')
/**
 * The joiners decide how letters of these scripts are drawn, and Persian and the languages of India cannot be written
 * without them (RFC 5892, appendix A.1 and A.2).
 */
const JOINED =
  /(?<=[\p{L}\p{M}])(?<=[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Khmr}\p{scx=Knda}\p{scx=Mlym}\p{scx=Mong}\p{scx=Orya}\p{scx=Sinh}\p{scx=Syrc}\p{scx=Taml}\p{scx=Telu}])[\u200c\u200d](?=[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Khmr}\p{scx=Knda}\p{scx=Mlym}\p{scx=Mong}\p{scx=Orya}\p{scx=Sinh}\p{scx=Syrc}\p{scx=Taml}\p{scx=Telu}])(?=[\p{L}\p{M}])/gu
/**
 * Control, format, private, unassigned and half characters, ends of lines and paragraphs; what is drawn as nothing
 * (among it fillers and variation selectors); the empty Braille pattern; stand-ins for what is not there.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffd]/u
/** Blanks of other widths; the one of East Asian texts is as wide as their letters, and seen. */
const STRANGE_BLANK = /[^\P{Zs}\u0020\u3000]/u
/** No language stacks more than four marks, or one upon itself (UTS 39 §5.4). */
const STACKED_MARKS = /\p{Mn}{5}|(\p{Mn})\1/u
const LOOSE_MARK = /(?:^|[^\p{L}\p{M}\p{N}\p{S}\u200c\u200d])\p{M}/u

/** Of a group, which has no name but its display name. */
export function judgeGroupName(text: string): NameVerdict {
  const verdict = judgeDisplayName(text)
  if ('problem' in verdict) return verdict
  const { canonical, skeleton } = nameKeysOf(verdict.name)
  const isOfSystem = SYSTEM_GROUPS.some((name) => name === canonical || name === skeleton)
  return isOfSystem ? { problem: 'looks like users or admins, which are groups of the system.' } : verdict
}

/** What is wrong with the names of an identity that may be older than the rules; a sentence that names the field. */
export function findNameProblem({
  type,
  name,
  displayName,
}: Pick<Identity, 'type' | 'name' | 'displayName'>): string | undefined {
  const judge = { USER: judgeUserName, SERVICE_PRINCIPAL: undefined, GROUP: judgeGroupName }[type]
  return (
    describe(type === 'USER' ? 'userName' : 'displayName', name, judge?.(name)) ??
    // Where none was given it is the name, which is judged.
    (displayName === name ? undefined : describe('displayName', displayName, judgeDisplayName(displayName)))
  )
}

function describe(field: string, text: string, verdict: NameVerdict | undefined): string | undefined {
  if (verdict === undefined) return undefined
  if ('problem' in verdict) return `${field}: ${verdict.problem}`
  return verdict.name === text ? undefined : `${field}: is not in the composed form of Unicode (NFC).`
}

/**
 * For a text that nobody chooses by, such as an id of somebody else's, this is all.
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

/** What a name becomes when it is compared may be longer than the name; an index of PostgreSQL takes about so much. */
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

/** The scripts of UAX 31 in everyday use, and those whose letters are drawn like Latin ones. */
const SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo', 'Arabic', 'Hebrew'],
  ...['Armenian', 'Bengali', 'Cherokee', 'Coptic', 'Devanagari', 'Ethiopic', 'Georgian', 'Gujarati'],
  ...['Gurmukhi', 'Kannada', 'Khmer', 'Lao', 'Lisu', 'Malayalam', 'Mongolian', 'Myanmar', 'Oriya', 'Sinhala'],
  ...['Syriac', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan', 'Common', 'Inherited'],
].map((script) => ({ script, letter: new RegExp(`^\\p{Script=${script}}$`, 'u') }))

/** Written together in one word: Chinese, Japanese and Korean, with Latin letters (UTS 39, Highly Restrictive). */
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

/** Within a word, because a name may well have words of several alphabets. */
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
 * Each part of the address is written in one direction, and begins with a letter of it (the Bidi Rule, RFC 5893 §2), or
 * two addresses would be drawn the same.
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
