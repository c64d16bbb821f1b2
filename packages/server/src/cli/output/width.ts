/**
 * How many columns of a terminal a text takes: East Asian wide and full-width characters (UAX 11) and emoji take two, marks
 * that combine with the character before take none.
 */

/** Ranges of code points of width W or F, coarsely: unassigned points within a block count as their neighbours. */
const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
]

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** @param text without control characters (`printable`) */
export function widthOf(text: string): number {
  // Nearly every name is ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment)
  return width
}

function widthOfGrapheme(grapheme: string): number {
  // U+FE0F asks for the picture of a character that is text by default.
  if (/\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}/u.test(grapheme)) return 2
  if (/^[\p{Mark}\p{Format}\u200b]+$/u.test(grapheme)) return 0
  const point = grapheme.codePointAt(0) ?? 0
  return WIDE.some(([from, to]) => from <= point && point <= to) ? 2 : 1
}

/** The spaces that fill up a text to so many columns. */
export const paddingOf = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - widthOf(text)))
