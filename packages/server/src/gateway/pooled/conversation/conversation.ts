/**
 * The state machine between a logical session and its backend. It gets every message of both sides, in order, and
 * decides what happens to it (verdict.ts); it touches no socket. The flow ("Message Flow", Extended Query):
 *
 *   client   Parse Bind Execute …  ->  judge()     pass, perhaps with messages of ours around it; hold; replace
 *   backend  1 2 D C …             ->  received()  pass; drop (the answer to a message of ours); replace
 *
 * exchange.ts tracks the phase of the backend and what it has still to answer; statements.ts which of the session's
 * prepared statements the backend has; leftovers.ts what the session may have left in it.
 */
import { unreachable } from '../../../domain/unreachable.ts'
import { decodeErrorResponse, encodeErrorResponse } from '../../../protocol/error-response.ts'
import {
  encodeCloseStatement,
  encodeDescribeStatement,
  encodeFlush,
  encodeParse,
} from '../../../protocol/frontend-statements.ts'
import type { FieldCursor } from '../../../protocol/frame.ts'
import { BACKEND, TRANSACTION_STATUS } from '../../../protocol/message-types.ts'
import { rowShapeOf } from '../../../protocol/row-shape.ts'
import type { ClientMessage } from './client-message.ts'
import { Exchange, type Phase } from './exchange.ts'
import type { Leftovers } from './leftovers.ts'
import type { Request } from './requests.ts'
import { Statements, UNNAMED } from './statements.ts'
import { traitsOf, type TextTraits } from './text-traits.ts'
import { Texts } from './texts.ts'
import { DROP, PASS, type AnswerVerdict, type RequestVerdict } from './verdict.ts'

const NO_COLUMNS = Buffer.alloc(2)

/**
 * A Parse that is meant to fail: with UNDEFINED_OBJECT, because pg_catalog has no such type, or with the error that the
 * client's own message would get, such as 25P02 in a failed transaction. No client has a statement of that name.
 */
const DOOMED = encodeParse(
  'a statement that lakegate makes fail',
  'SELECT NULL::pg_catalog."a type that lakegate makes fail"',
)
const UNDEFINED_OBJECT = '42704'

