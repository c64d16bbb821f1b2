/**
 * What was sent to a backend and is not answered yet, and how the backend will read the next message, as far as that is
 * known when it is sent ("Message Flow", Extended Query and COPY Operations):
 *
 *   between   no extended query message since the last Sync or Query
 *   segment   at least one; after an error, PostgreSQL skips messages up to the Sync
 *   skipping  such an error came, and no Sync has been sent
 *   copying   a COPY reads data
 *   lost      our count and its answers differ; the backend goes to no other session, and we send nothing of ours
 *
 *   between   Parse Bind … -> segment    Query Sync FunctionCall -> between    CopyInResponse -> copying
 *   segment   Sync Query   -> between    ErrorResponse with no Sync sent -> skipping
 *   skipping  Sync         -> between
 *   copying   CopyDone CopyFail -> between, or segment when it was begun by Execute
 *             ErrorResponse -> the same, or skipping
 */
import { unreachable } from '../../../domain/unreachable.ts'
import { endsSegment, RequestQueue, type Request } from './requests.ts'

export type Phase = 'between' | 'segment' | 'skipping' | 'copying' | 'lost'

/** What an ErrorResponse means for what was sent. */
export type Failure =
  /** This request failed, and those after it up to the Sync are skipped. */
  | { readonly kind: 'segment'; readonly failed: Request | undefined; readonly skipped: readonly Request[] }
  /**
   * A Sync, Query or FunctionCall failed, and its ReadyForQuery still follows; or no request was due, and PostgreSQL
   * perhaps ends the session.
   */
  | { readonly kind: 'alone' }
  | { readonly kind: 'mismatch' }

export class Exchange {
  readonly #queue = new RequestQueue()
  #phase: Phase = 'between'
  /** Counts segments: each Sync, Query or FunctionCall ends one. */
  #segment = 0
  /** Syncs that a COPY may have read among its data. A COPY that ends well has read them; otherwise it is not known. */
  #doubtfulSyncs = 0
  #hasCopyData = false

  get phase(): Phase {
    return this.#phase
  }

  /** The number of the segment to which the next message belongs. */
  get segment(): number {
    return this.#segment
  }

  /** Whether PostgreSQL acts on an extended query message, rather than skipping it or treating it as a violation. */
  get isHeard(): boolean {
    return this.#phase === 'between' || this.#phase === 'segment'
  }

  /** Whether no answer is due. */
  get isAnswered(): boolean {
    return this.#queue.isEmpty
  }

  /** Whether nothing is queued, not even COPY messages, which have no answer. */
  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  /** The request that the next answer belongs to. */
  get current(): Request | undefined {
    return this.#queue.current()
  }

  some(predicate: (request: Request) => boolean): boolean {
    return this.#queue.some(predicate)
  }

  lose(): void {
    this.#phase = 'lost'
  }

  sent(request: Request): void {
    switch (this.#phase) {
      case 'lost':
        return
      case 'skipping':
        if (request.kind === 'sync') this.#push(request)
        return
      case 'copying':
        this.#sentWhileCopying(request)
        return
      case 'between':
      case 'segment':
        if (request.kind === 'copy_data' || request.kind === 'copy_end') this.#sentWithoutCopy(request)
        else this.#push(request)
        return
      default:
        unreachable(this.#phase)
    }
  }

  /** The current request has been answered. */
  answered(): void {
    this.#queue.take()
  }

  /** ReadyForQuery. @returns the request that it answers; undefined when no request is due for it */
  ready(): Request | undefined {
    const current = this.#queue.current()
    if (current === undefined || !endsSegment(current)) return undefined
    this.#queue.take()
    return current
  }

  /** ErrorResponse. */
  failed(): Failure {
    // It is not known which of the Syncs among its data a failed COPY has read.
    if (this.#doubtfulSyncs > 0) return { kind: 'mismatch' }
    this.copyEnded()
    const current = this.#queue.current()
    if (current === undefined) {
      // Between requests of a pipeline, or before PostgreSQL closes the connection (57P01).
      if (this.#phase === 'segment') this.#phase = 'skipping'
      return { kind: 'alone' }
    }
    if (endsSegment(current)) {
      if (this.#phase === 'copying') this.#phase = 'between'
      return { kind: 'alone' }
    }
    const [failed, ...skipped] = this.#queue.takeUpToSync()
    if (this.isEmpty && this.#phase !== 'lost') this.#phase = 'skipping'
    return { kind: 'segment', failed, skipped }
  }

  /**
   * CopyInResponse: the backend now reads COPY data, and so also what was sent already.
   * @returns false when PostgreSQL treats something that was sent as a violation during COPY
   */
  copyBegan(): boolean {
    const current = this.#queue.current()
    if (current?.kind !== 'query' && current?.kind !== 'execute') return false
    const behind = this.#queue.behind()
    const end = behind.findIndex(({ kind }) => kind === 'copy_end')
    const inside = end === -1 ? behind : behind.slice(0, end)
    if (inside.some(({ kind }) => kind !== 'sync' && kind !== 'copy_data')) return false
    const data = inside.findIndex(({ kind }) => kind === 'copy_data')
    this.#hasCopyData = data !== -1
    this.#doubtfulSyncs = data === -1 ? 0 : inside.slice(data).filter(({ kind }) => kind === 'sync').length
    const rest = end === -1 ? [] : behind.slice(end + 1)
    this.#queue.replaceBehind(rest)
    // The conversation may have been lost before the COPY began.
    if (this.#phase === 'lost') return true
    if (end === -1) this.#phase = 'copying'
    else this.#phase = phaseBehind(current.kind === 'execute' ? 'segment' : 'between', rest)
    return true
  }

  /** CommandComplete, perhaps of a COPY. */
  copyEnded(): void {
    this.#doubtfulSyncs = 0
    this.#hasCopyData = false
  }

  #push(request: Request): void {
    if (endsSegment(request)) {
      this.#phase = 'between'
      this.#segment += 1
    } else this.#phase = 'segment'
    this.#queue.push(request)
  }

  /** Meant for a COPY whose CopyInResponse has not arrived yet, or for none. */
  #sentWithoutCopy(request: Request): void {
    const isKnown = request.kind === 'copy_data' && this.#queue.last?.kind === 'copy_data'
    if (!this.isEmpty && !isKnown) this.#queue.push(request)
  }

  /** PostgreSQL ignores a Sync among the data: libpq sends one before it knows of the COPY (`CopyGetData`). */
  #sentWhileCopying(request: Request): void {
    if (request.kind === 'copy_data') this.#hasCopyData = true
    else if (request.kind === 'copy_end') {
      this.#phase = this.#queue.current()?.kind === 'execute' ? 'segment' : 'between'
    } else if (request.kind !== 'sync') this.lose()
    else if (this.#hasCopyData) this.#doubtfulSyncs += 1
  }
}

const phaseBehind = (before: 'between' | 'segment', requests: readonly Request[]): 'between' | 'segment' => {
  const last = requests.findLast(({ kind }) => kind !== 'copy_data' && kind !== 'copy_end')
  if (last === undefined) return before
  return endsSegment(last) ? 'between' : 'segment'
}
