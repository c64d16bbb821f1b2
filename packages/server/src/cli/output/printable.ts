/**
 * Text of others on its way to a terminal. Names of roles, groups and databases are free text: a control character in one
 * could move the cursor, set the title of the window or hide what stands beside it, and a mark of writing direction could
 * reorder what is read.
 */

/** C0, DEL and C1 (ECMA-48), line and paragraph separators, the marks of Unicode's bidirectional algorithm (UAX 9), and halves of surrogate pairs. */
const DANGEROUS =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu

/** In one line, with a replacement character for everything that a terminal could obey. */
export const printable = (text: string): string => text.replace(DANGEROUS, '\ufffd')

/** JSON with the same value, in which everything that a terminal could obey is escaped; `JSON.stringify` does that only below U+0020. */
export const printableJson = (json: string): string =>
  json.replace(DANGEROUS, (character) =>
    character === '\n' ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
