/**
 * What a PostgreSQL driver takes for its socket. It speaks TLS, answers the request for the password with a token, and when the
 * server refuses that token repeats the whole login once with a new one, before the driver has read a byte of an answer. So
 * every driver that takes a socket rotates in the same way, and no driver holds a token.
 */
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { InstanceConnection } from '../connection.ts'
import { isCancelRequest, takeFirstPacket } from './messages.ts'
import { logInOver } from './login-over.ts'
import { openTls } from './open-tls.ts'
import { takeToken } from './retirement.ts'

type Done = (error?: Error | null) => void

export class LoginSocket extends Duplex {
  /** Drivers ask this to know whether what they send can be read on the way. */
  readonly encrypted = true
  readonly #connection: InstanceConnection
  readonly #minTokenSeconds: number
  readonly #attempts = new AbortController()
  /** What the driver has written before the login began. */
  #written: Buffer = Buffer.alloc(0)
  #loginBegan = false
  /** A write of the driver that waits for the end of the login. */
  #waiting: (() => void) | undefined
  #secure: TLSSocket | undefined
  #openedAt: number | undefined
  #referenced = true

  /** @param minTokenSeconds what a token must still live to be used here */
  constructor(connection: InstanceConnection, minTokenSeconds = 0) {
    super({ allowHalfOpen: false })
    this.#connection = connection
    this.#minTokenSeconds = minTokenSeconds
  }

  /** When the login was over, by `performance.now()`. */
  get openedAt(): number | undefined {
    return this.#openedAt
  }

  /** As that of `net.Socket`. */
  get readyState(): 'opening' | 'open' | 'closed' {
    if (this.destroyed || this.writableEnded) return 'closed'
    return this.#secure === undefined ? 'opening' : 'open'
  }

  /**
   * node-postgres calls it, and sends its startup message when it hears `connect`. The login begins with that message; where to
   * is known, so the arguments are not looked at.
   */
  connect(): this {
    process.nextTick(() => this.emit('connect'))
    return this
  }

  /** Always without delay. */
  setNoDelay(): this {
    return this
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#secure?.setKeepAlive(enable, initialDelay)
    return this
  }

  ref(): this {
    this.#referenced = true
    this.#secure?.ref()
    return this
  }

  unref(): this {
    this.#referenced = false
    this.#secure?.unref()
    return this
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#secure !== undefined) {
      this.#secure.write(chunk, done)
      return
    }
    if (this.#loginBegan) {
      this.#waiting = () => {
        this.#secure?.write(chunk, done)
      }
      return
    }
    this.#written = Buffer.concat([this.#written, chunk])
    try {
      const first = takeFirstPacket(this.#written)
      if (first !== undefined) this.#begin(first.packet, first.rest)
      done()
    } catch (error) {
      done(asError(error))
    }
  }

  /** A driver corks what belongs together; TLS makes one record of it. */
  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done)
  }

  override _read(): void {
    this.#secure?.resume()
  }

  override _final(done: Done): void {
    if (this.#secure !== undefined && !this.#secure.destroyed) {
      this.#secure.end(() => done())
      return
    }
    done()
    // Nothing was opened that could end in its own time.
    this.destroy()
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#attempts.abort(error ?? new Error('The connection was closed during the login.'))
    this.#secure?.destroy()
    done(error)
  }

  #begin(packet: Buffer, rest: Buffer): void {
    this.#loginBegan = true
    const open = isCancelRequest(packet) ? this.#forward(packet) : this.#logIn(packet)
    open.then(
      ({ secure, bytes }) => this.#open(secure, bytes, rest),
      (error: unknown) => this.destroy(asError(error)),
    )
  }

  /** The server answers a request to cancel by closing the connection. */
  async #forward(packet: Buffer): Promise<{ secure: TLSSocket; bytes: Buffer }> {
    const secure = await openTls(this.#connection, this.#attempts.signal)
    secure.write(packet)
    return { secure, bytes: Buffer.alloc(0) }
  }

  async #logIn(startup: Buffer): Promise<{ secure: TLSSocket; bytes: Buffer }> {
    const { credentials } = this.#connection
    // Before the connection is opened: the server gives a login some seconds only, and a token may take longer.
    const token = await takeToken(credentials, this.#minTokenSeconds)
    const first = await this.#attempt(startup, token.value)
    if (!first.tokenRefused) return first
    credentials.refuse(token.value)
    const next = await takeToken(credentials, this.#minTokenSeconds)
    // Whoever has no other token than this one asks in vain again.
    if (next.value === token.value) return first
    first.secure.destroy()
    return this.#attempt(startup, next.value)
  }

  async #attempt(startup: Buffer, token: string) {
    const secure = await openTls(this.#connection, this.#attempts.signal)
    return { secure, ...(await logInOver(secure, startup, token)) }
  }

  /** From here on this is a pipe. */
  #open(secure: TLSSocket, bytes: Buffer, rest: Buffer): void {
    if (this.destroyed) {
      secure.destroy()
      return
    }
    this.#secure = secure
    this.#openedAt = performance.now()
    // After a refusal that nobody could answer with another token; its reader still learns why.
    if (secure.destroyed) {
      this.push(bytes)
      this.push(null)
      return
    }
    secure.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) secure.pause()
    })
    let ended = false
    secure.once('end', () => {
      ended = true
      this.push(null)
    })
    secure.on('error', (error: Error) => this.destroy(error))
    secure.once('close', () => {
      if (!ended) this.destroy()
    })
    if (!this.#referenced) secure.unref()
    if (rest.length > 0) secure.write(rest)
    this.#waiting?.()
    if (bytes.length > 0) this.push(bytes)
    secure.resume()
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
