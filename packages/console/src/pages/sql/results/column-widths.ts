/** Column widths: at least as wide as the header, at most a limit that fits the screen. */
import type { SqlCell, SqlColumn } from '@lakegate/client'
import { cellText } from '../values/cell-text.ts'

/** Width of a character of the monospaced font at 13 px, and the padding of a cell on both sides. */
const CHARACTER = 7.9
const PADDING = 24
const WIDEST = 420
/** How many rows are measured; further ones are not visible before scrolling. */
const SAMPLE = 100

export function columnWidths(
  columns: readonly SqlColumn[],
  rows: readonly (readonly SqlCell[])[],
): readonly number[] {
  return columns.map(({ name, type }, index) => {
    const head = (name.length + type.length + 1) * CHARACTER + PADDING
    let longest = 4
    for (const row of rows.slice(0, SAMPLE)) {
      const text = cellText(row[index])
      longest = Math.max(longest, Math.min(text.length, WIDEST / CHARACTER))
    }
    return Math.ceil(Math.max(head, Math.min(longest * CHARACTER + PADDING, WIDEST)))
  })
}
