/**
 * Where statements come from when nobody types them: a file, a pipe, `-c`. It reads no further than it must, and a statement
 * can be run before the next one has arrived; between the statements stands the data of COPY FROM STDIN.
 */
import { firstStatement, type FirstStatement, type SplitOptions, type Statement } from '@lakegate/sql-text'

/** A text that is no longer than this is looked through at every piece that arrives; a longer one when it has doubled. */
const SHORT = 64 * 1024
/** `\.` on a line of its own ends the data of a COPY. */
const END_OF_COPY = /^\\\.\r?$/

export interface ReadStatement extends FirstStatement {
  readonly statement: Statement
  /** At which it begins, from 1. */
  readonly line: number
}

export class ScriptInput {
  readonly #pieces: AsyncIterator<string>
  #text = ''
  #isOver = false
  #linesBefore = 1

  constructor(pieces: AsyncIterable<string>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** @returns undefined at the end */
  async next(options: () => SplitOptions): Promise<ReadStatement | undefined> {
    for (let looked = 0; ;) {
      if (this.#isOver || this.#text.length < SHORT || this.#text.length >= 2 * looked) {
        looked = this.#text.length
        const found = firstStatement(this.#ready(), options())
        if (found.statement !== undefined && (found.isComplete || this.#isOver)) {
          const line = this.#linesBefore + linesIn(this.#text.slice(0, found.statement.start))
          this.#take(found.end)
          return { ...found, statement: found.statement, line }
        }
        if (this.#isOver) return undefined
      }
      await this.#more()
    }
  }

  /** The lines of COPY data, with their ends, up to `\.`. */
  async *copyData(): AsyncGenerator<Buffer> {
    // What follows the semicolon of the COPY on its line is no data.
    await this.#line()
    for (;;) {
      const line = await this.#line()
      if (line === undefined || END_OF_COPY.test(line)) return
      yield Buffer.from(`${line}\n`)
    }
  }

  /** Whole lines only: the rest of a line may change what its beginning means. */
  #ready(): string {
    return this.#isOver ? this.#text : this.#text.slice(0, this.#text.lastIndexOf('\n') + 1)
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#take(end + 1)
        return line
      }
      if (this.#isOver) {
        const line = this.#text === '' ? undefined : this.#text
        this.#take(this.#text.length)
        return line
      }
      await this.#more()
    }
  }

  #take(end: number): void {
    this.#linesBefore += linesIn(this.#text.slice(0, end))
    this.#text = this.#text.slice(end)
  }

  async #more(): Promise<void> {
    const piece = await this.#pieces.next()
    if (piece.done === true) this.#isOver = true
    else this.#text += piece.value
  }
}

function linesIn(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** A text that is there as a whole. */
export async function* wholeText(text: string): AsyncGenerator<string> {
  yield text
}
