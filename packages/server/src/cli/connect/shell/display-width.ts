/**
 * How wide a text is on a terminal, and what may be written to one. A wide character (East Asian Width W and F, emoji) takes
 * two columns, a combining one none (Unicode Standard Annex #11; wcwidth of every C library is the same table).
 */

/** Zero columns: marks, format characters, and the vowels and finals of decomposed Hangul. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\u200b]$/u
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u
const SIMPLE = /^[\u0020-\u007e]*$/

/** @param text without control characters */
export function displayWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

const widthOf = (character: string): number =>
  SIMPLE.test(character) ? 1 : NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1

/** A text cut to so many columns, never within a character. */
export function cutToWidth(text: string, columns: number): string {
  let [cut, width] = ['', 0]
  for (const character of text) {
    width += widthOf(character)
    if (width > columns) return cut
    cut += character
  }
  return cut
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/**
 * A text with its control characters spelt out, as psql does it, because they would command the terminal: `\r`, `\x1B`.
 * Lines and tabs stay. The characters that turn the direction of what follows are spelt out too: they can make a text look
 * like another one.
 */
export const withoutControls = (text: string): string =>
  text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0)
    if (character === '\r') return '\\r'
    return code > 0xff
      ? `\\u${code.toString(16).toUpperCase()}`
      : `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
  })

const TAB = 8

/** One line with its tabs as blanks. */
export function expandTabs(line: string): string {
  if (!line.includes('\t')) return line
  return line.split('\t').reduce((before, after) => {
    const gap = TAB - (displayWidth(before) % TAB)
    return `${before}${' '.repeat(gap)}${after}`
  })
}
