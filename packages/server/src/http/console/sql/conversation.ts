/**
 * One conversation with PostgreSQL in the extended query protocol ("Message Flow"). The caller waits for answers of
 * certain types; messages that PostgreSQL sends at any time (notices, notifications, parameters) go to their own
 * listeners.
 */
import type { SqlTransactionState } from '@lakegate/client'
import { buildMessage, field } from '../../../protocol/message-builder.ts'
import { encodeFlush, encodeSync } from '../../../protocol/frontend-statements.ts'
import { BACKEND, ERROR_FIELD, FRONTEND, TARGET } from '../../../protocol/message-types.ts'
import type { BackendConnection } from './backend-connection.ts'
import { readErrorFields } from './backend-messages.ts'
import type { ReceivedValue } from './row-assembler.ts'

export type ErrorFields = ReadonlyMap<string, string>

/** The answer to one step of the protocol. */
export type Answer =
  | { readonly kind: 'columns'; readonly body: Buffer }
  | { readonly kind: 'no_columns' }
  | { readonly kind: 'complete'; readonly tag: string }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'error'; readonly fields: ErrorFields }
  | { readonly kind: 'copy_in' }
  | { readonly kind: 'ready' }

/** Receives the rows of the statement that is being executed. */
export interface RowSink {
  wants(): boolean
  roomFor(bytes: number): number
  row(values: readonly ReceivedValue[]): void
}

export interface Unasked {
  notice(fields: ErrorFields): void
  notification(processId: number, channel: string, payload: string): void
  parameter(name: string, value: string): void
  transaction(state: SqlTransactionState): void
}

/** The connection to PostgreSQL has ended, or violated the protocol. */
export class ConversationOver extends Error {
  /** The error with which it ended, if any. */
  readonly fields: ErrorFields | undefined

  constructor(fields: ErrorFields | undefined) {
    super('the session of PostgreSQL is over')
    this.name = 'ConversationOver'
    this.fields = fields
  }
}

const TRANSACTION_STATES: Readonly<Record<string, SqlTransactionState>> = {
  I: 'none',
  T: 'open',
  E: 'failed',
}

export class Conversation {
  readonly #connection: BackendConnection
  readonly #unasked: Unasked
  readonly #onOver: (fields: ErrorFields | undefined) => void
  #transaction: SqlTransactionState = 'none'
  #sink: RowSink | undefined
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined
  #answers: Answer[] = []
  #lastError: ErrorFields | undefined
  #over: ConversationOver | undefined

  constructor(
    connection: BackendConnection,
    unasked: Unasked,
    onOver: (fields: ErrorFields | undefined) => void,
  ) {
    this.#connection = connection
    this.#unasked = unasked
    this.#onOver = onOver
    connection.listen(
      {
        message: (type, body) => {
          this.#receive(type, body)
        },
        row: (values) => {
          if (values !== undefined) this.#sink?.row(values)
        },
        roomFor: (bytes) => this.#sink?.roomFor(bytes) ?? 0,
        wantsRows: () => this.#sink?.wants() ?? false,
        violated: () => {
          connection.end()
          this.#end(undefined)
        },
      },
      () => {
        this.#end(this.#lastError)
      },
    )
  }

