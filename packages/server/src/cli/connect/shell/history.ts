/**
 * The history of the shell: a file of mode 0600 with the lines of statements, the newest last. A statement with a secret is
 * not kept: one in which a secret is found, which says PASSWORD anywhere, or in which something stands that looks like a
 * token. It rather forgets one too many.
 */
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { findSecrets } from '@lakegate/sql-text'
import { stateDirectory } from '../own-directories.ts'

const MOST_LINES = 2_000

/** Personal access tokens, OAuth secrets, and the three parts of a JSON Web Token. */
const TOKEN = /\b(?:dapi|dose|dkea)[0-9a-f]{16,}|\beyJ[\w-]{8,}\.[\w-]+/i
const SECRET_WORD = /passw|passcode|secret|\bidentified\s+by\b/i

export const holdsSecret = (statement: string): boolean =>
  SECRET_WORD.test(statement) || TOKEN.test(statement) || findSecrets(statement).length > 0

export const historyFile = (): string => path.join(stateDirectory(), 'psql_history')

export class History {
  readonly #file: string
  #lines: string[]

  private constructor(file: string, lines: string[]) {
    this.#file = file
    this.#lines = lines
  }

  /** A history that cannot be read is empty. */
  static async open(file: string): Promise<History> {
    const text = await readFile(file, 'utf8').catch(() => '')
    return new History(
      file,
      text.split('\n').filter((line) => line !== ''),
    )
  }

  /** Newest first, as readline wants them. */
  get newestFirst(): string[] {
    return this.#lines.toReversed()
  }

  /** @returns whether the lines of this statement may be kept */
  add(statement: string): boolean {
    if (holdsSecret(statement)) return false
    for (const line of statement.split('\n')) {
      if (line.trim() === '' || line === this.#lines.at(-1)) continue
      this.#lines.push(line)
    }
    this.#lines = this.#lines.slice(-MOST_LINES)
    return true
  }

  /** A history that cannot be written is lost, and nothing else. */
  async save(): Promise<void> {
    const unfinished = `${this.#file}.${randomUUID()}`
    try {
      // Root could put a file in the place of a device such as /dev/null.
      const found = await stat(this.#file).catch(() => undefined)
      if (found !== undefined && !found.isFile()) return
      await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 })
      await writeFile(unfinished, this.#lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
      await chmod(unfinished, 0o600)
      await rename(unfinished, this.#file)
    } catch {
      // Nobody waits for it, and a shell without a home works as well.
    }
  }
}
