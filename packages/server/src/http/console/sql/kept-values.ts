/**
 * Values that are too long for a row on the screen. Of each value as much is kept as the cell panel can show, and of
 * all results of the last run together no more than the session's limit.
 */
import type { SqlCell } from '@lakegate/client'
import type { ReceivedValue } from './row-assembler.ts'

const SHOWN_WHOLE_BYTES = 10 * 1024
const BEGINNING_BYTES = 2 * 1024
const MOST_OF_ONE_BYTES = 8 * 1024 * 1024
const MOST_OF_ALL_BYTES = 32 * 1024 * 1024
/** In a row with more than this, values are cut earlier, so that no row becomes a frame of many megabytes. */
const LONG_ROW_BYTES = 512 * 1024
/** Characters in one piece. */
const PIECE_LENGTH = 256 * 1024
/** How much is decoded at once to find a piece. */
const PART_BYTES = 128 * 1024

export interface ValuePlace {
  readonly run: number
  readonly statement: number
  readonly row: number
  readonly column: number
}

export interface KeptValues {
  /** Forgets the values of the previous run. */
  clear(): void
  beginRow(): void
  /** How many bytes of a value to keep while it arrives. */
  roomFor(bytes: number): number
  /** The value as it is shown; the rest of it is kept. */
  keep(value: ReceivedValue, place: ValuePlace): SqlCell
  /** Undefined for a cell that was not cut, or is no longer kept. */
  piece(place: ValuePlace, offset: number): { readonly text: string; readonly isLast: boolean } | undefined
}

/** What all sessions of this server may keep together, so that many sessions do not fill its memory. */
export interface KeptShare {
  left: number
}
const MOST_OF_SERVER_BYTES = 512 * 1024 * 1024
export const createKeptShare = (): KeptShare => ({ left: MOST_OF_SERVER_BYTES })

export function createKeptValues(share: KeptShare): KeptValues {
  const kept = new Map<string, KeptValue>()
  let used = 0
  let bytesOfRow = 0
  /** For the row that is arriving: how much of its long values may be kept, before any is kept. */
  let promised = 0

  return {
    clear() {
      kept.clear()
      share.left += used
      used = 0
    },
    beginRow() {
      bytesOfRow = 0
      promised = 0
    },
    roomFor(bytes) {
      bytesOfRow += Math.min(bytes, SHOWN_WHOLE_BYTES)
      if (bytes <= SHOWN_WHOLE_BYTES) return bytes
      const left = Math.min(MOST_OF_ALL_BYTES - used, share.left) - promised
      const room = Math.max(BEGINNING_BYTES, Math.min(bytes, MOST_OF_ONE_BYTES, left))
      promised += room
      return room
    },
    keep({ length, kept: bytes }, place) {
      if (length < 0) return null
      const isWhole = length <= (bytesOfRow > LONG_ROW_BYTES ? BEGINNING_BYTES : SHOWN_WHOLE_BYTES)
      if (isWhole) return bytes.toString('utf8')
      const whole = withoutPartOfCharacter(bytes, length)
      const beginning = withoutPartOfCharacter(whole.subarray(0, BEGINNING_BYTES), whole.length)
      const isKept = whole.length <= Math.min(MOST_OF_ALL_BYTES - used, share.left)
      if (isKept) {
        used += whole.length
        share.left -= whole.length
        kept.set(keyOf(place), { bytes: whole, parts: undefined })
      }
      return {
        beginning: beginning.toString('utf8'),
        bytes: length,
        kept_bytes: isKept ? whole.length : beginning.length,
      }
    },
    piece(place, offset) {
      const value = kept.get(keyOf(place))
      if (value === undefined) return undefined
      // Computed once per value: decoding it anew for every piece would be cheap for a browser to request and expensive
      // for us.
      value.parts ??= partsOf(value.bytes)
      const total = value.parts.at(-1)?.endCharacter ?? 0
      const start = Math.min(offset, total)
      const parts = value.parts.filter(
        ({ character, endCharacter }) => endCharacter > start && character < start + PIECE_LENGTH,
      )
      const text = parts.map((part) => textOf(value.bytes, part)).join('')
      const from = start - (parts[0]?.character ?? start)
      const end = Math.min(text.length, from + PIECE_LENGTH)
      const isWhole = start + end - from >= total
      // A surrogate pair must stay together: half of it is not valid in JSON.
      const isHalf = !isWhole && isHighSurrogate(text.charCodeAt(end - 1))
      return { text: text.slice(from, isHalf ? end - 1 : end), isLast: isWhole }
    },
  }
}

interface KeptValue {
  readonly bytes: Buffer
  /** Set once somebody has requested a piece. */
  parts: readonly Part[] | undefined
}

/** A run of bytes with whole characters, and which characters of the value these are. */
interface Part {
  readonly byte: number
  readonly endByte: number
  readonly character: number
  readonly endCharacter: number
}

const textOf = (bytes: Buffer, { byte, endByte }: Pick<Part, 'byte' | 'endByte'>): string =>
  bytes.toString('utf8', byte, endByte)

function partsOf(bytes: Buffer): readonly Part[] {
  const parts: Part[] = []
  let character = 0
  for (let byte = 0; byte < bytes.length;) {
    const endByte = characterStartAt(bytes, Math.min(byte + PART_BYTES, bytes.length))
    const endCharacter = character + textOf(bytes, { byte, endByte }).length
    parts.push({ byte, endByte, character, endCharacter })
    byte = endByte
    character = endCharacter
  }
  return parts
}

/**
 * RFC 3629 §3: the first byte of a character is not 10xxxxxx, and is at most three bytes back. Otherwise the value is
 * not text.
 */
function characterStartAt(bytes: Buffer, place: number): number {
  for (let at = place; at > place - 4 && at < bytes.length; at -= 1) if (!isContinuation(bytes[at])) return at
  return place
}

const isContinuation = (byte: number | undefined): boolean => ((byte ?? 0) & 0xc0) === 0x80

const keyOf = ({ run, statement, row, column }: ValuePlace): string => [run, statement, row, column].join(' ')

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** @param total length of the value whose beginning these bytes are */
function withoutPartOfCharacter(bytes: Buffer, total: number): Buffer {
  if (bytes.length === total) return bytes
  let end = bytes.length
  // RFC 3629 §3: 10xxxxxx continues a character; the byte before these begins it.
  while (end > 0 && isContinuation(bytes[end - 1])) end -= 1
  const lead = bytes[end - 1] ?? 0
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return end - 1 + size <= bytes.length ? bytes : bytes.subarray(0, Math.max(0, end - 1))
}
