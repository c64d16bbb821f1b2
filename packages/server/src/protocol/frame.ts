/**
 * Length-bounded reading of protocol bytes. Pure and synchronous; the only outcomes are a message, the need for more
 * bytes, and a violation: nothing throws on untrusted bytes. PostgreSQL, "Message Formats".
 */

/** What a decoder found at the start of a buffer. */
export type Decoded<Message> =
  | { readonly outcome: 'message'; readonly message: Message; readonly length: number }
  /** At least `total` bytes from the start of the message are needed before the decoder should be called again. */
  | { readonly outcome: 'need_more'; readonly total: number }
  | { readonly outcome: 'violation'; readonly violation: string }

/** A message with its type byte, as all messages after the startup packet. */
export interface Frame {
  /** One of message-types.ts, or a type that is not listed there. */
  readonly type: number
  /** Without type and length; a view of the input, not a copy. */
  readonly body: Buffer
}

const TYPE_BYTES = 1
const LENGTH_BYTES = 4
const HEADER_BYTES = TYPE_BYTES + LENGTH_BYTES

export const needMore = (total: number): Decoded<never> => ({ outcome: 'need_more', total })
export const violation = (text: string): Decoded<never> => ({ outcome: 'violation', violation: text })

/**
 * Reads one typed message. `longest` limits the length word, which counts itself but not the type byte. The length is
 * checked as soon as it has arrived, so that a hostile one costs nothing (attack 8).
 */
export function decodeFrame(bytes: Buffer, longest: number): Decoded<Frame> {
  if (bytes.length < HEADER_BYTES) return needMore(HEADER_BYTES)
  const length = bytes.readInt32BE(TYPE_BYTES)
  if (length < LENGTH_BYTES || length > longest) return violation('invalid message length')
  const total = TYPE_BYTES + length
  if (bytes.length < total) return needMore(total)
  const type = bytes.readUInt8(0)
  return { outcome: 'message', message: { type, body: bytes.subarray(HEADER_BYTES, total) }, length: total }
}

/**
 * Reads the fields of one message body, which may lie inside a longer buffer. No method reads past the end: it returns
 * undefined instead, or false.
 */
export class FieldCursor {
  readonly #bytes: Buffer
  readonly #end: number
  #offset: number

  constructor(bytes: Buffer, from = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#offset = from
    this.#end = end
  }

  get remaining(): number {
    return this.#end - this.#offset
  }

  uint8(): number | undefined {
    return this.#skip(1) ? this.#bytes.readUInt8(this.#offset - 1) : undefined
  }

  int16(): number | undefined {
    return this.#skip(2) ? this.#bytes.readInt16BE(this.#offset - 2) : undefined
  }

  int32(): number | undefined {
    return this.#skip(4) ? this.#bytes.readInt32BE(this.#offset - 4) : undefined
  }

  /** A String of the protocol, without its NUL; undefined when the NUL is missing. */
  stringBytes(): Buffer | undefined {
    const from = this.#offset
    return this.skipString() ? this.#bytes.subarray(from, this.#offset - 1) : undefined
  }

  /** The same as text, with one character per byte; cut off after `mostBytes`. */
  latin1(mostBytes = Infinity): string | undefined {
    const from = this.#offset
    if (!this.skipString()) return undefined
    return this.#bytes.toString('latin1', from, Math.min(this.#offset - 1, from + mostBytes))
  }

  /** Skips a String. @returns false when its NUL is missing */
  skipString(): boolean {
    const nul = this.#bytes.indexOf(0, this.#offset)
    if (nul === -1 || nul >= this.#end) return false
    this.#offset = nul + 1
    return true
  }

  bytes(count: number): Buffer | undefined {
    return this.#skip(count) ? this.#bytes.subarray(this.#offset - count, this.#offset) : undefined
  }

  /** Whatever was not read yet. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#offset, this.#end)
  }

  #skip(count: number): boolean {
    if (count < 0 || count > this.remaining) return false
    this.#offset += count
    return true
  }
}

/** UTF-8 or undefined: a name that decoding would change must not decide anything (attack 9). */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    // `fatal` decoding throws only for bytes that are not UTF-8, which is what undefined means.
    return undefined
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
