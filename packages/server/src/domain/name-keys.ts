/**
 * When two names are one. The directory keeps both keys of a name, each of them once (sql/system/0012-names.sql). They
 * decide about making and renaming, never about who somebody is: there only the letter case of user names is forgiven.
 */
import { LETTER_OF_LOOK_ALIKE } from './look-alikes.ts'

export interface NameKeys {
  /** One for all letter cases, widths, styles and normalisations (NFKC, as RFC 8266 §2.1 compares). */
  readonly canonical: string
  /** One for all that is drawn the same (UTS 39 §4): letters of other alphabets that look like Latin ones are those. */
  readonly skeleton: string
}

export function nameKeysOf(name: string): NameKeys {
  return {
    canonical: fold(name.normalize('NFKC')),
    // Before the letter case: Cyrillic capitals look like Latin ones whose small letters look like others.
    skeleton: fold(
      Array.from(name.normalize('NFKD'))
        .map((letter) => LETTER_OF_LOOK_ALIKE.get(letter) ?? letter)
        .join(''),
    )
      // The dot of a small i is drawn once.
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

/** By its upper case, so that a sigma is the same wherever it stands; but ß, whose upper case is two letters, is no ss. */
function foldLetter(letter: string): string {
  const upper = letter.toUpperCase()
  return (Array.from(upper).length === 1 ? upper : letter).toLowerCase()
}

/**
 * Whether a name that somebody brings is this user's: the letter case does not count, everything else does. So the Kelvin
 * sign of a stranger's address is no k here, whatever an outside provider or a database thinks of it.
 */
export const isSameUserName = (known: string, brought: string): boolean =>
  known === brought || foldLetterCase(known) === foldLetterCase(brought)

/** Only pairs of letters that lead to each other. */
const foldLetterCase = (name: string): string =>
  Array.from(name)
    .map((letter) => {
      const lower = letter.toLowerCase()
      return lower.toUpperCase() === letter ? lower : letter
    })
    .join('')
