/** Where the shell prints: standard output and standard error; results that are longer than the screen go to a pager. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { ShellOutput } from './shell.ts'

export interface Pager {
  /** As a shell would read it, e.g. `less -S`. */
  readonly command: string
  /** Gives the terminal to the pager, and takes it back. */
  readonly lend: () => void
  readonly takeBack: () => void
}

/** What psql looks at, and what it falls back to. Empty, or only blanks: no pager. */
export const pagerOf = (environment: NodeJS.ProcessEnv): string =>
  environment['PSQL_PAGER'] ?? environment['PAGER'] ?? 'less'

export function createOutput(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  pager: Pager | undefined,
): ShellOutput {
  return {
    open: () =>
      pager !== undefined && stdout.isTTY && pager.command.trim() !== ''
        ? new PagedOutput(stdout, pager)
        : new PlainOutput(stdout),
    writeRaw: (data) => writeTo(stdout, data),
    tell: (text) => void stderr.write(text),
  }
}

/** @returns a promise when the reader is slower than the writer */
function writeTo(stream: Writable, data: string | Buffer): Promise<void> | undefined {
  if (stream.write(data) || stream.destroyed) return undefined
  return new Promise((resolve) => {
    const settle = () => {
      stream.off('drain', settle).off('close', settle).off('error', settle)
      resolve()
    }
    stream.on('drain', settle).on('close', settle).on('error', settle)
  })
}

class PlainOutput {
  readonly #stdout: NodeJS.WriteStream
  readonly columns: number | undefined

  constructor(stdout: NodeJS.WriteStream) {
    this.#stdout = stdout
    this.columns = stdout.isTTY ? stdout.columns : undefined
  }

  write(text: string): Promise<void> | undefined {
    return writeTo(this.#stdout, text)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const USUAL_ROWS = 24

/** Keeps what is printed until it is longer than the screen, or complete. */
class PagedOutput {
  readonly #stdout: NodeJS.WriteStream
  readonly #pager: Pager
  readonly columns: number
  #kept = ''
  #lines = 0
  #child: ChildProcess | undefined

  constructor(stdout: NodeJS.WriteStream, pager: Pager) {
    this.#stdout = stdout
    this.#pager = pager
    this.columns = stdout.columns
  }

  write(text: string): Promise<void> | undefined {
    if (this.#child?.stdin) return writeTo(this.#child.stdin, text)
    this.#kept += text
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines += 1
    // A terminal that does not know its size says 0.
    if (this.#lines < (this.#stdout.rows || USUAL_ROWS)) return undefined
    return this.#start()
  }

  async close(): Promise<void> {
    const child = this.#child
    if (child === undefined) {
      await writeTo(this.#stdout, this.#kept)
      return
    }
    child.stdin?.end()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    this.#pager.takeBack()
  }

  #start(): Promise<void> | undefined {
    this.#pager.lend()
    const child = spawn(this.#pager.command, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      // Quit when it fits after all, leave the screen as it is, and cut long lines, as `git` does.
      env: { ...process.env, LESS: process.env['LESS'] ?? 'FRSX' },
    })
    this.#child = child
    // Whoever quits the pager has seen enough; the rest is read and thrown away.
    child.stdin.on('error', () => undefined)
    const kept = this.#kept
    this.#kept = ''
    return writeTo(child.stdin, kept)
  }
}
