/**
 * Counts what a session has asked of its backend and what the backend has answered, message by message, so that it is
 * known for certain when nothing is left to come ("Message Flow"). The moment the count and the wire differ it
 * is lost for good: then the backend is never given to anybody else.
 */
import { rowShapeOf } from '../../protocol/row-shape.ts'
import type { StatementBook } from './statement-book.ts'

/** A request and the letters that answer it. Sync, Query and FunctionCall end with ReadyForQuery. */
export type Request =
  | { readonly kind: 'sync' | 'query' | 'bind' | 'close_portal' | 'describe' | 'execute' | 'copy_end' }
  | {
      readonly kind: 'close'
      readonly statement: string
      /** What holds again when it is skipped. */
      readonly existed: boolean
      readonly wasStale: boolean
    }
  /** A Describe of ours; the client's next messages may depend on it. */
  | { readonly kind: 'shape'; readonly statement: string; readonly mustMatch: boolean }
  /** Ours as well, in the place of the client's; it fails, and the client reads why its own would have. */
  | { readonly kind: 'stale' }
  | {
      readonly kind: 'parse' | 'replay'
      readonly statement: string
      /** The whole message, if it is short enough to be remembered. */
      readonly message: Buffer | undefined
      /** Whether the backend had a statement of that name before; a Parse that fails does not take it away. */
      readonly existed: boolean
    }

export const SYNC: Request = { kind: 'sync' }
export const QUERY: Request = { kind: 'query' }
export const BIND: Request = { kind: 'bind' }
export const CLOSE_PORTAL: Request = { kind: 'close_portal' }
export const DESCRIBE: Request = { kind: 'describe' }
export const EXECUTE: Request = { kind: 'execute' }
export const COPY_END: Request = { kind: 'copy_end' }

const letter = (text: string): number => text.charCodeAt(0)
const PARSE_COMPLETE = letter('1')
const BIND_COMPLETE = letter('2')
const CLOSE_COMPLETE = letter('3')
const COMMAND_COMPLETE = letter('C')
const DATA_ROW = letter('D')
const ERROR_RESPONSE = letter('E')
const COPY_IN_RESPONSE = letter('G')
const COPY_OUT_RESPONSE = letter('H')
const EMPTY_QUERY_RESPONSE = letter('I')
const ROW_DESCRIPTION = letter('T')
const FUNCTION_CALL_RESPONSE = letter('V')
const READY_FOR_QUERY = letter('Z')
const COPY_DONE = letter('c')
const COPY_DATA = letter('d')
const NO_DATA = letter('n')
const PORTAL_SUSPENDED = letter('s')
const PARAMETER_DESCRIPTION = letter('t')

const IDLE = letter('I')

export class Outstanding {
  readonly #book: StatementBook
  #requests: Request[] = []
  #head = 0
  /** Extended query messages came behind the last Sync: the backend is in an implicit transaction. */
  #needsSync = false
  /** An error came and the Sync did not: the backend skips whatever is sent. */
  #isSkipping = false
  #isCopyingIn = false
  #isIdle = true
  #isLost = false

  constructor(book: StatementBook) {
    this.#book = book
  }

  /** Nothing is asked, nothing will come, and no transaction is open. */
  get isFinished(): boolean {
    if (this.#isLost || this.#needsSync || this.#isCopyingIn || !this.#isIdle) return false
    this.#dropCopyEnds()
    return this.#head === this.#requests.length
  }

  /** Whether the backend has something to do, so that a cancel request means something. */
  get isBusy(): boolean {
    return this.#isLost || this.#needsSync || this.#isCopyingIn || this.#head < this.#requests.length
  }

  /** Whether it works on something; not while it waits for more of a pipeline, or in a transaction. */
  get isWorking(): boolean {
    this.#dropCopyEnds()
    return this.#isLost || this.#isCopyingIn || this.#head < this.#requests.length
  }

  /** Whether the answer is still to come that says if a statement can be used as it is. */
  get isVerifying(): boolean {
    const isOpen = (request: Request) => request.kind === 'shape' && request.mustMatch
    return !this.#isLost && this.#requests.slice(this.#head).some(isOpen)
  }

  /** Whether the next answer is to a message that we made fail. */
  get isStaleNext(): boolean {
    return this.#isHead('stale')
  }

  get isLost(): boolean {
    return this.#isLost
  }

  get isSkipping(): boolean {
    return this.#isSkipping
  }

  lose(): void {
    this.#isLost = true
  }

  sent(request: Request): void {
    if (this.#isCopyingIn) {
      // PostgreSQL ignores Sync there; libpq sends it before it knows of the COPY. Later ones nobody sends, and when
      // the COPY fails at the same time there is no telling whether it counted.
      if (request.kind === 'copy_end') this.#isCopyingIn = false
      else this.#isLost = true
      return
    }
    if (request.kind === 'copy_end') {
      // Meant for a COPY whose CopyInResponse is still on the way, or for none, and then PostgreSQL ignores it.
      if (this.#head < this.#requests.length) this.#requests.push(request)
      return
    }
    if (request.kind === 'sync') {
      this.#isSkipping = false
      this.#needsSync = false
    } else if (this.#isSkipping) {
      return
    } else {
      this.#needsSync = request.kind !== 'query'
      if (request.kind === 'parse' || request.kind === 'replay') this.#book.sent(request)
      else if (request.kind === 'close') this.#book.sentClose(request)
    }
    this.#requests.push(request)
  }

  /**
   * @param detail of ReadyForQuery the status, of CommandComplete the tag, of RowDescription everything; undefined
   *   when it is longer than what is read
   * @returns false for the answer to a request that the client knows nothing of
   */
  received(type: number, detail: () => Buffer | undefined): boolean {
    switch (type) {
      case DATA_ROW:
      case COPY_DATA:
      case COPY_DONE:
      case COPY_OUT_RESPONSE:
      case FUNCTION_CALL_RESPONSE:
        break
      case PARAMETER_DESCRIPTION:
        return !this.#isHead('shape')
      case READY_FOR_QUERY:
        this.#ready(detail()?.at(0))
        break
      case COMMAND_COMPLETE:
        this.#complete(detail() ?? Buffer.alloc(0))
        break
      case PARSE_COMPLETE:
        return this.#parsed()
      case BIND_COMPLETE:
        this.#answer('bind')
        break
      case CLOSE_COMPLETE:
        this.#closed()
        break
      case ROW_DESCRIPTION:
      case NO_DATA:
        return this.#described(type, detail)
      case EMPTY_QUERY_RESPONSE:
        if (!this.#isHead('query')) this.#answer('execute')
        break
      case PORTAL_SUSPENDED:
        this.#answer('execute')
        break
      case ERROR_RESPONSE:
        this.#failed()
        break
      case COPY_IN_RESPONSE:
        this.#copyIn()
        break
      default:
        // Replication, or a PostgreSQL that says what we do not know.
        this.#isLost = true
    }
    return true
  }

  #current(): Request | undefined {
    this.#dropCopyEnds()
    return this.#requests[this.#head]
  }

  #isHead(kind: Request['kind']): boolean {
    return this.#current()?.kind === kind
  }

  #pop(): void {
    this.#head += 1
    if (this.#head === this.#requests.length) {
      this.#requests.length = 0
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#requests = this.#requests.slice(this.#head)
      this.#head = 0
    }
  }

