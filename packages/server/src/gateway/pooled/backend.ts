/**
 * One backend of a pool: opened as its role, lent to one logical session after another, and emptied in between by a
 * reset whose answer is read before anybody else gets a word in (attack 30).
 */
import type { Socket } from 'node:net'
import {
  encodeQuery,
  encodeStatement,
  encodeSync,
  encodeTerminate,
} from '../../protocol/frontend-statements.ts'
import { decodeUtf8, type Frame } from '../../protocol/frame.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE, LONGEST_MESSAGE } from '../../protocol/limits.ts'
import { MessageScanner } from '../../protocol/message-scanner.ts'
import { backendKeyOf, parameterStatusOf, type ParameterValues } from './reported-parameters.ts'

/** Who uses the backend at the moment. */
export interface BackendOwner {
  /** Bytes came; they are in the scanner. */
  onBytes(): void
  onClosed(): void
}

/** A logical session, as far as backends know it. */
export interface Tenant {
  /** The idle backend that it used last, and that nobody has used since. */
  home: PooledBackend | undefined
}

/** How long a backend may take for a statement of ours. */
const OWN_STATEMENT_LIMIT_MS = 10_000

const STATUS = 'S'.charCodeAt(0)
const NOTICE = 'N'.charCodeAt(0)
const NOTIFICATION = 'A'.charCodeAt(0)
const WHOLE = new Set(['S', 'C', 'T', 'Z'].map((type) => type.charCodeAt(0)))
/** A longer message is passed on without being understood; a ParameterStatus takes the backend out of use then. */
const LONGEST_UNDERSTOOD = 64 * 1024

/** Settings that a session may change and that PostgreSQL reports: what a driver was told goes on to hold. */
const RESTORABLE = new Set([
  'application_name',
  'client_encoding',
  'DateStyle',
  'default_transaction_read_only',
  'IntervalStyle',
  'search_path',
  'standard_conforming_strings',
  'TimeZone',
])

export class PooledBackend {
  readonly socket: Socket
  readonly scanner: MessageScanner
  /** What PostgreSQL said last of every setting that it reports. */
  readonly reported: ParameterValues = new Map<string, string>()
  /** Its real key for cancel requests; clients are given one of ours. */
  cancelKey: { readonly processId: number; readonly key: Buffer } | undefined
  /** The session that may have left something in it; undefined right after a reset. */
  tenant: Tenant | undefined
  /** Of the clock of the pool. */
  releasedAt = 0
  /** Something came while nobody used it, such as a setting that changed for everybody. */
  changedWhileIdle = false
  readonly #cancels = new Set<Promise<void>>()
  #owner: BackendOwner
  #isConversing = false

