/**
 * Values that are too long for a row on the screen: of each so much is kept that the panel of the cell can show it, of all
 * results of the last run together no more than the session may have.
 */
import type { SqlCell } from '@lakegate/client'
import type { ReceivedValue } from './row-assembler.ts'

const SHOWN_WHOLE_BYTES = 10 * 1024
const BEGINNING_BYTES = 2 * 1024
const MOST_OF_ONE_BYTES = 8 * 1024 * 1024
const MOST_OF_ALL_BYTES = 32 * 1024 * 1024
/** In a row of more than this its values are cut earlier, so that no row is a frame of many megabytes. */
const LONG_ROW_BYTES = 512 * 1024
/** Characters of one piece. */
const PIECE_LENGTH = 256 * 1024

export interface ValuePlace {
  readonly run: number
  readonly statement: number
  readonly row: number
  readonly column: number
}

export interface KeptValues {
  /** Forgets those of the run before. */
  clear(): void
  beginRow(): void
  /** How much of a value is worth keeping while it comes. */
  roomFor(bytes: number): number
  /** As it is shown; keeps what there is more of it. */
  keep(value: ReceivedValue, place: ValuePlace): SqlCell
  /** Undefined for a cell that was not cut, or is not kept any more. */
  piece(place: ValuePlace, offset: number): { readonly text: string; readonly isLast: boolean } | undefined
}

export function createKeptValues(): KeptValues {
  const kept = new Map<string, Buffer>()
  /** The one that a panel is reading: its pieces come one after another. */
  let read: { readonly key: string; readonly text: string } | undefined
  let used = 0
  let bytesOfRow = 0

  return {
    clear() {
      kept.clear()
      read = undefined
      used = 0
    },
    beginRow() {
      bytesOfRow = 0
    },
    roomFor(bytes) {
      bytesOfRow += Math.min(bytes, SHOWN_WHOLE_BYTES)
      if (bytes <= SHOWN_WHOLE_BYTES) return bytes
      return Math.max(BEGINNING_BYTES, Math.min(bytes, MOST_OF_ONE_BYTES, MOST_OF_ALL_BYTES - used))
    },
    keep({ length, kept: bytes }, place) {
      if (length < 0) return null
      const isWhole = length <= (bytesOfRow > LONG_ROW_BYTES ? BEGINNING_BYTES : SHOWN_WHOLE_BYTES)
      if (isWhole) return bytes.toString('utf8')
      const whole = withoutPartOfCharacter(bytes, length)
      const beginning = withoutPartOfCharacter(whole.subarray(0, BEGINNING_BYTES), whole.length)
      const isKept = used + whole.length <= MOST_OF_ALL_BYTES
      if (isKept) {
        used += whole.length
        kept.set(keyOf(place), whole)
      }
      return {
        beginning: beginning.toString('utf8'),
        bytes: length,
        kept_bytes: isKept ? whole.length : beginning.length,
      }
    },
    piece(place, offset) {
      const key = keyOf(place)
      if (read?.key !== key) {
        const bytes = kept.get(key)
        if (bytes === undefined) return undefined
        read = { key, text: bytes.toString('utf8') }
      }
      const { text } = read
      const start = Math.min(offset, text.length)
      const end = Math.min(text.length, start + PIECE_LENGTH)
      // A pair of surrogates stays together: JSON of half a character is no text.
      const isHalf = end < text.length && isHighSurrogate(text.charCodeAt(end - 1))
      return { text: text.slice(start, isHalf ? end - 1 : end), isLast: end >= text.length }
    },
  }
}

const keyOf = ({ run, statement, row, column }: ValuePlace): string => [run, statement, row, column].join(' ')

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** @param total of the value that these bytes are the beginning of */
function withoutPartOfCharacter(bytes: Buffer, total: number): Buffer {
  if (bytes.length === total) return bytes
  let end = bytes.length
  // RFC 3629 §3: 10xxxxxx goes on, what is before it begins a character.
  while (end > 0 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1
  const lead = bytes[end - 1] ?? 0
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return end - 1 + size <= bytes.length ? bytes : bytes.subarray(0, Math.max(0, end - 1))
}
