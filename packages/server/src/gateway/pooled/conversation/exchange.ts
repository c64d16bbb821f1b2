/**
 * What a backend was sent and has not answered, and how it reads the next message, as far as is known when that is sent
 * ("Message Flow", Extended Query and COPY Operations):
 *
 *   between   no extended query message since the last Sync or Query
 *   segment   some; behind an error, PostgreSQL skips up to the Sync
 *   skipping  that error came, and no Sync was sent
 *   copying   a COPY reads data
 *   lost      count and wire differ; the backend is never given to anybody else, and nothing of ours is said any more
 *
 *   between   Parse Bind … -> segment    Query Sync FunctionCall -> between    CopyInResponse -> copying
 *   segment   Sync Query   -> between    ErrorResponse with no Sync sent -> skipping
 *   skipping  Sync         -> between
 *   copying   CopyDone CopyFail -> between, or segment when it was begun by Execute; ErrorResponse -> the same, or skipping
 */
import { unreachable } from '../../../domain/unreachable.ts'
import { endsSegment, RequestQueue, type Request } from './requests.ts'

export type Phase = 'between' | 'segment' | 'skipping' | 'copying' | 'lost'

/** What an ErrorResponse means for what was sent. */
export type Failure =
  /** That one failed, and what is behind it up to the Sync is skipped. */
  | { readonly kind: 'segment'; readonly failed: Request | undefined; readonly skipped: readonly Request[] }
  /** ReadyForQuery follows, as for all of them; or nothing was asked, and it is PostgreSQL's last word. */
  | { readonly kind: 'alone' }
  | { readonly kind: 'mismatch' }

export class Exchange {
  readonly #queue = new RequestQueue()
  #phase: Phase = 'between'
  /** Counts Syncs and what else ends a segment. */
  #segment = 0
  /** Syncs that a COPY may have read among its data. When it ends well, it has read them; else nobody knows. */
  #doubtfulSyncs = 0
  #hasCopyData = false

  get phase(): Phase {
    return this.#phase
  }

  /** The number of the segment that the next message belongs to. */
  get segment(): number {
    return this.#segment
  }

  /** Whether PostgreSQL does more with an extended query message than to skip it, or to take it for a violation. */
  get isHeard(): boolean {
    return this.#phase === 'between' || this.#phase === 'segment'
  }

  /** Whether no answer is to come. */
  get isAnswered(): boolean {
    return this.#queue.isEmpty
  }

  /** Whether nothing is kept, not even what nobody answers. */
  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  /** What the next answer is for. */
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

  /** The current one is answered. */
  answered(): void {
    this.#queue.take()
  }

  /** ReadyForQuery. @returns for what; undefined when nothing is to be answered by it */
  ready(): Request | undefined {
    const current = this.#queue.current()
    if (current === undefined || !endsSegment(current)) return undefined
    this.#queue.take()
    return current
  }

  /** ErrorResponse. */
  failed(): Failure {
    // What a COPY has read of the Syncs among its data, when it fails in their midst, is known to nobody.
    if (this.#doubtfulSyncs > 0) return { kind: 'mismatch' }
    this.copyEnded()
    const current = this.#queue.current()
    if (current === undefined) {
      // Between requests of a pipeline, or a last word (57P01): behind it comes the end.
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
   * CopyInResponse: the backend reads COPY data now, and with it what was sent already.
   * @returns false when something was sent that PostgreSQL takes for a violation then
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
    // The client may have been given up before the COPY began.
    if (this.#phase === 'lost') return true
    if (end === -1) this.#phase = 'copying'
    else this.#phase = phaseBehind(current.kind === 'execute' ? 'segment' : 'between', rest)
    return true
  }

  /** CommandComplete, of a COPY perhaps. */
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

  /** Meant for a COPY whose CopyInResponse is still on the way, or for none. */
  #sentWithoutCopy(request: Request): void {
    const isKnown = request.kind === 'copy_data' && this.#queue.last?.kind === 'copy_data'
    if (!this.isEmpty && !isKnown) this.#queue.push(request)
  }

  /** PostgreSQL ignores Sync among the data: libpq sends it before it knows of the COPY (`CopyGetData`). */
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
