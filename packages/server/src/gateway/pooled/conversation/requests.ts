/**
 * The requests that were sent to a backend and are not answered yet, each with what it changes. The answers to Sync,
 * Query and FunctionCall end with ReadyForQuery; the others are answered one by one, or skipped after an error
 * ("Message Flow", Extended Query).
 */
export type Request =
  | { readonly kind: 'sync' | 'function_call' | 'bind' | 'describe' | 'describe_portal' | 'close_portal' }
  | {
      readonly kind: 'query' | 'execute'
      /** Whether a SET in it ends with the transaction. */
      readonly setsLocally: boolean
      /** The prepared statement that it deallocates by SQL. */
      readonly deallocates: string | undefined
    }
  | { readonly kind: 'parse'; readonly statement: string; readonly message: Buffer | undefined }
  | { readonly kind: 'close'; readonly statement: string }
  /** COPY messages that were sent before it was known whether a COPY takes them. */
  | { readonly kind: 'copy_data' | 'copy_end' }
  | OwnRequest

/** Requests of the gateway itself; their answers are not passed to the client. */
export type OwnRequest =
  /** The client's Parse again, for another backend. */
  | { readonly kind: 'replay'; readonly statement: string }
  /** An empty statement with that name, so that a Parse of the client with the same name fails as it should. */
  | { readonly kind: 'stand_in'; readonly statement: string }
  /** Closes a stand-in. */
  | { readonly kind: 'clear'; readonly statement: string }
  /** A Describe; after a replay, the row description must still be the one that the client knows. */
  | { readonly kind: 'shape'; readonly statement: string; readonly isReplay: boolean }
  /** Replaces the client's message: it fails, and the client gets the error that its own message would get. */
  | { readonly kind: 'doomed' }

/** Whether ReadyForQuery answers this request. */
export const endsSegment = ({ kind }: Request): boolean =>
  kind === 'sync' || kind === 'query' || kind === 'function_call'

/** The requests that are still to be answered, in order. */
export class RequestQueue {
  #requests: Request[] = []
  #head = 0

  get length(): number {
    return this.#requests.length - this.#head
  }

  /** COPY messages at the head are dropped: without a COPY, PostgreSQL ignores them and sends no answer. */
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

  /** Takes the requests up to the next Sync, which stays. */
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

  /** The requests after the current one. */
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
