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

/** Reads the fields of one message body. Every method returns undefined instead of reading past the end. */
export class FieldCursor {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  uint8(): number | undefined {
    return this.bytes(1)?.readUInt8(0)
  }

  int16(): number | undefined {
    return this.bytes(2)?.readInt16BE(0)
  }

  int32(): number | undefined {
    return this.bytes(4)?.readInt32BE(0)
  }

  /** A String of the protocol, without its NUL; undefined when the NUL is missing. */
  stringBytes(): Buffer | undefined {
    const end = this.#bytes.indexOf(0, this.#offset)
    if (end === -1) return undefined
    const text = this.#bytes.subarray(this.#offset, end)
    this.#offset = end + 1
    return text
  }

  bytes(count: number): Buffer | undefined {
    if (count < 0 || count > this.remaining) return undefined
    const part = this.#bytes.subarray(this.#offset, this.#offset + count)
    this.#offset += count
    return part
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
