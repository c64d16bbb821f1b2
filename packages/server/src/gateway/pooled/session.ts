/**
 * One logical session of the pooled endpoint: borrows a backend for each transaction and passes messages on unchanged.
 * It reads their types and lengths, and the names of prepared statements, to know when the backend is free again.
 */
import { refused, RefusedError } from '../../operations/refused-error.ts'
import { encodeFlush, encodeTerminate } from '../../protocol/frontend-statements.ts'
import { LONGEST_LAST_WORD, sqlstateThatEnds } from '../../protocol/last-word.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import { MessageScanner } from '../../protocol/message-scanner.ts'
import { ConnectionEnded, type ByteStream } from '../streams/byte-stream.ts'
import { ANSWER_LINGER_MS, closeConnection } from '../close-connection.ts'
import { endWith, refusalMessage } from '../refusal-message.ts'
import type { SessionEnd } from '../sessions/session-link.ts'
import { BackendEnded, BackendRefused } from './backend-ends.ts'
import type { BackendOwner, PooledBackend, Tenant } from './backend.ts'
import { borrow } from './borrow.ts'
import {
  longestRequest,
  prefixOfRequest,
  readClientMessage,
  type ClientMessage,
  type Violation,
} from './conversation/client-message.ts'
import { Conversation } from './conversation/conversation.ts'
import { Leftovers } from './conversation/leftovers.ts'
import { DROP, PASS, type AnswerVerdict } from './conversation/verdict.ts'
import { Outlet } from './outlet.ts'
import type { Pool } from './pool.ts'
import { parameterStatusOf } from './reported-parameters.ts'
import { ToldSettings } from './told-settings.ts'

export interface PooledSessionPorts {
  readonly pool: Pool
  readonly passCancel: (key: { readonly processId: number; readonly key: Buffer }) => Promise<void>
  readonly onDefect: (error: unknown) => void
}

/** How much a client may send while it waits for a backend before its stream is paused. */
const MOST_WAITING_BYTES = 128 * 1024

/** How soon we notice that a client which has ended its side of the stream is gone altogether. */
const PROBE_MS = 1_000

/** Created once: every orderly end uses it, and creating an Error captures a stack trace. */
const CLIENT_LEFT = new ConnectionEnded()

/**
 * Between transactions PostgreSQL answers none of these: COPY messages are left over from a failed COPY
 * (`PostgresMain`), and Flush has nothing to flush.
 */
const WAITS_FOR_NO_BACKEND: ReadonlySet<(ClientMessage | Violation)['kind']> = new Set([
  'copy_data',
  'copy_done',
  'copy_fail',
  'flush',
  'terminate',
] as const)

/**
 * What happens to the client's next message:
 *
 *   reading    it is passed on; when it needs a backend and the session has none -> waiting
 *   waiting    for a backend that is being borrowed; then -> reading
 *   holding    for answers to what was sent before (conversation/); then -> reading
 *   violated   it is not read: PostgreSQL has been sent the header that it refuses, or Terminate, and ends the session
 *   leaving    it is not read: Terminate or the end of the stream was passed on; the backend finishes its requests
 *   over       it is dropped; every other state may become this one
 */
type State = 'reading' | 'waiting' | 'holding' | 'violated' | 'leaving' | 'over'

export class PooledSession implements BackendOwner, Tenant {
  home: PooledBackend | undefined
  moving: Promise<void> | undefined
  /** The process id that its client got in BackendKeyData. */
  processId: number | undefined
  readonly leftovers = new Leftovers()
  readonly #conversation = new Conversation(this.leftovers)
  readonly #client: ByteStream
  readonly #ports: PooledSessionPorts
  readonly #told: ToldSettings
  readonly #requests = new MessageScanner({ longestOf: longestRequest, prefixOf: prefixOfRequest })
  readonly #toBackend = new Outlet(this.#requests)
  readonly #gone = new AbortController()
  #toClient: Outlet | undefined
  /** The client does not read; as in PostgreSQL, nothing is read from it either until it does. */
  #isClientFull = false
  #backend: PooledBackend | undefined
  #state: State = 'reading'
  /** The client has ended its side of the stream, but still reads answers. */
  #hasSentAll = false
  #probing: NodeJS.Timeout | undefined
  /** The protocol violation that the client committed. */
  #violation: RefusedError | undefined
  /** The beginning of the last answer, without its header, if it was an ErrorResponse. */
  #lastError: Buffer | undefined
  /** How the session ended; undefined when it was ended from outside, or by the client's Terminate. */
  #ownEnd: SessionEnd | undefined

