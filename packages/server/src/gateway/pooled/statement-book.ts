/**
 * The prepared statements of one logical session: those that it made, with the Parse that makes them again, and those
 * that are in the backend which serves it now. Names are the client's own on every backend, because a backend is
 * emptied before it passes to another session (docs/decisions/0011).
 */
import { createHash } from 'node:crypto'
import type { Request } from './outstanding.ts'

type CloseRequest = Request & { readonly kind: 'close' }
type ShapeRequest = Request & { readonly kind: 'shape' }
type ParseRequest = Request & { readonly kind: 'parse' | 'replay' }

/** pgjdbc keeps 256 statements, psycopg 100, node-postgres what the application names. */
const MOST_STATEMENTS = 1_000
const MOST_BYTES = 1024 * 1024
/** A longer Parse is passed on as it comes and not kept. */
export const LONGEST_REMEMBERED = 64 * 1024

export const UNNAMED = ''

export class StatementBook {
  readonly #remembered = new Map<string, Buffer>()
  readonly #unremembered = new Set<string>()
  readonly #inBackend = new Set<string>()
  /** What the rows of a statement looked like when the client made it; a digest, because descriptions can be long. */
  readonly #shapes = new Map<string, string>()
  /** In the backend, with rows of another shape than the client knows. */
  readonly #stale = new Set<string>()
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

  /** Whether it is to be sent again, and the shape of its rows compared before it is used. */
  mustBeCompared(statement: string): boolean {
    return this.missing(statement) !== undefined && this.#shapes.has(statement)
  }

  isStale(statement: string): boolean {
    return this.#stale.has(statement)
  }

  /** @param shape undefined when it could not be read */
  described({ statement, mustMatch }: ShapeRequest, shape: string | undefined): void {
    const digest = shape === undefined ? undefined : createHash('sha256').update(shape).digest('base64')
    if (mustMatch) {
      if (digest !== this.#shapes.get(statement)) this.#stale.add(statement)
    } else if (digest !== undefined && this.#remembered.has(statement)) {
      this.#shapes.set(statement, digest)
    }
  }

  /** Another backend serves the session, with nothing in it. */
  changedBackend(): void {
    this.#inBackend.clear()
    this.#stale.clear()
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

  /** At once, as with Parse: one of the same name may follow in the same pipeline. */
  sentClose({ statement }: CloseRequest): void {
    this.#inBackend.delete(statement)
    this.#stale.delete(statement)
  }

  notClosed({ statement, existed, wasStale }: CloseRequest): void {
    if (existed) this.#inBackend.add(statement)
    if (wasStale) this.#stale.add(statement)
  }

  closed({ statement }: CloseRequest): void {
    this.#forget(statement)
  }

  /** A simple Query ends the unnamed statement ("Extended Query"). */
  simpleQuery(): void {
    this.#inBackend.delete(UNNAMED)
    this.#forget(UNNAMED)
  }

  /** DISCARD ALL, DEALLOCATE ALL */
  forgetAll(): void {
    this.#remembered.clear()
    this.#unremembered.clear()
    this.#inBackend.clear()
    this.#shapes.clear()
    this.#stale.clear()
    this.#bytes = 0
  }

  #forget(statement: string): void {
    this.#bytes -= this.#remembered.get(statement)?.length ?? 0
    this.#remembered.delete(statement)
    this.#unremembered.delete(statement)
    this.#shapes.delete(statement)
    this.#stale.delete(statement)
  }
}
