/**
 * The prepared statements of one logical session: those it has made, each with the Parse that makes it again, and which
 * of them the present backend has. Changed only by answers, in their order, never by messages that are still on their
 * way. Statements have the client's own names on every backend, because a backend is emptied before it goes to another
 * session (docs/decisions/0011).
 */
import { createHash } from 'node:crypto'
import type { TextTraits } from './text-traits.ts'

/** pgjdbc keeps 256 statements, psycopg 100, node-postgres what the application names. */
const MOST_STATEMENTS = 1_000
const MOST_BYTES = 1024 * 1024

export const UNNAMED = ''

interface Made {
  /** Undefined when the message is too long, or when too many are remembered already. */
  readonly message: Buffer | undefined
  /** The row description when the client made the statement; as a digest, because descriptions can be long. */
  shape: string | undefined
  readonly traits: TextTraits
}

/**
 * What the backend has under the name of a statement that the session made: that statement; the statement, but with
 * another row description than the client knows; an empty statement that reserves the name; or nothing.
 */
export type Presence = 'as_made' | 'changed' | 'stand_in' | 'missing'

export class Statements {
  readonly #made = new Map<string, Made>()
  readonly #inBackend = new Map<string, Presence>()
  #bytes = 0
  #unremembered = 0

  /** Whether there are statements that only the present backend has; then the session must keep it. */
  get needThisBackend(): boolean {
    return this.#unremembered > 0
  }

  /** Undefined when the session has no statement of that name; then the backend has none either. */
  presenceOf(statement: string): Presence | undefined {
    return this.#made.has(statement) ? (this.#inBackend.get(statement) ?? 'missing') : undefined
  }

  /** The Parse that makes it again. */
  messageOf(statement: string): Buffer | undefined {
    return this.#made.get(statement)?.message
  }

  traitsOf(statement: string): TextTraits | undefined {
    return this.#made.get(statement)?.traits
  }

  /** Whether its row description must be compared before it is used again. */
  hasShape(statement: string): boolean {
    return this.#made.get(statement)?.shape !== undefined
  }

  /** Another backend, with no statements, serves the session. */
  changedBackend(): void {
    this.#inBackend.clear()
  }

  /** A simple query of ours has dropped the unnamed statement. */
  lostUnnamed(): void {
    this.#inBackend.delete(UNNAMED)
  }

  /** ParseComplete for a Parse of the client. */
  made(statement: string, message: Buffer | undefined, traits: TextTraits): void {
    this.#forget(statement)
    const fits =
      message !== undefined &&
      this.#made.size - this.#unremembered < MOST_STATEMENTS &&
      this.#bytes + message.length <= MOST_BYTES
    if (fits) this.#bytes += message.length
    else this.#unremembered += 1
    this.#made.set(statement, { message: fits ? message : undefined, shape: undefined, traits })
    this.#inBackend.set(statement, 'as_made')
  }

  /** ParseComplete for a replay. */
  madeAgain(statement: string): void {
    this.#inBackend.set(statement, 'as_made')
  }

  stoodIn(statement: string): void {
    this.#inBackend.set(statement, 'stand_in')
  }

  cleared(statement: string): void {
    this.#inBackend.delete(statement)
  }

  /**
   * PostgreSQL drops the old unnamed statement before it parses the new one; a named statement stays when a second
   * Parse with its name fails.
   */
  parseFailed(statement: string): void {
    if (statement === UNNAMED) this.#forget(UNNAMED)
  }

  replayFailed(statement: string): void {
    this.#inBackend.delete(statement)
  }

  /** @param shape undefined when it could not be read */
  described(statement: string, shape: string | undefined, isReplay: boolean): void {
    const made = this.#made.get(statement)
    if (made === undefined) return
    const digest = shape === undefined ? undefined : createHash('sha256').update(shape).digest('base64')
    if (!isReplay) made.shape = digest
    else if (digest !== made.shape) this.#inBackend.set(statement, 'changed')
  }

  closed(statement: string): void {
    this.#forget(statement)
  }

  /** A simple Query ends the unnamed statement ("Extended Query"). */
  simpleQueryRan(): void {
    this.#forget(UNNAMED)
  }

  /** DISCARD ALL and DEALLOCATE ALL drop the named statements (`DropAllPreparedStatements`). */
  deallocatedAll(): void {
    for (const statement of [...this.#made.keys()]) if (statement !== UNNAMED) this.#forget(statement)
  }

  #forget(statement: string): void {
    const made = this.#made.get(statement)
    if (made === undefined) return
    if (made.message === undefined) this.#unremembered -= 1
    else this.#bytes -= made.message.length
    this.#made.delete(statement)
    this.#inBackend.delete(statement)
  }
}
