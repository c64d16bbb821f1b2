/** Assembles the values of one DataRow while its bytes arrive. */

export interface ReceivedValue {
  /** As PostgreSQL sent it; -1 is NULL. */
  readonly length: number
  /** The beginning of the value, as much as there was room for. */
  readonly kept: Buffer
}

const COUNT_BYTES = 2
const LENGTH_BYTES = 4
const NULL_LENGTH = -1
const NOTHING = Buffer.alloc(0)

export class RowAssembler {
  readonly #roomFor: (bytes: number, column: number) => number
  #values: ReceivedValue[] = []
  /** Undefined until the number of columns has been read. */
  #columns: number | undefined
  /** Bytes of an incomplete count or length. */
  #partial: Buffer = NOTHING
  /** Length of the value that is being read; undefined between values. */
  #length: number | undefined
  #rest = 0
  #room = 0
  #pieces: Buffer[] = []

  constructor(roomFor: (bytes: number, column: number) => number) {
    this.#roomFor = roomFor
  }

  begin(): void {
    this.#values = []
    this.#columns = undefined
    this.#partial = NOTHING
    this.#length = undefined
    this.#rest = 0
    this.#pieces = []
  }

  /** @returns false when the data is not a valid row */
  push(chunk: Buffer): boolean {
    let bytes = chunk
    while (bytes.length > 0) {
      if (this.#rest > 0) bytes = this.#takeValue(bytes)
      else {
        const needed = this.#columns === undefined ? COUNT_BYTES : LENGTH_BYTES
        const [word, rest] = this.#takeWord(bytes, needed)
        bytes = rest
        if (word !== undefined && !this.#readWord(word)) return false
      }
    }
    return true
  }

  /** @returns undefined when the row ended too early */
  end(): readonly ReceivedValue[] | undefined {
    const isWhole =
      this.#values.length === this.#columns && this.#partial.length === 0 && this.#length === undefined
    return isWhole ? this.#values : undefined
  }

  #takeWord(bytes: Buffer, needed: number): readonly [word: Buffer | undefined, rest: Buffer] {
    const missing = needed - this.#partial.length
    const all =
      this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes.subarray(0, missing)])
    if (all.length < needed) {
      this.#partial = Buffer.from(all)
      return [undefined, NOTHING]
    }
    this.#partial = NOTHING
    return [all.subarray(0, needed), bytes.subarray(missing)]
  }

  #readWord(word: Buffer): boolean {
    if (this.#columns === undefined) {
      this.#columns = word.readInt16BE(0)
      return this.#columns >= 0
    }
    if (this.#values.length >= this.#columns) return false
    const length = word.readInt32BE(0)
    if (length < NULL_LENGTH) return false
    if (length <= 0) {
      this.#values.push({ length, kept: NOTHING })
      return true
    }
    this.#length = length
    this.#rest = length
    this.#room = Math.min(length, this.#roomFor(length, this.#values.length))
    this.#pieces = []
    return true
  }

  #takeValue(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#rest)
    this.#rest -= part.length
    const kept = part.subarray(0, this.#room)
    this.#room -= kept.length
    if (kept.length > 0) this.#pieces.push(kept)
    if (this.#rest === 0) {
      // Copied: a view would keep the whole received buffer in memory.
      this.#values.push({ length: this.#length ?? 0, kept: Buffer.concat(this.#pieces) })
      this.#length = undefined
      this.#pieces = []
    }
    return bytes.subarray(part.length)
  }
}
