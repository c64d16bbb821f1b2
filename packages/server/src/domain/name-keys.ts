/**
 * When two names count as the same. The directory keeps both keys of a name, each of them unique
 * (sql/system/0012-names.sql). They decide whether an identity may be created or renamed, never who somebody is: for
 * that, only the letter case of user names is ignored.
 */
import { LETTER_OF_LOOK_ALIKE } from './look-alikes.ts'

export interface NameKeys {
  /** Equal for all letter cases, widths, styles and normalisations of a name (NFKC, as RFC 8266 §2.1 compares). */
  readonly canonical: string
  /**
   * Equal for all names that look the same (UTS 39 §4): letters of other alphabets that look like Latin letters are
   * replaced by those.
   */
  readonly skeleton: string
}

export function nameKeysOf(name: string): NameKeys {
  return {
    canonical: fold(name.normalize('NFKC')),
    // Replaced before letters are put in lower case: some Cyrillic capitals look like Latin capitals, while their small
    // letters do not.
    skeleton: fold(
      Array.from(name.normalize('NFKD'))
        .map((letter) => LETTER_OF_LOOK_ALIKE.get(letter) ?? letter)
        .join(''),
    )
      // A small i or j with an additional dot looks like one without it.
      .replace(/([ij])\u0307/g, '$1')
      .normalize('NFC'),
  }
}

function fold(text: string): string {
  const folded = Array.from(text.replace(/\p{Default_Ignorable_Code_Point}/gu, ''))
    .map(foldLetter)
    .join('')
    .normalize('NFKC')
  return folded.replace(/\s+/gu, ' ').trim()
}

/**
 * Lower case by way of upper case, so that all forms of sigma become equal; ß stays, because its upper case is two
 * letters.
 */
function foldLetter(letter: string): string {
  const upper = letter.toUpperCase()
  return (Array.from(upper).length === 1 ? upper : letter).toLowerCase()
}

/**
 * Whether the given name is the name of this user: the letter case is ignored, everything else counts. So the Kelvin
 * sign in a stranger's address does not equal k here, whatever an outside provider or a database does.
 */
export const isSameUserName = (known: string, brought: string): boolean =>
  known === brought || foldLetterCase(known) === foldLetterCase(brought)

/** Only letters whose upper and lower case lead back to each other. */
const foldLetterCase = (name: string): string =>
  Array.from(name)
    .map((letter) => {
      const lower = letter.toLowerCase()
      return lower.toUpperCase() === letter ? lower : letter
    })
    .join('')
