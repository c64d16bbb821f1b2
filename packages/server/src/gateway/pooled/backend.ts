/**
 * One backend of a pool: opened as its role, lent to one logical session after another, and emptied in between by a
 * reset. The answer to the reset is read before the next session may send anything (attack 30).
 */
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import { decodeErrorResponse } from '../../protocol/error-response.ts'
import type { FieldCursor, Frame } from '../../protocol/frame.ts'
import { encodeQuery, encodeTerminate } from '../../protocol/frontend-statements.ts'
import { sqlstateThatEnds } from '../../protocol/last-word.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE, LONGEST_MESSAGE } from '../../protocol/limits.ts'
import { BACKEND, TRANSACTION_STATUS } from '../../protocol/message-types.ts'
import { MessageScanner } from '../../protocol/message-scanner.ts'
import { BackendEnded, BackendGone } from './backend-ends.ts'
import type { Leftovers } from './conversation/leftovers.ts'
import {
  askCustom,
  askInventory,
  readCustom,
  readInventory,
  setAgain,
  type Inventory,
  type Settings,
} from './inventory.ts'
import { buildMessage } from '../../protocol/message-builder.ts'
import { backendKeyOf, parameterStatusOf, type ParameterValues } from './reported-parameters.ts'

/** Whatever reads the backend's messages at the moment. */
export interface BackendOwner {
  /** Bytes have arrived; they are in the scanner. */
  onBytes(): void
  onClosed(): void
}

/** A logical session, as seen by a backend. */
export interface Tenant {
  /** The idle backend that it used last, if no other session has used it since. */
  home: PooledBackend | undefined
  /**
   * Set while that backend is asked what the session left in it; resolves once it is known whether the session goes on
   * there or on another backend.
   */
  moving: Promise<void> | undefined
  readonly isOver: boolean
  readonly leftovers: Leftovers
  /** Passes on a message that arrived between two transactions: a notification that the session listens for. */
  receive(message: Buffer): boolean
  /** The backend was asked by simple queries what the session left in it, and still belongs to the session. */
  wasAsked(): void
  /** What the session left in a backend cannot be kept, or was lost. */
  endBecause(error: RefusedError | BackendEnded): void
}

/** How long a backend may take to answer a statement of ours. */
const OWN_STATEMENT_LIMIT_MS = 10_000

/**
 * Message types that are read whole, up to LONGEST_UNDERSTOOD: their content matters, or they may come while the
 * backend is idle, when a notification is passed to the session that listens. Of all others only the first byte is
 * needed.
 */
const WHOLE: ReadonlySet<number> = new Set([
  BACKEND.parameterStatus,
  BACKEND.commandComplete,
  BACKEND.rowDescription,
  BACKEND.readyForQuery,
  BACKEND.notificationResponse,
  BACKEND.noticeResponse,
  BACKEND.errorResponse,
])
/** A longer message is passed on without being read; if it is a ParameterStatus, the backend is taken out of use. */
const LONGEST_UNDERSTOOD = 64 * 1024

export class PooledBackend {
  readonly socket: ByteStream
  readonly scanner: MessageScanner
  /** The last value that PostgreSQL reported for every setting that it reports. */
  readonly reported: ParameterValues = new Map<string, string>()
  /** Its real key for cancel requests; clients get one that the gateway made. */
  cancelKey: { readonly processId: number; readonly key: Buffer } | undefined
  /** The session that may have left something in it; undefined right after a reset. */
  tenant: Tenant | undefined
  /** Time of the pool's clock. */
  releasedAt = 0
  /** A message arrived while it was idle, such as one about a setting that changed for all sessions. */
  changedWhileIdle = false
  /** session_authorization and role, as they were when it was opened. */
  openedAs: readonly string[] = []
  /** Fingerprint of the settings of its role and database when it was opened (protocol/settings-fingerprint.ts). */
  openedWith: string | undefined
  /** The ErrorResponse with which PostgreSQL ended it while it was idle. */
  lastWord: BackendEnded | undefined
  readonly #cancels = new Set<Promise<void>>()
  #owner: BackendOwner
  #isConversing = false

