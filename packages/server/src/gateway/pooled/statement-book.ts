/**
 * The prepared statements of one logical session: those that it made, with the Parse that makes them again, and those
 * that are in the backend which serves it now. Names are the client's own on every backend, because a backend is
 * emptied before it passes to another session (docs/decisions/0008).
 */
import type { Request } from './outstanding.ts'

type ParseRequest = Request & { readonly kind: 'parse' | 'replay' }

/** pgjdbc keeps 256 statements, psycopg 100, node-postgres what the application names. */
const MOST_STATEMENTS = 1_000
const MOST_BYTES = 1024 * 1024
/** A longer Parse is passed on as it comes and not kept. */
export const LONGEST_REMEMBERED = 64 * 1024

const UNNAMED = ''

export class StatementBook {
  readonly #remembered = new Map<string, Buffer>()
  readonly #unremembered = new Set<string>()
  readonly #inBackend = new Set<string>()
  #bytes = 0

  /** Whether there are statements that only the present backend has; it cannot be given away then. */
  get needsThisBackend(): boolean {
    return this.#unremembered.size > 0
  }

  has(statement: string): boolean {
    return this.#inBackend.has(statement)
  }

  /** The Parse to send before a message that uses the statement; undefined when none is needed or known. */
  missing(statement: string): Buffer | undefined {
    return this.#inBackend.has(statement) ? undefined : this.#remembered.get(statement)
  }

  /** Another backend serves the session, with nothing in it. */
  changedBackend(): void {
    this.#inBackend.clear()
  }

  sent({ statement }: ParseRequest): void {
    // At once: what follows in the same pipeline uses it before the answer is there.
    this.#inBackend.add(statement)
  }

  parsed({ statement, message, kind }: ParseRequest): void {
    if (kind === 'replay') return
    this.#forget(statement)
    const fits =
      message !== undefined &&
      this.#remembered.size < MOST_STATEMENTS &&
      this.#bytes + message.length <= MOST_BYTES
    if (!fits) {
      this.#unremembered.add(statement)
      return
    }
    this.#remembered.set(statement, message)
    this.#bytes += message.length
  }

  failed({ statement, existed, kind }: ParseRequest): void {
    // PostgreSQL gives the unnamed statement up before it looks at the new one.
    if (!existed || statement === UNNAMED) this.#inBackend.delete(statement)
    if (statement === UNNAMED && kind === 'parse') this.#forget(statement)
  }

  closed(statement: string): void {
    this.#inBackend.delete(statement)
    this.#forget(statement)
  }

  /** A simple Query ends the unnamed statement ("Extended Query"). */
  simpleQuery(): void {
    this.closed(UNNAMED)
  }

  /** DISCARD ALL, DEALLOCATE ALL */
  forgetAll(): void {
    this.#remembered.clear()
    this.#unremembered.clear()
    this.#inBackend.clear()
    this.#bytes = 0
  }

  #forget(statement: string): void {
    this.#bytes -= this.#remembered.get(statement)?.length ?? 0
    this.#remembered.delete(statement)
    this.#unremembered.delete(statement)
  }
}
