/**
 * Finds the messages in a stream without storing them: each is announced with its type and length as soon as enough of
 * it has arrived, and its bytes are taken as they arrive, however long it is. This is the hot path of the pooled
 * endpoint: it reads five bytes per message and allocates nothing for it.
 */
import { FieldCursor } from './frame.ts'

const HEADER_BYTES = 5
const NOTHING = Buffer.alloc(0)

export type Seen = 'message' | 'continuation' | 'need_more' | 'violation'

export interface ScannerBounds {
  /** Limit of the length word, by message type. */
  readonly longestOf: (type: number) => number
  /** How many bytes of a message must have arrived before it is announced; at least the header. */
  readonly prefixOf: (type: number, total: number) => number
}

export class MessageScanner {
  readonly #bounds: ScannerBounds
  #bytes: Buffer = NOTHING
  #offset = 0
  #rest = 0
  /** The last announced message: its type byte, and its length including type byte and length word. */
  type = 0
  total = 0
  /** What was announced and not taken yet, as positions for `view`. They are valid until the next `push`. */
  start = 0
  end = 0

  constructor(bounds: ScannerBounds) {
    this.#bounds = bounds
  }

  /** Bytes that were pushed and not taken. */
  get untaken(): number {
    return this.#bytes.length - this.#offset
  }

  /** Whether the bytes so far end with a whole message. */
  get isBetweenMessages(): boolean {
    return this.#rest === 0 && this.untaken === 0
  }

  /** Whether the beginning of a message was taken and its end has not arrived yet. */
  get isInsideMessage(): boolean {
    return this.#rest > 0
  }

  /** Whether all of the message just announced has arrived. */
  get isWhole(): boolean {
    return this.end - this.start === this.total
  }

  push(chunk: Buffer): void {
    this.#bytes = this.untaken === 0 ? chunk : Buffer.concat([this.#bytes.subarray(this.#offset), chunk])
    this.#offset = 0
  }

  /** Looks at what comes next: the beginning of a message, or more of the one that was taken last. */
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

  /** Takes what `see` just returned. */
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

  /** The type and length just seen, also when they are a violation. */
  header(): Buffer {
    return this.#bytes.subarray(this.start, this.start + HEADER_BYTES)
  }

  /** The body of the message just announced, as far as it has arrived. */
  body(): Buffer {
    return this.#bytes.subarray(this.start + HEADER_BYTES, this.end)
  }

  /** The fields of that body, read in place; valid until the next `push`. */
  fields(): FieldCursor {
    return new FieldCursor(this.#bytes, this.start + HEADER_BYTES, this.end)
  }

  /** The fields in the part of the body that has always arrived by now, however the bytes were split. */
  prefixFields(): FieldCursor {
    const bytes = Math.min(this.total, this.#bounds.prefixOf(this.type, this.total))
    return new FieldCursor(this.#bytes, this.start + HEADER_BYTES, this.start + Math.max(bytes, HEADER_BYTES))
  }
}
