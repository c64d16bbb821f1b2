/**
 * Carries out the verdicts on the messages of a scanner, which arrive in pieces. What is passed on is collected, so
 * that consecutive messages go out in one write.
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
  /** What happens to the rest of the message that was begun last. */
  #rest: 'pass' | 'drop' = 'pass'

  constructor(scanner: MessageScanner) {
    this.#scanner = scanner
  }

  /**
   * Whether the other side has got the beginning of a message, and would take whatever comes next for the rest of it.
   */
  get isInsideMessage(): boolean {
    return this.#rest === 'pass' && this.#scanner.isInsideMessage
  }

  /** The scanner has a new message, or the beginning of one. */
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

  /** The scanner has more of the same message. */
  continue(): void {
    if (this.#rest === 'pass') this.#pass()
  }

  insert(bytes: Buffer): void {
    this.#cut()
    this.#pieces.push(bytes)
  }

  /** @returns false when the stream's buffer is full, until `drain` */
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