  /** @param greeting what it has said behind AuthenticationOk */
  constructor(socket: Socket, greeting: Buffer) {
    this.socket = socket
    this.scanner = new MessageScanner({
      longestOf: () => LONGEST_MESSAGE,
      prefixOf: (type, total) => {
        if (this.#isConversing) return Math.min(total, LONGEST_BACKEND_LOGIN_MESSAGE)
        return WHOLE.has(type) ? Math.min(total, LONGEST_UNDERSTOOD) : 1
      },
    })
    this.scanner.push(greeting)
    this.#owner = this.#nobody
    socket.on('data', (chunk: Buffer) => {
      this.scanner.push(chunk)
      this.#owner.onBytes()
    })
    socket.once('close', () => {
      this.#owner.onClosed()
    })
  }

  get isGone(): boolean {
    return this.socket.destroyed || !this.socket.writable
  }

  lendTo(owner: BackendOwner): void {
    this.#owner = owner
  }

  takeBack(): void {
    this.#owner = this.#nobody
    this.socket.resume()
  }

  /** Sends what is ours to say and reads what it answers, up to that many ReadyForQuery. */
  async converse(bytes: Buffer, ready: number): Promise<readonly Frame[]> {
    const frames: Frame[] = []
    this.#isConversing = true
    const impatience = setTimeout(() => this.socket.destroy(), OWN_STATEMENT_LIMIT_MS)
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
              type: String.fromCharCode(this.scanner.type),
              body: Buffer.from(this.scanner.body()),
            }
            if (frame.type === 'S') this.#report(frame.body)
            else if (frame.type !== 'N' && frame.type !== 'A') frames.push(frame)
            if (frames.filter(({ type }) => type === 'Z').length < ready) continue
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
      clearTimeout(impatience)
      this.#isConversing = false
      this.takeBack()
    }
  }

  /** Reads up to the first ReadyForQuery. */
  async begin(): Promise<void> {
    const frames = await this.converse(Buffer.alloc(0), 1)
    const key = frames.find(({ type }) => type === 'K')
    this.cancelKey = key === undefined ? undefined : backendKeyOf(key.body)
  }

  /**
   * Takes away whatever the last session left. DISCARD ALL leaves one thing: the state of random(), which setseed
   * makes foreseeable.
   * @returns false when it did not work; then the backend is closed
   */
  async reset(seed: number): Promise<boolean> {
    const last = this.tenant
    if (last?.home === this) last.home = undefined
    try {
      // A cancel request that was on its way must not hit the next session (attack 13).
      await Promise.all(this.#cancels)
      const statements = [
        encodeQuery('DISCARD ALL'),
        encodeQuery(`SELECT pg_catalog.setseed(${seed.toFixed(15)})`),
      ]
      const frames = await this.converse(Buffer.concat(statements), statements.length)
      const isClean = frames.every(
        ({ type, body }) => type !== 'E' && (type !== 'Z' || body.toString('latin1') === 'I'),
      )
      if (isClean && this.scanner.isBetweenMessages) {
        this.tenant = undefined
        return true
      }
    } catch (error) {
      if (!(error instanceof BackendGone)) throw error
    }
    this.socket.destroy()
    return false
  }

  /** Makes hold what a session was told of its settings, as far as it may be set. */
  async restore(told: ReadonlyMap<string, string>): Promise<void> {
    const settings = [...told].flatMap(([name, value]) => {
      if (!RESTORABLE.has(name) || this.reported.get(name) === value) return []
      const text = decodeUtf8(Buffer.from(value, 'latin1'))
      return text === undefined ? [] : [[name, text] as const]
    })
    if (settings.length === 0) return
    const statements = settings.map(([name, value]) =>
      Buffer.concat([
        encodeStatement('SELECT pg_catalog.set_config($1, $2, false)', [name, value]),
        encodeSync(),
      ]),
    )
    await this.converse(Buffer.concat(statements), statements.length)
  }

  /** @param pass sends the request; the backend is given to nobody else until that is over */
  cancel(pass: (key: { readonly processId: number; readonly key: Buffer }) => Promise<void>): Promise<void> {
    if (this.cancelKey === undefined) return Promise.resolve()
    const cancel = pass(this.cancelKey).finally(() => this.#cancels.delete(cancel))
    this.#cancels.add(cancel)
    return cancel
  }

  /** An orderly goodbye, for a backend that nobody uses. */
  retire(): void {
    this.socket.end(encodeTerminate())
  }

  #report(body: Buffer): void {
    const status = parameterStatusOf(body)
    if (status !== undefined) this.reported.set(status.name, status.value)
  }

  readonly #nobody: BackendOwner = {
    onBytes: () => {
      for (let seen = this.scanner.see(); seen !== 'need_more'; seen = this.scanner.see()) {
        const { type, isWhole } = this.scanner
        const isHarmless =
          seen === 'message' && isWhole && (type === STATUS || type === NOTICE || type === NOTIFICATION)
        if (!isHarmless) {
          this.socket.destroy()
          return
        }
        if (type === STATUS) this.#report(this.scanner.body())
        this.changedWhileIdle = true
        this.scanner.take()
      }
    },
    onClosed: () => undefined,
  }
}

/** The backend ended the connection while it was asked something by us. */
export class BackendGone extends Error {
  readonly frames: readonly Frame[]

  constructor(frames: readonly Frame[]) {
    super('the backend ended the connection')
    this.name = 'BackendGone'
    this.frames = frames
  }
}