  /** @param greeting what the backend has sent after AuthenticationOk */
  constructor(socket: ByteStream, greeting: Buffer) {
    this.socket = socket
    this.scanner = new MessageScanner({
      longestOf: () => LONGEST_MESSAGE,
      prefixOf: (type, total) => {
        if (this.#isConversing) return Math.min(total, LONGEST_BACKEND_LOGIN_MESSAGE)
        return WHOLE.has(type) ? Math.min(total, LONGEST_UNDERSTOOD) : 1
      },
    })
    this.scanner.push(greeting)
    this.#owner = this.#whileIdle
    socket.on('data', (chunk: Buffer) => {
      this.scanner.push(chunk)
      this.#owner.onBytes()
    })
    socket.once('close', () => {
      this.#owner.onClosed()
    })
    socket.resume()
  }

  /** The fields of the message that the scanner sees, if all of it is there. */
  readonly answerFields = (): FieldCursor | undefined =>
    this.scanner.isWhole ? this.scanner.fields() : undefined

  get isGone(): boolean {
    return this.socket.destroyed || !this.socket.writable
  }

  lendTo(owner: BackendOwner): void {
    this.#owner = owner
  }

  takeBack(): void {
    this.#owner = this.#whileIdle
    this.socket.resume()
  }

  /** Sends statements of ours and reads the answers, up to the given number of ReadyForQuery. */
  async converse(bytes: Buffer, ready: number): Promise<readonly Frame[]> {
    const frames: Frame[] = []
    this.#isConversing = true
    const deadline = setTimeout(() => this.socket.destroy(), OWN_STATEMENT_LIMIT_MS)
    try {
      await new Promise<void>((resolve, reject) => {
        const read = () => {
          for (let seen = this.scanner.see(); seen !== 'need_more'; seen = this.scanner.see()) {
            if (seen !== 'message' || !this.scanner.isWhole) {
              this.socket.destroy()
              return
            }
            this.scanner.take()
            const frame = {
              type: this.scanner.type,
              body: Buffer.from(this.scanner.body()),
            }
            if (frame.type === BACKEND.parameterStatus) this.#report(frame.body)
            else if (frame.type === BACKEND.notificationResponse)
              this.tenant?.receive(buildMessage(BACKEND.notificationResponse, frame.body))
            else if (frame.type !== BACKEND.noticeResponse) frames.push(frame)
            if (frames.filter(({ type }) => type === BACKEND.readyForQuery).length < ready) continue
            resolve()
            return
          }
        }
        this.#owner = {
          onBytes: read,
          onClosed: () => {
            reject(new BackendGone(frames))
          },
        }
        if (this.isGone) reject(new BackendGone(frames))
        else {
          if (bytes.length > 0) this.socket.write(bytes)
          this.socket.resume()
          read()
        }
      })
      return frames
    } finally {
      clearTimeout(deadline)
      this.#isConversing = false
      this.takeBack()
    }
  }

  /** Reads up to the first ReadyForQuery. */
  async begin(): Promise<void> {
    const frames = await this.converse(Buffer.alloc(0), 1)
    const key = frames.find(({ type }) => type === BACKEND.backendKeyData)
    this.cancelKey = key === undefined ? undefined : backendKeyOf(key.body)
  }

