/**
 * The state machine between a logical session and its backend. It is told every message of both, in order, and says what
 * becomes of it; it touches no socket. The flow ("Message Flow", Extended Query):
 *
 *   client   Parse Bind Execute …  ->  judge()     pass; pass with messages of ours around it; hold; replace
 *   backend  1 2 D C …             ->  received()  pass; keep from the client; replace
 *
 * In what phase the backend reads the next message, as far as is known when that is sent:
 *
 *   between   no extended query message since the last Sync or Query
 *   segment   some; behind an error, PostgreSQL skips up to the Sync
 *   skipping  that error came, and no Sync was sent
 *   copying   a COPY reads data
 *   lost      count and wire differ; the backend is never given to anybody else, and nothing of ours is said any more
 */
import { unreachable } from '../../../domain/unreachable.ts'
import { encodeErrorResponse } from '../../../protocol/error-response.ts'
import {
  encodeCloseStatement,
  encodeDescribeStatement,
  encodeFlush,
  encodeParse,
} from '../../../protocol/frontend-statements.ts'
import { BACKEND } from '../../../protocol/message-types.ts'
import { rowShapeOf } from '../../../protocol/row-shape.ts'
import type { ClientMessage } from './client-message.ts'
import type { Leftovers } from './leftovers.ts'
import { RequestQueue, type OwnRequest, type Request } from './requests.ts'
import { Statements, UNNAMED } from './statements.ts'
import { traitsOf, UNSEEN, type TextTraits } from './text-traits.ts'

interface SentText {
  readonly traits: TextTraits
  readonly segment: number
}

export type Phase = 'between' | 'segment' | 'skipping' | 'copying' | 'lost'

export type Judgement =
  | { readonly act: 'pass'; readonly before?: Buffer | undefined; readonly behind?: Buffer }
  /** Ours goes first, and the message is judged again when nothing is held any more. */
  | { readonly act: 'hold'; readonly before: Buffer }
  | { readonly act: 'replace'; readonly by: Buffer }

/** Replaced by what is there. */
export type AnswerJudgement = 'pass' | 'drop' | Buffer

const PASS: Judgement = { act: 'pass' }
const IDLE = 'I'.charCodeAt(0)
const NO_COLUMNS = Buffer.alloc(2)
/** More portals are not told apart. */
const MOST_PORTALS = 2_000

/** Fails whatever the state of the transaction: no client of ours has a statement of that name. */
const DOOMED = encodeDescribeStatement('a statement that lakegate makes fail')

/** As PostgreSQL says it of a statement that is in the backend still; drivers go by the name of its function. */
const RESULT_TYPE_CHANGED = encodeErrorResponse({
  severity: 'ERROR',
  sqlstate: '0A000',
  message: 'cached plan must not change result type',
  hint: 'Close the prepared statement and prepare it again, or connect again.',
  routine: 'RevalidateCachedQuery',
})

export class Conversation {
  readonly #leftovers: Leftovers
  readonly #statements = new Statements()
  readonly #queue = new RequestQueue()
  /** Under each name, the texts whose Parse is not answered yet. */
  readonly #parsing = new Map<string, SentText[]>()
  /** Counts Syncs and what else ends a segment. */
  #segment = 0
  /** Of what runs in the portals of the transaction. */
  readonly #portals = new Map<string, TextTraits>()
  #phase: Phase = 'between'
  /** What an answer must come for before the client's message goes on. */
  #awaited: 'everything' | 'ours' | undefined
  #isInTransaction = false
  /** Something that is not answered yet may do so. */
  #mayDeallocateAll = false
  /** Syncs that a COPY may have read among its data. When it ends well, it has read them; else nobody knows. */
  #doubtfulSyncs = 0
  #hasCopyData = false

  constructor(leftovers: Leftovers) {
    this.#leftovers = leftovers
  }

  get phase(): Phase {
    return this.#phase
  }

  /** Nothing is asked, nothing will come, no transaction is open, and nothing that is needed is only in this backend. */
  get isFinished(): boolean {
    return (
      this.#phase === 'between' &&
      this.#queue.isEmpty &&
      !this.#isInTransaction &&
      !this.#statements.needThisBackend
    )
  }

  /** Whether the backend has something to do, so that a cancel request means something. */
  get isBusy(): boolean {
    return this.#phase !== 'between' || this.#queue.length > 0
  }

