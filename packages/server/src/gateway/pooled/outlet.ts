/** Collects what of a scanner's bytes is passed on, so that neighbours go out in one piece. */
import type { MessageScanner } from '../../protocol/message-scanner.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

export class Outlet {
  readonly #scanner: MessageScanner
  #pieces: Buffer[] = []
  #from = 0
  #to = 0

  constructor(scanner: MessageScanner) {
    this.#scanner = scanner
  }

  /** What the scanner sees at the moment. */
  pass(): void {
    const { start, end } = this.#scanner
    if (start !== this.#to) this.#cut()
    if (this.#from === this.#to) this.#from = start
    this.#to = end
  }

  insert(bytes: Buffer): void {
    this.#cut()
    this.#pieces.push(bytes)
  }

  /** @returns false when the stream wants no more for now */
  flush(stream: ByteStream): boolean {
    this.#cut()
    const pieces = this.#pieces
    this.#from = this.#to = 0
    if (pieces.length === 0) return true
    this.#pieces = []
    const [only] = pieces
    return stream.write(pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces))
  }

  #cut(): void {
    if (this.#from !== this.#to) this.#pieces.push(this.#scanner.view(this.#from, this.#to))
    this.#from = this.#to
  }
}