  /** Asks the backend what its tenant has left. Resolves to undefined when the backend ended instead of answering. */
  async ask(customNames: readonly string[]): Promise<Inventory | undefined> {
    try {
      // A cancel request that is still on its way must not hit our statements.
      await Promise.all(this.#cancels)
      const { bytes, ready } = askInventory(customNames)
      const frames = await this.converse(bytes, ready)
      if (statusesOf(frames).at(-1) === TRANSACTION_STATUS.idle) return readInventory(frames, this.openedAs)
    } catch (error) {
      if (!(error instanceof BackendGone)) throw error
      this.#receiveLastWord(error.frames.findLast(({ type }) => type === BACKEND.errorResponse)?.body)
    }
    this.socket.destroy()
    return undefined
  }

  /**
   * Removes whatever the last session left. DISCARD ALL does not reset the state of random(), which setseed makes
   * predictable; so a new seed is set.
   * @param customNames names of custom settings; their values after the reset are returned, for comparison
   * @returns undefined when the reset failed; then the backend is closed
   */
  async reset(seed: number, customNames: readonly string[] = []): Promise<Settings | undefined> {
    const last = this.tenant
    if (last?.home === this) last.home = undefined
    try {
      // A cancel request that is still on its way must not hit the next session (attack 13).
      await Promise.all(this.#cancels)
      const custom = customNames.length === 0 ? [] : [askCustom(customNames)]
      const statements = [
        encodeQuery('DISCARD ALL'),
        encodeQuery(`SELECT pg_catalog.setseed(${seed.toFixed(15)})`),
        ...custom.map(({ bytes }) => bytes),
      ]
      const frames = await this.converse(Buffer.concat(statements), statements.length)
      const isClean =
        frames.every(({ type }) => type !== BACKEND.errorResponse) &&
        statusesOf(frames).every((status) => status === TRANSACTION_STATUS.idle)
      if (isClean && this.scanner.isBetweenMessages) {
        this.tenant = undefined
        return custom.length === 0 ? new Map() : readCustom(frames)
      }
    } catch (error) {
      if (!(error instanceof BackendGone)) throw error
    }
    this.socket.destroy()
    return undefined
  }

  /** @throws RefusedError pooled_setting_refused, BackendGone */
  async restore(settings: Settings): Promise<void> {
    if (settings.size === 0) return
    const { bytes, ready } = setAgain(settings)
    const frames = await this.converse(bytes, ready)
    const failure = frames.find(({ type }) => type === BACKEND.errorResponse)
    if (failure === undefined) return
    const { message, sqlstate } = decodeErrorResponse(failure.body)
    throw refused('pooled_setting_refused', { reason: `${sqlstate ?? ''} ${message ?? ''}`.trim() })
  }

  /** @param pass sends the request; until it is done, the backend goes to no other session */
  cancel(pass: (key: { readonly processId: number; readonly key: Buffer }) => Promise<void>): Promise<void> {
    if (this.cancelKey === undefined) return Promise.resolve()
    const cancel = pass(this.cancelKey).finally(() => this.#cancels.delete(cancel))
    this.#cancels.add(cancel)
    return cancel
  }

  /** Terminate, for an idle backend. */
  retire(): void {
    // What it still says is of no use, and must be read for the connection to close.
    this.tenant = undefined
    this.socket.end(encodeTerminate())
    this.socket.resume()
  }

  #report(body: Buffer): void {
    const status = parameterStatusOf(body)
    if (status !== undefined) this.reported.set(status.name, status.value)
  }

  #receiveLastWord(body: Buffer | undefined): void {
    if (body !== undefined && sqlstateThatEnds(body) !== undefined) this.lastWord = new BackendEnded(body)
  }

  readonly #whileIdle: BackendOwner = {
    onBytes: () => {
      for (let seen = this.scanner.see(); seen !== 'need_more'; seen = this.scanner.see()) {
        const { type, isWhole, start, end } = this.scanner
        if (seen !== 'message' || !isWhole) {
          this.socket.destroy()
          return
        }
        switch (type) {
          case BACKEND.parameterStatus:
            this.#report(this.scanner.body())
            this.changedWhileIdle = true
            break
          case BACKEND.notificationResponse:
            // A client that does not read holds its backend back, as it would hold PostgreSQL.
            if (this.tenant?.receive(Buffer.from(this.scanner.view(start, end))) === false)
              this.socket.pause()
            break
          case BACKEND.noticeResponse:
            break
          default:
            if (type === BACKEND.errorResponse) this.#receiveLastWord(Buffer.from(this.scanner.body()))
            this.socket.destroy()
            return
        }
        this.scanner.take()
      }
    },
    onClosed: () => undefined,
  }
}

/** The transaction status of every ReadyForQuery. */
const statusesOf = (frames: readonly Frame[]): readonly (number | undefined)[] =>
  frames
    .filter(({ type }) => type === BACKEND.readyForQuery)
    .map(({ body }) => (body.length === 1 ? body[0] : undefined))