  /** Whether it works on something; not while it waits for more of a pipeline, or in a transaction. */
  get isWorking(): boolean {
    return this.#phase === 'lost' || this.#phase === 'copying' || !this.#queue.isEmpty
  }

  /** Whether the message that was held has to wait still. */
  get isHolding(): boolean {
    // A COPY that waits for data would wait for ever behind it.
    if (this.#phase === 'lost' || this.#phase === 'copying') return false
    if (this.#awaited === 'everything') return !this.#queue.isEmpty
    return this.#awaited === 'ours' && this.#queue.some(isAwaited)
  }

  lose(): void {
    this.#phase = 'lost'
  }

  /** Another backend, or an emptied one, serves the session. */
  changedBackend(): void {
    this.#statements.changedBackend()
  }

  /** The backend was asked by simple queries what the session left in it, and stays. */
  wasAsked(): void {
    this.#statements.lostUnnamed()
  }

  judge(message: ClientMessage): Judgement {
    this.#awaited = undefined
    switch (message.kind) {
      case 'query':
        return this.#query(traitsOf(message.text))
      case 'function_call':
        this.#leftovers.suspect()
        return this.#pass({ kind: 'function_call' })
      case 'parse':
        return this.#parse(message)
      case 'bind':
        return this.#use(message.statement, () => this.#bind(message))
      case 'describe':
        return this.#use(message.statement, () => this.#pass({ kind: 'describe' }))
      case 'execute': {
        const { setsLocally, deallocates } = this.#portals.get(message.portal) ?? UNSEEN
        return this.#pass({ kind: 'execute', setsLocally, deallocates })
      }
      case 'close':
        return this.#pass({ kind: 'close', statement: message.statement })
      case 'copy_data':
        return this.#pass({ kind: 'copy_data' })
      case 'copy_done':
      case 'copy_fail':
        return this.#pass({ kind: 'copy_end' })
      case 'sync':
      case 'describe_portal':
      case 'close_portal':
        return this.#pass({ kind: message.kind })
      case 'flush':
      case 'terminate':
        return PASS
      default:
        return unreachable(message)
    }
  }

  /**
   * @param detail of ReadyForQuery the status, of CommandComplete the tag, of RowDescription everything; undefined
   *   when it is longer than what is read
   */
  received(type: number, detail: () => Buffer | undefined): AnswerJudgement {
    switch (type) {
      case BACKEND.dataRow:
      case BACKEND.copyData:
      case BACKEND.copyDone:
      case BACKEND.copyOutResponse:
      case BACKEND.functionCallResponse:
        return 'pass'
      case BACKEND.parameterDescription:
        return this.#queue.current()?.kind === 'shape' ? 'drop' : 'pass'
      case BACKEND.readyForQuery:
        return this.#ready(detail()?.at(0))
      case BACKEND.commandComplete:
        return this.#completed(detail() ?? Buffer.alloc(0))
      case BACKEND.parseComplete:
        return this.#parsed()
      case BACKEND.bindComplete:
        return this.#answered('bind')
      case BACKEND.closeComplete:
        return this.#closed()
      case BACKEND.rowDescription:
      case BACKEND.noData:
        return this.#described(type, detail)
      case BACKEND.emptyQueryResponse:
        return this.#queue.current()?.kind === 'query' ? 'pass' : this.#answered('execute')
      case BACKEND.portalSuspended:
        return this.#answered('execute')
      case BACKEND.errorResponse:
        return this.#failed()
      case BACKEND.copyInResponse:
        return this.#copyBegan()
      default:
        // Replication, or a PostgreSQL that says what we do not know.
        return this.#mismatch()
    }
  }

  // The client's messages.

  #query(traits: TextTraits): Judgement {
    const { setsLocally, deallocates } = traits
    const request: Request = { kind: 'query', setsLocally, deallocates }
    if (!this.#isHeard) return this.#pass(request)
    const before = this.#standIn(deallocates)
    if (before === 'unknown') return this.#holdForEverything()
    this.#leftovers.sent(traits)
    this.#runs(traits)
    this.#send(request)
    return { act: 'pass', before }
  }

  #runs(traits: TextTraits, parameters?: () => readonly (string | undefined)[]): void {
    this.#leftovers.runs(traits, parameters)
    this.#mayDeallocateAll ||= traits.mayDeallocateAll
  }

  /**
   * Keeps a name taken that the session has given and the backend does not know.
   * @returns what does so, to be sent in front; `unknown` when answers have to come first
   */
  #standIn(statement: string | undefined): Buffer | undefined | 'unknown' {
    if (statement === undefined || this.#statements.presenceOf(statement) !== 'missing') return undefined
    if (this.#dependsOnAnswers(statement)) return 'unknown'
    this.#send({ kind: 'stand_in', statement })
    return encodeParse(statement, '')
  }

  #parse({ statement, message, text }: ClientMessage & { readonly kind: 'parse' }): Judgement {
    if (!this.#isHeard) return this.#pass({ kind: 'parse', statement, message })
    const before = statement === UNNAMED ? undefined : this.#standIn(statement)
    if (before === 'unknown') return this.#holdForEverything()
    const traits = traitsOf(text)
    this.#leftovers.sent(traits)
    this.#send({ kind: 'parse', statement, message })
    const sent = { traits, segment: this.#segment }
    const parsing = this.#parsing.get(statement)
    if (parsing === undefined) this.#parsing.set(statement, [sent])
    else parsing.push(sent)
    if (message === undefined || statement === UNNAMED) return { act: 'pass', before }
    this.#send({ kind: 'shape', statement, isReplay: false })
    return { act: 'pass', before, behind: encodeDescribeStatement(statement) }
  }

  /** Bind or Describe of a statement, which must be in the backend by then if the session has it. */
  #use(statement: string, pass: () => Judgement): Judgement {
    const presence = this.#isHeard ? this.#statements.presenceOf(statement) : undefined
    if (presence === undefined || presence === 'as_made') return pass()
    if (this.#dependsOnAnswers(statement)) return this.#holdForEverything()
    if (presence === 'changed') {
      this.#send({ kind: 'doomed' })
      return { act: 'replace', by: DOOMED }
    }
    const message = this.#statements.messageOf(statement)
    if (message === undefined) return pass()
    const before: Buffer[] = []
    if (presence === 'stand_in') {
      before.push(encodeCloseStatement(statement))
      this.#send({ kind: 'clear', statement })
    }
    before.push(message)
    this.#send({ kind: 'replay', statement })
    if (this.#statements.hasShape(statement)) {
      before.push(encodeDescribeStatement(statement))
      this.#send({ kind: 'shape', statement, isReplay: true })
    }
    this.#awaited = 'ours'
    return { act: 'hold', before: Buffer.concat([...before, encodeFlush()]) }
  }

  #bind({ statement, portal, parameters }: ClientMessage & { readonly kind: 'bind' }): Judgement {
    if (!this.#isHeard) return this.#pass({ kind: 'bind' })
    const traits = this.#traitsOf(statement)
    const before = this.#standIn(traits.deallocates)
    if (before === 'unknown') return this.#holdForEverything()
    this.#runs(traits, parameters)
    // What is forgotten counts as not seen.
    if (this.#portals.size >= MOST_PORTALS) this.#portals.clear()
    this.#portals.set(portal, traits)
    this.#send({ kind: 'bind' })
    return { act: 'pass', before }
  }

  /** Of the text that a statement has, or of all that it may have by the time that it is used. */
  #traitsOf(statement: string): TextTraits {
    const made = this.#statements.traitsOf(statement)
    const parsing = this.#parsing.get(statement)
    const last = parsing?.at(-1)
    if (parsing === undefined || last === undefined) return made ?? UNSEEN
    // If that Parse fails, whatever follows in its segment is skipped.
    if (last.segment === this.#segment) return last.traits
    return [...(made === undefined ? [] : [made]), ...parsing.map(({ traits }) => traits)].reduce(eitherOf)
  }

  #parseAnswered(statement: string): TextTraits {
    const parsing = this.#parsing.get(statement)
    const traits = parsing?.shift()?.traits
    if (parsing?.length === 0) this.#parsing.delete(statement)
    return traits ?? UNSEEN
  }

  /** Whether PostgreSQL does more with an extended query message than to skip it, or to take it for a violation. */
  get #isHeard(): boolean {
    return this.#phase === 'between' || this.#phase === 'segment'
  }

  /** Whether something that is not answered yet may change what there is under that name. */
  #dependsOnAnswers(statement: string): boolean {
    if (statement !== UNNAMED && this.#mayDeallocateAll && !this.#queue.isEmpty) return true
    return this.#queue.some(
      (request) =>
        ('statement' in request && request.statement === statement) ||
        ('deallocates' in request && request.deallocates === statement) ||
        (statement === UNNAMED && request.kind === 'query'),
    )
  }

  #holdForEverything(): Judgement {
    this.#awaited = 'everything'
    return { act: 'hold', before: encodeFlush() }
  }

