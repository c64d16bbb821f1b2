/**
 * What was sent to a backend and is not answered yet, each with what it changes. Sync, Query and FunctionCall end with
 * ReadyForQuery; the others are answered one by one, or skipped behind an error ("Message Flow", Extended Query).
 */
export type Request =
  | { readonly kind: 'sync' | 'function_call' | 'bind' | 'describe' | 'describe_portal' | 'close_portal' }
  | {
      readonly kind: 'query' | 'execute'
      /** Whether a SET in it ends with the transaction. */
      readonly setsLocally: boolean
      /** The prepared statement that it takes away by SQL. */
      readonly deallocates: string | undefined
    }
  | { readonly kind: 'parse'; readonly statement: string; readonly message: Buffer | undefined }
  | { readonly kind: 'close'; readonly statement: string }
  /** COPY messages that came before it was known whether a COPY takes them. */
  | { readonly kind: 'copy_data' | 'copy_end' }
  | OwnRequest

/** Not the client's: their answers are kept from it. */
export type OwnRequest =
  /** The client's Parse once more, for another backend. */
  | { readonly kind: 'replay'; readonly statement: string }
  /** An empty statement under that name, so that the client's Parse fails as it should. */
  | { readonly kind: 'stand_in'; readonly statement: string }
  /** Takes a stand-in away. */
  | { readonly kind: 'clear'; readonly statement: string }
  /** A Describe; of one that was made again, the rows must be what the client knows. */
  | { readonly kind: 'shape'; readonly statement: string; readonly isReplay: boolean }
  /** In the place of the client's message: it fails, and the client reads why its own would have. */
  | { readonly kind: 'doomed' }

/** Whether ReadyForQuery answers it. */
export const endsSegment = ({ kind }: Request): boolean =>
  kind === 'sync' || kind === 'query' || kind === 'function_call'

/** Those that are still to be answered, in order. */
export class RequestQueue {
  #requests: Request[] = []
  #head = 0

  get length(): number {
    return this.#requests.length - this.#head
  }

  /** Those that nobody answers are left out at the head: PostgreSQL ignores COPY messages without a COPY. */
  current(): Request | undefined {
    while (isCopyMessage(this.#requests[this.#head])) this.#drop()
    return this.#requests[this.#head]
  }

  get isEmpty(): boolean {
    return this.current() === undefined
  }

  push(request: Request): void {
    this.#requests.push(request)
  }

  take(): void {
    this.#drop()
  }

  some(predicate: (request: Request) => boolean): boolean {
    for (let at = this.#head; at < this.#requests.length; at += 1) {
      const request = this.#requests[at]
      if (request !== undefined && predicate(request)) return true
    }
    return false
  }

  get last(): Request | undefined {
    return this.#requests.at(-1)
  }

  /** Up to the next Sync, which stays. */
  takeUpToSync(): readonly Request[] {
    const taken: Request[] = []
    for (
      let next = this.#requests[this.#head];
      next !== undefined && next.kind !== 'sync';
      next = this.#requests[this.#head]
    ) {
      taken.push(next)
      this.#drop()
    }
    return taken
  }

  /** Behind the current one. */
  behind(): readonly Request[] {
    return this.#requests.slice(this.#head + 1)
  }

  replaceBehind(requests: readonly Request[]): void {
    const current = this.current()
    this.#requests = current === undefined ? [...requests] : [current, ...requests]
    this.#head = 0
  }

  #drop(): void {
    this.#head += 1
    if (this.#head >= this.#requests.length) {
      this.#requests.length = 0
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#requests = this.#requests.slice(this.#head)
      this.#head = 0
    }
  }
}

const isCopyMessage = (request: Request | undefined): boolean =>
  request?.kind === 'copy_data' || request?.kind === 'copy_end'
