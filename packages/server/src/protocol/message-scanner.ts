/**
 * Finds the messages in a stream without keeping them: each is announced with its type and length as soon as enough
 * of it is there, and its bytes are taken as they come, however long it is. The hot path of the pooled endpoint:
 * looks at five bytes a message and allocates nothing for it.
 */
import { FieldCursor } from './frame.ts'

const HEADER_BYTES = 5
const NOTHING = Buffer.alloc(0)

export type Seen = 'message' | 'continuation' | 'need_more' | 'violation'

export interface ScannerBounds {
  /** Of the length word, by the type of the message. */
  readonly longestOf: (type: number) => number
  /** How many bytes of a message its owner wants to see at once; at least the header. */
  readonly prefixOf: (type: number, total: number) => number
}

export class MessageScanner {
  readonly #bounds: ScannerBounds
  #bytes: Buffer = NOTHING
  #offset = 0
  #rest = 0
  /** Of the last message seen: its type byte, and its length with type byte and length word. */
  type = 0
  total = 0
  /** What was seen, and is not taken yet, as positions for `view`. They hold until the next `push`. */
  start = 0
  end = 0

  constructor(bounds: ScannerBounds) {
    this.#bounds = bounds
  }

  /** Bytes that were pushed and not taken. */
  get untaken(): number {
    return this.#bytes.length - this.#offset
  }

  /** Whether everything ends with a whole message. */
  get isBetweenMessages(): boolean {
    return this.#rest === 0 && this.untaken === 0
  }

  /** Whether a message was taken of which the end is still to come. */
  get isInsideMessage(): boolean {
    return this.#rest > 0
  }

  /** Whether all of the message that was just seen is there. */
  get isWhole(): boolean {
    return this.end - this.start === this.total
  }

  push(chunk: Buffer): void {
    this.#bytes = this.untaken === 0 ? chunk : Buffer.concat([this.#bytes.subarray(this.#offset), chunk])
    this.#offset = 0
  }

  /** Looks at what comes next, the beginning of a message or more of the one that was taken last. */
  see(): Seen {
    const { untaken } = this
    if (untaken === 0) return 'need_more'
    this.start = this.#offset
    if (this.#rest > 0) {
      this.end = this.#offset + Math.min(this.#rest, untaken)
      return 'continuation'
    }
    if (untaken < HEADER_BYTES) return 'need_more'
    this.type = this.#bytes.readUInt8(this.#offset)
    const length = this.#bytes.readInt32BE(this.#offset + 1)
    if (length < HEADER_BYTES - 1 || length > this.#bounds.longestOf(this.type)) return 'violation'
    this.total = length + 1
    if (untaken < Math.min(this.total, this.#bounds.prefixOf(this.type, this.total))) return 'need_more'
    this.end = this.#offset + Math.min(this.total, untaken)
    return 'message'
  }

  /** Takes what was just seen. */
  take(): void {
    const taken = this.end - this.start
    this.#rest = (this.#rest > 0 ? this.#rest : this.total) - taken
    this.#offset = this.end
  }

  view(start: number, end: number): Buffer {
    // Mostly it is everything that came, and a view of a buffer costs as much as reading the message.
    if (start === 0 && end === this.#bytes.length) return this.#bytes
    return this.#bytes.subarray(start, end)
  }

  /** The type and length of what was just seen, also when they are a violation. */
  header(): Buffer {
    return this.#bytes.subarray(this.start, this.start + HEADER_BYTES)
  }

  /** The body of the message that was just seen, as far as it is there. */
  body(): Buffer {
    return this.#bytes.subarray(this.start + HEADER_BYTES, this.end)
  }

  /** The fields of that body. It is read in place, and until the next `push`. */
  fields(): FieldCursor {
    return new FieldCursor(this.#bytes, this.start + HEADER_BYTES, this.end)
  }

  /** Those in the part of the body that is there by all means, however the bytes came. */
  prefixFields(): FieldCursor {
    const bytes = Math.min(this.total, this.#bounds.prefixOf(this.type, this.total))
    return new FieldCursor(this.#bytes, this.start + HEADER_BYTES, this.start + Math.max(bytes, HEADER_BYTES))
  }
}