  #pass(request: Request): Judgement {
    this.#send(request)
    return PASS
  }

  #send(request: Request): void {
    switch (this.#phase) {
      case 'lost':
        return
      case 'skipping':
        if (request.kind !== 'sync') return
        this.#phase = 'between'
        this.#segment += 1
        break
      case 'copying':
        this.#sendWhileCopying(request)
        return
      case 'between':
      case 'segment':
        if (request.kind === 'copy_data' || request.kind === 'copy_end') {
          // Meant for a COPY whose CopyInResponse is still on the way, or for none.
          const isKnown = request.kind === 'copy_data' && this.#queue.last?.kind === 'copy_data'
          if (this.#queue.length > 0 && !isKnown) this.#queue.push(request)
          return
        }
        this.#phase = endsSegment(request) ? 'between' : 'segment'
        if (endsSegment(request)) this.#segment += 1
        break
      default:
        unreachable(this.#phase)
    }
    this.#queue.push(request)
  }

  /** PostgreSQL ignores Sync among the data: libpq sends it before it knows of the COPY (`CopyGetData`). */
  #sendWhileCopying(request: Request): void {
    if (request.kind === 'copy_data') this.#hasCopyData = true
    else if (request.kind === 'copy_end') {
      this.#phase = this.#queue.current()?.kind === 'execute' ? 'segment' : 'between'
    } else if (request.kind !== 'sync') this.lose()
    else if (this.#hasCopyData) this.#doubtfulSyncs += 1
  }

  // The backend's answers.

  #mismatch(): AnswerJudgement {
    this.lose()
    return 'pass'
  }

  #answered(kind: 'bind' | 'execute'): AnswerJudgement {
    if (this.#queue.current()?.kind !== kind) return this.#mismatch()
    this.#queue.take()
    return 'pass'
  }

  #ready(status: number | undefined): AnswerJudgement {
    const current = this.#queue.current()
    if (current === undefined || !endsSegment(current)) return this.#mismatch()
    this.#queue.take()
    if (current.kind === 'query') this.#statements.simpleQueryRan()
    this.#isInTransaction = status !== IDLE
    if (!this.#isInTransaction && this.#queue.length === 0 && this.#phase === 'between') this.#portals.clear()
    if (this.#queue.length === 0) this.#mayDeallocateAll = false
    return 'pass'
  }

  #completed(tag: Buffer): AnswerJudgement {
    const current = this.#queue.current()
    if (current?.kind !== 'query' && current?.kind !== 'execute') return this.#mismatch()
    const text = tag.toString('latin1', 0, Math.max(0, tag.length - 1))
    if (text === 'DISCARD ALL' || text === 'DEALLOCATE ALL') this.#statements.deallocatedAll()
    if (text === 'DEALLOCATE' && current.deallocates !== undefined) {
      this.#statements.closed(current.deallocates)
    }
    this.#leftovers.completed(text, current.setsLocally)
    this.#copyEnded()
    if (current.kind === 'execute') this.#queue.take()
    return 'pass'
  }

  #parsed(): AnswerJudgement {
    const current = this.#queue.current()
    if (current?.kind === 'parse') {
      this.#queue.take()
      this.#statements.made(current.statement, current.message, this.#parseAnswered(current.statement))
      return 'pass'
    }
    if (current?.kind !== 'replay' && current?.kind !== 'stand_in') return this.#mismatch()
    this.#queue.take()
    if (current.kind === 'replay') this.#statements.madeAgain(current.statement)
    else this.#statements.stoodIn(current.statement)
    return 'drop'
  }

  #described(type: number, detail: () => Buffer | undefined): AnswerJudgement {
    const current = this.#queue.current()
    if (current?.kind === 'query') return 'pass'
    if (current?.kind === 'describe' || current?.kind === 'describe_portal') {
      this.#queue.take()
      return 'pass'
    }
    if (current?.kind !== 'shape') return this.#mismatch()
    this.#queue.take()
    const body = type === BACKEND.noData ? NO_COLUMNS : detail()
    const shape = body === undefined ? undefined : rowShapeOf(body)
    this.#statements.described(current.statement, shape, current.isReplay)
    return 'drop'
  }

  #closed(): AnswerJudgement {
    const current = this.#queue.current()
    if (current?.kind === 'clear') {
      this.#queue.take()
      this.#statements.cleared(current.statement)
      return 'drop'
    }
    if (current?.kind !== 'close' && current?.kind !== 'close_portal') return this.#mismatch()
    this.#queue.take()
    if (current.kind === 'close') this.#statements.closed(current.statement)
    return 'pass'
  }

  #failed(): AnswerJudgement {
    // What a COPY has read of the Syncs among its data, when it fails in their midst, is known to nobody.
    if (this.#doubtfulSyncs > 0) return this.#mismatch()
    this.#copyEnded()
    const current = this.#queue.current()
    if (current === undefined) {
      // Between requests of a pipeline, or a last word (57P01): behind it comes the end.
      if (this.#phase === 'segment') this.#phase = 'skipping'
      return 'pass'
    }
    if (endsSegment(current)) {
      // They fail, and are answered all the same.
      if (this.#phase === 'copying') this.#phase = 'between'
      return 'pass'
    }
    const [failed, ...skipped] = this.#queue.takeUpToSync()
    if (failed?.kind === 'parse') this.#statements.parseFailed(failed.statement)
    if (failed?.kind === 'replay') this.#statements.replayFailed(failed.statement)
    for (const request of [failed, ...skipped]) {
      if (request?.kind === 'parse') this.#parseAnswered(request.statement)
    }
    if (this.#queue.length === 0 && this.#phase !== 'lost') this.#phase = 'skipping'
    return failed?.kind === 'doomed' ? RESULT_TYPE_CHANGED : 'pass'
  }

  /** The backend reads COPY data now, and with it what was sent already. */
  #copyBegan(): AnswerJudgement {
    const current = this.#queue.current()
    if (current?.kind !== 'query' && current?.kind !== 'execute') return this.#mismatch()
    const behind = this.#queue.behind()
    const end = behind.findIndex(({ kind }) => kind === 'copy_end')
    const inside = end === -1 ? behind : behind.slice(0, end)
    // PostgreSQL takes anything else for a violation.
    if (inside.some(({ kind }) => kind !== 'sync' && kind !== 'copy_data')) return this.#mismatch()
    const data = inside.findIndex(({ kind }) => kind === 'copy_data')
    this.#hasCopyData = data !== -1
    this.#doubtfulSyncs = data === -1 ? 0 : inside.slice(data).filter(({ kind }) => kind === 'sync').length
    const rest = end === -1 ? [] : behind.slice(end + 1)
    this.#queue.replaceBehind(rest)
    // The client may have been given up before the COPY began.
    if (this.#phase === 'lost') return 'pass'
    if (end === -1) this.#phase = 'copying'
    else this.#phase = phaseBehind(current.kind === 'execute' ? 'segment' : 'between', rest)
    return 'pass'
  }

  #copyEnded(): void {
    this.#doubtfulSyncs = 0
    this.#hasCopyData = false
  }
}

const AWAITED: ReadonlySet<Request['kind']> = new Set<OwnRequest['kind']>(['replay', 'clear'])
const isAwaited = (request: Request): boolean =>
  AWAITED.has(request.kind) || (request.kind === 'shape' && request.isReplay)

const endsSegment = ({ kind }: Request): boolean =>
  kind === 'sync' || kind === 'query' || kind === 'function_call'

const phaseBehind = (before: 'between' | 'segment', requests: readonly Request[]): 'between' | 'segment' => {
  const last = requests.findLast(({ kind }) => kind !== 'copy_data' && kind !== 'copy_end')
  if (last === undefined) return before
  return endsSegment(last) ? 'between' : 'segment'
}

/** Two texts that may be under one name. */
const eitherOf = (one: TextTraits, other: TextTraits): TextTraits => ({
  mayLeave: one.mayLeave || other.mayLeave,
  setsLocally: one.setsLocally && other.setsLocally,
  customSettings: [],
  settingsByParameter:
    one.settingsByParameter === 'any' || other.settingsByParameter === 'any'
      ? 'any'
      : [...new Set([...one.settingsByParameter, ...other.settingsByParameter])],
  mayDeallocateAll: one.mayDeallocateAll || other.mayDeallocateAll,
  deallocates: one.deallocates === other.deallocates ? one.deallocates : undefined,
})