/**
 * The error that PostgreSQL reports for a statement whose result type changed; drivers recognise it by the name of the
 * function.
 */
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
  readonly #exchange = new Exchange()
  readonly #texts = new Texts()
  /** Which answers must arrive before the client's message goes on. */
  #awaited: 'everything' | 'ours' | undefined
  #isInTransaction = false
  /** A request that is not answered yet may deallocate all statements. */
  #mayDeallocateAll = false

  constructor(leftovers: Leftovers) {
    this.#leftovers = leftovers
  }

  get phase(): Phase {
    return this.#exchange.phase
  }

  /** Nothing is unanswered, no transaction is open, and the session needs nothing that only this backend has. */
  get isFinished(): boolean {
    return (
      this.phase === 'between' &&
      this.#exchange.isAnswered &&
      !this.#isInTransaction &&
      !this.#statements.needThisBackend
    )
  }

  /** Whether the backend has something to do, so that a cancel request has a target. */
  get isBusy(): boolean {
    return this.phase !== 'between' || !this.#exchange.isEmpty
  }

  /** Whether the backend is working; false while it waits for more of a pipeline, or idles in a transaction. */
  get isWorking(): boolean {
    return this.phase === 'lost' || this.phase === 'copying' || !this.#exchange.isAnswered
  }

  /** Whether the held message still has to wait. */
  get isHolding(): boolean {
    // If the message waited here, a COPY that waits for data would wait for ever.
    if (this.phase === 'lost' || this.phase === 'copying') return false
    if (this.#awaited === 'everything') return !this.#exchange.isAnswered
    return this.#awaited === 'ours' && this.#exchange.some(isAwaited)
  }

  lose(): void {
    this.#exchange.lose()
  }

  /** Another backend, or an emptied one, now serves the session. */
  changedBackend(): void {
    this.#statements.changedBackend()
  }

  /** The backend was asked by simple queries what the session left in it, and still serves the session. */
  wasAsked(): void {
    this.#statements.lostUnnamed()
  }

  judge(message: ClientMessage): RequestVerdict {
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
        const { setsLocally, deallocates } = this.#texts.ofPortal(message.portal)
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
   * @param detail reads more of the message: the status of ReadyForQuery, the tag of CommandComplete, all of
   * RowDescription and ErrorResponse; undefined when it is longer than we read
   */
  received(type: number, detail: () => FieldCursor | undefined): AnswerVerdict {
    switch (type) {
      case BACKEND.dataRow:
      case BACKEND.copyData:
      case BACKEND.copyDone:
      case BACKEND.copyOutResponse:
      case BACKEND.functionCallResponse:
        return PASS
      case BACKEND.parameterDescription:
        return this.#exchange.current?.kind === 'shape' ? DROP : PASS
      case BACKEND.readyForQuery:
        return this.#ready(detail()?.uint8())
      case BACKEND.commandComplete:
        return this.#completed(detail()?.latin1() ?? '')
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
        return this.#exchange.current?.kind === 'query' ? PASS : this.#answered('execute')
      case BACKEND.portalSuspended:
        return this.#answered('execute')
      case BACKEND.errorResponse:
        return this.#failed(detail)
      case BACKEND.copyInResponse:
        return this.#exchange.copyBegan() ? PASS : this.#mismatch()
      default:
        // Replication, or a message type of PostgreSQL that we do not know.
        return this.#mismatch()
    }
  }

  // The client's messages.

  #query(traits: TextTraits): RequestVerdict {
    const { setsLocally, deallocates } = traits
    const request: Request = { kind: 'query', setsLocally, deallocates }
    if (!this.#exchange.isHeard) return this.#pass(request)
    const before = this.#standIn(deallocates)
    if (before === 'unknown') return this.#holdForEverything()
    this.#leftovers.sent(traits)
    this.#runs(traits)
    this.#exchange.sent(request)
    return { act: 'pass', before }
  }

  #runs(traits: TextTraits, parameters?: () => readonly (string | undefined)[]): void {
    this.#leftovers.runs(traits, parameters)
    this.#mayDeallocateAll ||= traits.mayDeallocateAll
  }

  /**
   * Reserves in the backend a name that the session has given to a statement and this backend does not have yet.
   * @returns the Parse that does so, to be sent first; `unknown` when other answers must arrive before that
   */
  #standIn(statement: string | undefined): Buffer | undefined | 'unknown' {
    if (statement === undefined || this.#statements.presenceOf(statement) !== 'missing') return undefined
    if (this.#dependsOnAnswers(statement)) return 'unknown'
    this.#exchange.sent({ kind: 'stand_in', statement })
    return encodeParse(statement, '')
  }

  #parse({ statement, message, text }: ClientMessage & { readonly kind: 'parse' }): RequestVerdict {
    if (!this.#exchange.isHeard) return this.#pass({ kind: 'parse', statement, message })
    const before = statement === UNNAMED ? undefined : this.#standIn(statement)
    if (before === 'unknown') return this.#holdForEverything()
    const traits = traitsOf(text)
    this.#leftovers.sent(traits)
    this.#exchange.sent({ kind: 'parse', statement, message })
    this.#texts.parseSent(statement, { traits, segment: this.#exchange.segment })
    if (message === undefined || statement === UNNAMED) return { act: 'pass', before }
    this.#exchange.sent({ kind: 'shape', statement, isReplay: false })
    return { act: 'pass', before, behind: encodeDescribeStatement(statement) }
  }

  /**
   * Bind or Describe of a statement: if the session has made it, it must be in the backend before the message arrives
   * there.
   */
  #use(statement: string, pass: () => RequestVerdict): RequestVerdict {
    const presence = this.#exchange.isHeard ? this.#statements.presenceOf(statement) : undefined
    if (presence === undefined || presence === 'as_made') return pass()
    if (this.#dependsOnAnswers(statement)) return this.#holdForEverything()
    if (presence === 'changed') {
      this.#exchange.sent({ kind: 'doomed' })
      return { act: 'replace', by: DOOMED }
    }
    const message = this.#statements.messageOf(statement)
    if (message === undefined) return pass()
    const before: Buffer[] = []
    if (presence === 'stand_in') {
      before.push(encodeCloseStatement(statement))
      this.#exchange.sent({ kind: 'clear', statement })
    }
    before.push(message)
    this.#exchange.sent({ kind: 'replay', statement })
    if (this.#statements.hasShape(statement)) {
      before.push(encodeDescribeStatement(statement))
      this.#exchange.sent({ kind: 'shape', statement, isReplay: true })
    }
    this.#awaited = 'ours'
    return { act: 'hold', before: Buffer.concat([...before, encodeFlush()]) }
  }

  #bind({ statement, portal, parameters }: ClientMessage & { readonly kind: 'bind' }): RequestVerdict {
    if (!this.#exchange.isHeard) return this.#pass({ kind: 'bind' })
    const made = this.#statements.traitsOf(statement)
    const traits = this.#texts.ofStatement(statement, made, this.#exchange.segment)
    const before = traits === 'unknown' ? traits : this.#standIn(traits.deallocates)
    if (traits === 'unknown' || before === 'unknown') return this.#holdForEverything()
    this.#runs(traits, parameters)
    this.#texts.bound(portal, traits)
    this.#exchange.sent({ kind: 'bind' })
    return { act: 'pass', before }
  }

  /** Whether an unanswered request may change what this statement name stands for. */
  #dependsOnAnswers(statement: string): boolean {
    if (statement !== UNNAMED && this.#mayDeallocateAll && !this.#exchange.isAnswered) return true
    return this.#exchange.some(
      (request) =>
        ('statement' in request && request.statement === statement) ||
        ('deallocates' in request && request.deallocates === statement) ||
        (statement === UNNAMED && request.kind === 'query'),
    )
  }

  #holdForEverything(): RequestVerdict {
    this.#awaited = 'everything'
    return { act: 'hold', before: encodeFlush() }
  }

  #pass(request: Request): RequestVerdict {
    this.#exchange.sent(request)
    return PASS
  }

  // The backend's answers.

  #mismatch(): AnswerVerdict {
    this.lose()
    return PASS
  }

  #answered(kind: 'bind' | 'execute'): AnswerVerdict {
    if (this.#exchange.current?.kind !== kind) return this.#mismatch()
    this.#exchange.answered()
    return PASS
  }

  #ready(status: number | undefined): AnswerVerdict {
    const answered = this.#exchange.ready()
    if (answered === undefined) return this.#mismatch()
    if (answered.kind === 'query') this.#statements.simpleQueryRan()
    this.#isInTransaction = status !== TRANSACTION_STATUS.idle
    if (!this.#exchange.isEmpty) return PASS
    this.#mayDeallocateAll = false
    if (!this.#isInTransaction && this.phase === 'between') this.#texts.transactionEnded()
    return PASS
  }

  #completed(tag: string): AnswerVerdict {
    const { current } = this.#exchange
    if (current?.kind !== 'query' && current?.kind !== 'execute') return this.#mismatch()
    if (tag === 'DISCARD ALL' || tag === 'DEALLOCATE ALL') this.#statements.deallocatedAll()
    if (tag === 'DEALLOCATE' && current.deallocates !== undefined) {
      this.#statements.closed(current.deallocates)
    }
    this.#leftovers.completed(tag, current.setsLocally)
    this.#exchange.copyEnded()
    if (current.kind === 'execute') this.#exchange.answered()
    return PASS
  }

  #parsed(): AnswerVerdict {
    const { current } = this.#exchange
    if (current?.kind !== 'parse' && current?.kind !== 'replay' && current?.kind !== 'stand_in') {
      return this.#mismatch()
    }
    const { kind, statement } = current
    this.#exchange.answered()
    if (kind === 'parse') {
      this.#statements.made(statement, current.message, this.#texts.parseAnswered(statement))
      return PASS
    }
    if (kind === 'replay') this.#statements.madeAgain(statement)
    else this.#statements.stoodIn(statement)
    return DROP
  }

  #described(type: number, detail: () => FieldCursor | undefined): AnswerVerdict {
    const { current } = this.#exchange
    if (current?.kind === 'query') return PASS
    if (current?.kind === 'describe' || current?.kind === 'describe_portal') {
      this.#exchange.answered()
      return PASS
    }
    if (current?.kind !== 'shape') return this.#mismatch()
    this.#exchange.answered()
    const body = type === BACKEND.noData ? NO_COLUMNS : detail()?.rest()
    const shape = body === undefined ? undefined : rowShapeOf(body)
    this.#statements.described(current.statement, shape, current.isReplay)
    return DROP
  }

  #closed(): AnswerVerdict {
    const { current } = this.#exchange
    if (current?.kind === 'clear') {
      this.#exchange.answered()
      this.#statements.cleared(current.statement)
      return DROP
    }
    if (current?.kind !== 'close' && current?.kind !== 'close_portal') return this.#mismatch()
    this.#exchange.answered()
    if (current.kind === 'close') this.#statements.closed(current.statement)
    return PASS
  }

  #failed(detail: () => FieldCursor | undefined): AnswerVerdict {
    const failure = this.#exchange.failed()
    if (failure.kind === 'mismatch') return this.#mismatch()
    if (failure.kind === 'alone') return PASS
    const { failed, skipped } = failure
    if (failed?.kind === 'parse') this.#statements.parseFailed(failed.statement)
    if (failed?.kind === 'replay') this.#statements.replayFailed(failed.statement)
    for (const request of [failed, ...skipped]) {
      if (request?.kind === 'parse') this.#texts.parseAnswered(request.statement)
    }
    if (failed?.kind !== 'doomed') return PASS
    const { sqlstate } = decodeErrorResponse(detail()?.rest() ?? Buffer.alloc(0))
    return sqlstate === UNDEFINED_OBJECT ? { act: 'replace', by: RESULT_TYPE_CHANGED } : PASS
  }
}

/** Which of our own requests a held message waits for. */
const isAwaited = (request: Request): boolean =>
  request.kind === 'replay' || request.kind === 'clear' || (request.kind === 'shape' && request.isReplay)
