/**
 * What is waited for, while a command waits: on a terminal one line that changes, elsewhere a line for each change. It goes
 * to standard error, so that standard output has nothing but the answer.
 */
import { printable } from './printable.ts'

export interface StatusLine {
  update(text: string): void
  /** Removes the line from the terminal. */
  clear(): void
}

export interface StatusStream {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

/** Back to the beginning of the line, and erase it (ECMA-48, 8.3.41). */
const ERASE = '\r\u001b[K'

export function createStatusLine(stream: StatusStream, isQuiet: boolean): StatusLine {
  const isTerminal = stream.isTTY === true
  let shown = ''
  return {
    update(text) {
      const now = printable(text)
      if (isQuiet || now === shown) return
      shown = now
      stream.write(isTerminal ? `${ERASE}${now} …` : `${now} …\n`)
    },
    clear() {
      if (isTerminal && shown !== '') stream.write(ERASE)
      shown = ''
    },
  }
}
