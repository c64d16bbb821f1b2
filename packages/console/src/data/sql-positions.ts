/** Converts positions in a text whose role passwords were replaced before it was sent. */
import type { Replacement } from '@lakegate/sql-text'

/** @param offset in the text that was sent; one inside a replacement is mapped to the beginning of the password */
export function positionAsWritten(offset: number, replacements: readonly Replacement[]): number {
  let shift = 0
  for (const { start, end, length } of replacements) {
    const sentStart = start + shift
    if (offset < sentStart) break
    if (offset < sentStart + length) return start
    shift += length - (end - start)
  }
  return offset - shift
}