  /** @param told the settings that were reported to the client at its login */
  constructor(client: ByteStream, told: ReadonlyMap<string, string>, ports: PooledSessionPorts) {
    this.#client = client
    this.#told = new ToldSettings(told)
    this.#ports = ports
  }

  /**
   * @param early what the client sent after its password. Resolves when the connection is over, with how it ended
   * unless the client or `end` ended it.
   */
  async run(early: Buffer): Promise<SessionEnd | undefined> {
    const closed = new Promise<void>((resolve) => {
      if (this.#client.closed) resolve()
      else this.#client.once('close', resolve)
    })
    this.#client.on('data', this.#onRequestBytes)
    this.#client.on('drain', this.#onClientReads)
    this.#client.on('end', this.#onRequestEnd)
    // Before anything that came later: the stream may emit that, and its end, as soon as it is resumed.
    if (early.length > 0) this.#onRequestBytes(early)
    this.#client.resume()
    if (this.#client.readableEnded) this.#onRequestEnd()
    await closed
    this.#leave()
    return this.#ownEnd
  }

  /** Whether it runs a statement or waits for a backend. */
  get isWorking(): boolean {
    return this.#state === 'waiting' || this.#conversation.isWorking
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  get #isInsideAnswer(): boolean {
    return this.#toClient?.isInsideMessage === true
  }

  /** @returns false when the client does not read; `drain` then resumes the backend */
  receive(message: Buffer): boolean {
    return this.isOver || this.#hasRoomFor(this.#client.write(message))
  }

  /** @param hasRoom what `write` returned */
  #hasRoomFor(hasRoom: boolean): boolean {
    // A stream that is gone takes everything; on Node its `write` returns false, and no `drain` follows.
    if (hasRoom || this.#client.destroyed) return true
    this.#isClientFull = true
    this.#client.pause()
    return false
  }

  readonly #onClientReads = (): void => {
    this.#isClientFull = false
    const backend = this.#backend ?? this.home
    backend?.socket.resume()
    this.#readOn()
  }

  #readOn(): void {
    if (!this.#isClientFull) this.#client.resume()
  }

  wasAsked(): void {
    this.#conversation.wasAsked()
  }

  endBecause(error: RefusedError | BackendEnded): void {
    this.#fail(error)
  }

  /** Cancels what the backend does for this session, if it does anything (attack 13). */
  async cancel(): Promise<void> {
    if (this.#conversation.isBusy) await this.#backend?.cancel(this.#ports.passCancel)
  }

  /**
   * Ends the session from outside; the client gets the error unless it would be taken for the rest of another message.
   */
  end(error: unknown): void {
    if (this.isOver) return
    this.#state = 'over'
    this.#gone.abort(new ConnectionEnded())
    this.#discardBackend()
    // A client that reads slowly has answers to read before the last message, as at every other end of a session.
    const lingerMs = ANSWER_LINGER_MS
    if (error instanceof ConnectionEnded) closeConnection(this.#client)
    else if (this.#isInsideAnswer) closeConnection(this.#client, { lingerMs })
    else {
      const isOfPostgresql = error instanceof BackendRefused || error instanceof BackendEnded
      endWith(this.#client, isOfPostgresql ? error.answer : refusalMessage(error), lingerMs)
    }
  }

  /** Ends the session for a reason that arose in the session itself. */
  #fail(error: unknown): void {
    if (!this.isOver) this.#ownEnd ??= endBecauseOf(error)
    this.end(error)
  }

  onBytes(): void {
    const backend = this.#backend
    const outlet = this.#toClient
    if (backend === undefined || outlet === undefined) return
    const { scanner } = backend
    for (let seen = scanner.see(); seen !== 'need_more'; seen = scanner.see()) {
      if (seen === 'violation') {
        this.#conversation.lose()
        backend.socket.destroy()
        return
      }
      if (seen === 'message') outlet.begin(this.#judgeAnswer(backend))
      else outlet.continue()
      scanner.take()
    }
    if (!this.#hasRoomFor(outlet.flush(this.#client))) backend.socket.pause()
    if (this.#state === 'holding' && !this.#conversation.isHolding) {
      this.#state = 'reading'
      this.#readOn()
      this.#passRequests()
    } else this.#releaseIfFinished()
  }

  onClosed(): void {
    this.#backend = undefined
    const lastWord = this.#lastError === undefined ? undefined : sqlstateThatEnds(this.#lastError)
    const isLeaving = this.#state === 'leaving'
    if (!isLeaving) this.#ownEnd ??= { reason: 'backend_ended', sqlstate: lastWord }
    // The client has PostgreSQL's last message, or cannot be sent one; its remaining requests are dropped.
    if (isLeaving || lastWord !== undefined || this.#isInsideAnswer) this.#close()
    else this.end(this.#violation ?? refused('pooled_backend_lost'))
  }

  readonly #onRequestBytes = (chunk: Buffer): void => {
    const isRead = this.#state === 'reading'
    if (!isRead && this.#state !== 'waiting' && this.#state !== 'holding') return
    this.#requests.push(chunk)
    if (isRead) this.#passRequests()
    else if (this.#requests.untaken > MOST_WAITING_BYTES) this.#client.pause()
  }

  /** As in PostgreSQL, the end of the stream counts when all messages before it have been read. */
  readonly #onRequestEnd = (): void => {
    if (this.#hasSentAll || this.isOver || this.#state === 'leaving') return
    this.#hasSentAll = true
    this.#probing = setInterval(this.#probe, PROBE_MS)
    if (this.#state !== 'waiting' && this.#state !== 'holding') this.#endRequests()
  }

  /**
   * A client that crashed looks the same, except that its system answers anything sent to it with a reset; then its
   * statement is cancelled. PostgreSQL may report a setting at any time, so an unchanged one is sent as the probe.
   */
  readonly #probe = (): void => {
    const status = this.#told.sayAgain()
    if (status !== undefined && !this.#isInsideAnswer && this.#client.writable) this.#client.write(status)
  }

  #endRequests(): void {
    if (this.#backend === undefined) {
      this.#close()
      return
    }
    this.#state = 'leaving'
    this.#backend.socket.end()
  }

  /** Closes after everything already written has been sent. */
  #close(): void {
    this.#state = 'over'
    closeConnection(this.#client, { lingerMs: ANSWER_LINGER_MS })
  }

  #passRequests(): void {
    const requests = this.#requests
    for (let seen = requests.see(); seen !== 'need_more'; seen = requests.see()) {
      if (seen === 'violation') {
        this.#violate({ kind: 'violation', violation: 'invalid message length', endsSession: true })
        return
      }
      if (seen === 'message') {
        const message = readClientMessage(requests)
        if (this.#backend === undefined && !this.#findBackend(message.kind)) return
        if (message.kind === 'violation') {
          this.#violate(message)
          return
        }
        if (message.kind === 'terminate') {
          this.#terminate()
          return
        }
        const verdict = this.#backend === undefined ? DROP : this.#conversation.judge(message)
        this.#toBackend.begin(verdict)
        if (verdict.act === 'hold') {
          this.#state = 'holding'
          this.#flushRequests()
          return
        }
      } else this.#toBackend.continue()
      requests.take()
    }
    this.#flushRequests()
    this.#releaseIfFinished()
    if (this.#hasSentAll) this.#endRequests()
  }

  /**
   * The client's messages can no longer be read reliably, so nothing more is read. PostgreSQL answers what came before
   * and ends the session; the client gets PostgreSQL's error, or ours when PostgreSQL sends none.
   */
  #violate({ violation, endsSession }: Violation): void {
    const refusal = refused('protocol_violation', { violation })
    const backend = this.#backend
    if (backend === undefined) {
      this.#fail(refusal)
      return
    }
    this.#ownEnd ??= endBecauseOf(refusal)
    this.#violation = refusal
    this.#state = 'violated'
    this.#conversation.lose()
    this.#toBackend.insert(encodeFlush())
    this.#toBackend.insert(endsSession ? this.#requests.header() : encodeTerminate())
    this.#toBackend.flush(backend.socket)
    this.#client.resume()
  }

  /** @returns false when the request must wait; it is passed on later without another call */
  #findBackend(kind: (ClientMessage | Violation)['kind']): boolean {
    if (WAITS_FOR_NO_BACKEND.has(kind)) return true
    const own = this.#ports.pool.takeOwn(this)
    if (own !== undefined) {
      this.#use(own)
      return true
    }
    this.#state = 'waiting'
    this.#borrow().then(
      () => {
        if (this.isOver) return
        this.#state = 'reading'
        this.#readOn()
        this.#passRequests()
      },
      (error: unknown) => {
        if (!(
          error instanceof RefusedError ||
          error instanceof BackendRefused ||
          error instanceof ConnectionEnded
        )) {
          this.#ports.onDefect(error)
        }
        this.#fail(error)
      },
    )
    return false
  }

  async #borrow(): Promise<void> {
    const { pool } = this.#ports
    const { backend, isOwn } = await borrow(pool, this, this.#gone.signal)
    if (!isOwn) this.#conversation.changedBackend()
    if (this.isOver) pool.release(backend)
    else this.#use(backend)
  }

  #use(backend: PooledBackend): void {
    backend.lendTo(this)
    this.#backend = backend
    this.#toClient = new Outlet(backend.scanner)
    this.#lastError = undefined
    this.#told.begin()
    if (!backend.changedWhileIdle) return
    backend.changedWhileIdle = false
    const news = this.#told.catchUp(backend.reported)
    if (news.length > 0) this.#client.write(news)
  }

  #flushRequests(): void {
    const socket = this.#backend?.socket
    if (socket === undefined || this.#toBackend.flush(socket)) return
    this.#client.pause()
    socket.once('drain', () => {
      this.#readOn()
    })
  }

  #terminate(): void {
    const backend = this.#backend
    if (backend === undefined) {
      this.#close()
      return
    }
    this.#state = 'leaving'
    this.#toBackend.begin(PASS)
    this.#requests.take()
    this.#toBackend.flush(backend.socket)
    backend.socket.end()
  }

  #judgeAnswer(backend: PooledBackend): AnswerVerdict {
    const { scanner, reported } = backend
    const { type } = scanner
    this.#lastError =
      type === BACKEND.errorResponse ? Buffer.from(scanner.body().subarray(0, LONGEST_LAST_WORD)) : undefined
    if (type === BACKEND.notificationResponse) this.#nameSender(backend)
    if (type === BACKEND.noticeResponse || type === BACKEND.notificationResponse) return PASS
    if (type !== BACKEND.parameterStatus) {
      return this.#conversation.received(type, backend.answerFields)
    }
    const status = scanner.isWhole ? parameterStatusOf(scanner.body()) : undefined
    if (status === undefined) {
      this.#conversation.lose()
      return PASS
    }
    this.#told.pass(status, reported)
    return PASS
  }

  /**
   * A client recognises its own notifications by the process id of its BackendKeyData (libpq, "Asynchronous
   * Notification": `be_pid`), but PostgreSQL sends that of the backend. A notification from this backend that arrives
   * while the session has it was sent by the session itself.
   */
  #nameSender({ scanner, cancelKey }: PooledBackend): void {
    const body = scanner.body()
    if (this.processId === undefined || cancelKey === undefined || body.length < 4) return
    if (body.readInt32BE(0) === cancelKey.processId) body.writeInt32BE(this.processId, 0)
  }

  #releaseIfFinished(): void {
    const backend = this.#backend
    const isFree =
      backend !== undefined &&
      this.#conversation.isFinished &&
      !this.#requests.isInsideMessage &&
      backend.scanner.isBetweenMessages &&
      this.#state !== 'leaving'
    if (!isFree) return
    if (this.#told.hasChanged(backend.reported)) this.leftovers.suspect()
    this.#backend = undefined
    this.#toClient = undefined
    this.#ports.pool.release(backend)
  }

  #leave(): void {
    const isLeaving = this.#state === 'leaving'
    this.#state = 'over'
    this.#gone.abort(CLIENT_LEFT)
    clearInterval(this.#probing)
    // After Terminate, PostgreSQL finishes what it was asked to do, although no client reads the answers.
    if (isLeaving && !this.#hasSentAll) this.#backend?.socket.resume()
    else this.#discardBackend()
    this.#ports.pool.leave(this)
  }

  /** Undoes whatever the backend was doing, and does not use it again (attack 30). */
  #discardBackend(): void {
    const backend = this.#backend
    if (backend === undefined) return
    this.#backend = undefined
    backend.takeBack()
    // PostgreSQL notices a closed connection only when it writes to it.
    if (this.#conversation.isBusy) void backend.cancel(this.#ports.passCancel)
    backend.socket.destroy()
  }
}

function endBecauseOf(error: unknown): SessionEnd | undefined {
  if (error instanceof ConnectionEnded) return undefined
  if (error instanceof BackendRefused) return { reason: 'backend_refused', sqlstate: error.sqlstate }
  if (error instanceof BackendEnded) return { reason: 'backend_ended', sqlstate: error.sqlstate }
  const reason = error instanceof RefusedError ? error.refusal.name : 'internal_error'
  return { reason, sqlstate: undefined }
}