  #dropCopyEnds(): void {
    while (this.#requests[this.#head]?.kind === 'copy_end') this.#pop()
  }

  #answer(kind: Request['kind']): void {
    if (this.#isHead(kind)) this.#pop()
    else this.#isLost = true
  }

  #ready(status: number | undefined): void {
    this.#isIdle = status === IDLE
    this.#isCopyingIn = false
    if (this.#isHead('sync') || this.#isHead('query')) this.#pop()
    else this.#isLost = true
  }

  #complete(tag: Buffer): void {
    const text = tag.toString('latin1', 0, Math.max(0, tag.length - 1))
    if (text === 'DISCARD ALL' || text === 'DEALLOCATE ALL') this.#book.forgetAll()
    if (!this.#isHead('query')) this.#answer('execute')
  }

  #parsed(): boolean {
    const request = this.#current()
    if (request?.kind !== 'parse' && request?.kind !== 'replay') {
      this.#isLost = true
      return true
    }
    this.#pop()
    this.#book.parsed(request)
    return request.kind === 'parse'
  }

  #described(type: number, detail: () => Buffer | undefined): boolean {
    const request = this.#current()
    if (request?.kind === 'shape') {
      this.#pop()
      const body = type === NO_DATA ? Buffer.alloc(2) : detail()
      this.#book.described(request, body === undefined ? undefined : rowShapeOf(body))
      return false
    }
    if (request?.kind !== 'query') this.#answer('describe')
    return true
  }

  #closed(): void {
    const request = this.#current()
    if (request?.kind !== 'close' && request?.kind !== 'close_portal') {
      this.#isLost = true
      return
    }
    this.#pop()
    if (request.kind === 'close') this.#book.closed(request)
  }

  /** After an error in the extended protocol everything up to the next Sync is skipped ("Extended Query"). */
  #failed(): void {
    this.#isCopyingIn = false
    const current = this.#current()
    if (current === undefined) {
      // Between requests of an implicit transaction, or a last word (57P01): behind it comes the end.
      if (this.#needsSync) this.#isSkipping = true
      return
    }
    // A Sync fails when the commit in it does, and is answered all the same; so is a Query.
    if (current.kind === 'sync' || current.kind === 'query') return
    const skipped: Request[] = []
    for (
      let next = this.#requests[this.#head];
      next !== undefined && next.kind !== 'sync';
      next = this.#requests[this.#head]
    ) {
      skipped.push(next)
      this.#pop()
    }
    if (this.#head === this.#requests.length) {
      this.#isSkipping = true
      this.#needsSync = true
    }
    // The last first: a Close and a Parse of one name undo one another.
    for (const request of skipped.reverse()) {
      if (request.kind === 'parse' || request.kind === 'replay') this.#book.failed(request)
      else if (request.kind === 'close') this.#book.notClosed(request)
    }
  }

  /** The backend reads COPY data now. A Sync that was sent already is read as part of it, and ignored. */
  #copyIn(): void {
    const current = this.#current()
    if (current?.kind !== 'query' && current?.kind !== 'execute') {
      this.#isLost = true
      return
    }
    const behind = this.#requests.slice(this.#head + 1)
    const end = behind.findIndex(({ kind }) => kind === 'copy_end')
    const inside = end === -1 ? behind : behind.slice(0, end)
    if (inside.some(({ kind }) => kind !== 'sync')) this.#isLost = true
    this.#requests = [current, ...(end === -1 ? [] : behind.slice(end + 1))]
    this.#head = 0
    this.#isCopyingIn = end === -1
    if (current.kind === 'execute' && this.#requests.length === 1) this.#needsSync = true
  }
}