  get transaction(): SqlTransactionState {
    return this.#transaction
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** From now on rows go to this sink. */
  directRows(sink: RowSink | undefined): void {
    this.#sink = sink
  }

  send(...messages: readonly Buffer[]): void {
    this.#connection.send(...messages)
  }

  /** The next answer. @throws ConversationOver */
  next(): Promise<Answer> {
    const answer = this.#answers.shift()
    if (answer !== undefined) return Promise.resolve(answer)
    if (this.#over !== undefined) return Promise.reject(this.#over)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /**
   * Sends Sync, and reads until ReadyForQuery.
   * @returns the error that occurred on the way, for example because a commit at this point was refused
   */
  async sync(): Promise<ErrorFields | undefined> {
    this.send(encodeSync())
    let error: ErrorFields | undefined
    for (;;) {
      const answer = await this.next()
      if (answer.kind === 'ready') return error
      if (answer.kind === 'error') error ??= answer.fields
    }
  }

  #receive(type: number, body: Buffer): void {
    switch (type) {
      case BACKEND.noticeResponse:
        this.#unasked.notice(readErrorFields(body))
        return
      case BACKEND.notificationResponse:
        this.#receiveNotification(body)
        return
      case BACKEND.parameterStatus: {
        const [name = '', value = ''] = body.toString('utf8').split('\0')
        this.#unasked.parameter(name, value)
        return
      }
      case BACKEND.readyForQuery:
        this.#transaction = TRANSACTION_STATES[body.toString('latin1')] ?? 'none'
        this.#unasked.transaction(this.#transaction)
        this.#answer({ kind: 'ready' })
        return
      case BACKEND.rowDescription:
        this.#answer({ kind: 'columns', body: Buffer.from(body) })
        return
      case BACKEND.noData:
        this.#answer({ kind: 'no_columns' })
        return
      case BACKEND.commandComplete:
        this.#answer({ kind: 'complete', tag: body.subarray(0, -1).toString('utf8') })
        return
      case BACKEND.portalSuspended:
        this.#answer({ kind: 'suspended' })
        return
      case BACKEND.emptyQueryResponse:
        this.#answer({ kind: 'empty' })
        return
      case BACKEND.copyInResponse:
        this.#answer({ kind: 'copy_in' })
        return
      case BACKEND.errorResponse:
        this.#lastError = readErrorFields(body)
        // After FATAL comes only the end of the connection, so there is nothing to wait for.
        if (
          this.#lastError.get(ERROR_FIELD.severity) !== 'FATAL' &&
          this.#lastError.get(ERROR_FIELD.severity) !== 'PANIC'
        )
          this.#answer({ kind: 'error', fields: this.#lastError })
        return
      default:
      // ParseComplete, BindComplete, CloseComplete, CopyOutResponse, CopyDone: the messages that follow matter.
    }
  }

  #receiveNotification(body: Buffer): void {
    if (body.length < 4) return
    const [channel = '', payload = ''] = body.subarray(4).toString('utf8').split('\0')
    this.#unasked.notification(body.readInt32BE(0), channel, payload)
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#answers.push(answer)
    else waiting.resolve(answer)
  }

  #end(fields: ErrorFields | undefined): void {
    if (this.#over !== undefined) return
    this.#over = new ConversationOver(fields)
    this.#waiting?.reject(this.#over)
    this.#waiting = undefined
    this.#onOver(fields)
  }
}

/** The portal for the person's statements, and the console's own portal, which must not replace it. */
export const PORTAL = { person: '', own: 'lakegate_console' } as const

const NONE = field.int16(0)
const UNNAMED = field.string('')

/** Parse, Bind and Describe; all results as text. */
export const encodePrepare = (
  text: string,
  portal: string,
  parameters: readonly (string | null)[] = [],
): Buffer =>
  Buffer.concat([
    buildMessage(FRONTEND.parse, UNNAMED, field.string(text), NONE),
    buildMessage(
      FRONTEND.bind,
      field.string(portal),
      UNNAMED,
      NONE,
      field.int16(parameters.length),
      ...parameters.flatMap((value) => {
        if (value === null) return [field.int32(-1)]
        const bytes = Buffer.from(value, 'utf8')
        return [field.int32(bytes.length), bytes]
      }),
      NONE,
    ),
    buildMessage(FRONTEND.describe, Buffer.of(TARGET.portal), field.string(portal)),
  ])

/** @param rows the maximum; 0 for all */
export const encodeExecute = (portal: string, rows: number): Buffer =>
  Buffer.concat([buildMessage(FRONTEND.execute, field.string(portal), field.int32(rows)), encodeFlush()])

export const encodeClosePortal = (portal: string): Buffer =>
  buildMessage(FRONTEND.close, Buffer.of(TARGET.portal), field.string(portal))

export const encodeCopyFail = (reason: string): Buffer =>
  buildMessage(FRONTEND.copyFail, field.string(reason))

export { encodeFlush } from '../../../protocol/frontend-statements.ts'
