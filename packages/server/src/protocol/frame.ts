/**
 * Length-bounded reading of protocol bytes. Pure and synchronous; the only outcomes are a message, the need
 * for more bytes, and a violation: nothing throws on foreign bytes. PostgreSQL, "Message Formats".
 */

/** What a decoder says of the bytes at the start of a buffer. */
export type Decoded<Message> =
  | { readonly outcome: 'message'; readonly message: Message; readonly length: number }
  /** `total` bytes from the start of the message are needed before it makes sense to ask again. */
  | { readonly outcome: 'need_more'; readonly total: number }
  | { readonly outcome: 'violation'; readonly violation: string }

/** A message with its type byte, as every message after the startup packet has it. */
export interface Frame {
  /** Of message-types.ts, as far as it is known there. */
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
 * Reads one typed message. `longest` bounds the length word, which counts itself but not the type byte. The
 * length is judged as soon as it is there, so that a hostile one costs nothing (attack 8).
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

/** Reads the fields of one message body. Every method gives undefined instead of reading past the end. */
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

/** UTF-8 or nothing: a name that would be changed by decoding must not decide anything (attack 9). */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    // The only thing that `fatal` decoding throws is "not UTF-8", and undefined says exactly that.
    return undefined
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
