/**
 * Carries out what was decided of the messages of a scanner, which come in pieces: collects what is passed on, so that neighbours
 * go out in one write.
 */
import { unreachable } from '../../domain/unreachable.ts'
import type { MessageScanner } from '../../protocol/message-scanner.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import type { Verdict } from './conversation/verdict.ts'

export class Outlet {
  readonly #scanner: MessageScanner
  #pieces: Buffer[] = []
  #from = 0
  #to = 0
  /** What becomes of the rest of the message that was begun last. */
  #rest: 'pass' | 'drop' = 'pass'

  constructor(scanner: MessageScanner) {
    this.#scanner = scanner
  }

  /** Whether the other side has the beginning of a message, and takes whatever comes next for the rest of it. */
  get isInsideMessage(): boolean {
    return this.#rest === 'pass' && this.#scanner.isInsideMessage
  }

  /** The scanner sees a message, or the beginning of one. */
  begin(verdict: Verdict): void {
    switch (verdict.act) {
      case 'pass':
        if (verdict.before !== undefined) this.insert(verdict.before)
        this.#rest = 'pass'
        this.#pass()
        if (verdict.behind !== undefined) this.insert(verdict.behind)
        return
      case 'hold':
        this.insert(verdict.before)
        return
      case 'replace':
        this.insert(verdict.by)
        this.#rest = 'drop'
        return
      case 'drop':
        this.#rest = 'drop'
        return
      default:
        unreachable(verdict)
    }
  }

  /** The scanner sees more of that message. */
  continue(): void {
    if (this.#rest === 'pass') this.#pass()
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

  #pass(): void {
    const { start, end } = this.#scanner
    if (start !== this.#to) this.#cut()
    if (this.#from === this.#to) this.#from = start
    this.#to = end
  }

  #cut(): void {
    if (this.#from !== this.#to) this.#pieces.push(this.#scanner.view(this.#from, this.#to))
    this.#from = this.#to
  }
}
