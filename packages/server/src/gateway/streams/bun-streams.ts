/**
 * Byte streams on Bun: its own sockets, which cost half as much as its `node:net` and `node:tls`. TLS is put on a
 * socket in place, before the first byte of TLS has been read. If that byte was already read (direct TLS, or a client
 * that did not wait for the answer), Bun's `node:tls` is used.
 */
import { EventEmitter } from 'node:events'
import type { Server } from 'node:net'
import { Duplex } from 'node:stream'
import { TLSSocket, type SecureContext } from 'node:tls'
import { ALPN_PROTOCOL, ConnectionEnded, type EncryptedStream, type Streams } from './byte-stream.ts'
import { handshakeOf } from './node-streams.ts'

/** The part of Bun's socket that is used here (bun.sh/docs/api/tcp). */
interface BunSocket {
  data: BunStream
  readonly remoteAddress?: string
  readonly alpnProtocol?: string | false | null
  /** @returns how many bytes were taken; the rest is to be offered again at `drain`. -1: the socket is closed */
  write(bytes: Buffer): number
  /** Ends the writing direction. */
  shutdown(): void
  end(): void
  close(): void
  pause(): void
  resume(): void
  getServername?(): string | null | undefined
  getTLSVersion?(): string
  getCipher?(): { readonly name: string | null }
  getX509Certificate?(): { readonly raw: Buffer } | undefined
  upgradeTLS(options: {
    readonly isServer: true
    readonly tls: { readonly secureContext: unknown; readonly ALPNProtocols: Buffer }
    readonly data: BunStream
    readonly socket: BunHandlers
  }): readonly [BunSocket, BunSocket]
}

interface BunHandlers {
  open?(socket: BunSocket): void
  data(socket: BunSocket, bytes: Buffer): void
  drain(socket: BunSocket): void
  end(socket: BunSocket): void
  close(socket: BunSocket): void
  error(socket: BunSocket): void
  handshake?(socket: BunSocket, isSecure: boolean): void
}

interface BunRuntime {
  listen(options: {
    readonly hostname: string
    readonly port: number
    /** SO_REUSEPORT, socket(7). */
    readonly reusePort: true
    readonly allowHalfOpen: true
    readonly socket: BunHandlers
  }): { readonly port: number; stop(): void }
  connect(options: {
    readonly unix: string
    readonly allowHalfOpen: true
    readonly data: BunStream
    readonly socket: BunHandlers & { connectError(socket: BunSocket, error: Error): void }
  }): Promise<BunSocket>
}

/** The handle inside a listening socket of Bun's `node:net`. */
interface BunListener {
  reload(options: { readonly socket: BunHandlers }): void
}

const runtime = (): BunRuntime => (globalThis as unknown as { readonly Bun: BunRuntime }).Bun

/** How many bytes may be read ahead of the consumer before the socket is paused. */
const MOST_PENDING_BYTES = 64 * 1024
/** RFC 7301 §3.1: each name is preceded by its length. */
const ALPN_OFFER = Buffer.concat([Buffer.from([ALPN_PROTOCOL.length]), Buffer.from(ALPN_PROTOCOL, 'latin1')])

const HANDLERS: BunHandlers = {
  data(socket, bytes) {
    socket.data.receive(bytes)
  },
  drain(socket) {
    socket.data.flush()
  },
  end(socket) {
    socket.data.receiveEnd()
  },
  close(socket) {
    socket.data.receiveClose()
  },
  // Bun closes the socket after an error and calls `close`.
  error() {
    return undefined
  },
}

const TLS_HANDLERS: BunHandlers = {
  ...HANDLERS,
  handshake(socket, isSecure) {
    socket.data.onHandshake?.(isSecure)
  },
}

class BunStream extends EventEmitter implements EncryptedStream {
  readonly encrypted = true
  bytesRead = 0
  bytesWritten = 0
  closed = false
  destroyed = false
  readableEnded = false
  writableEnded = false
  writableFinished = false
  onHandshake: ((isSecure: boolean) => void) | undefined
  #socket: BunSocket | undefined
  readonly #isOfBackend: boolean
  /** Bytes that arrived while the stream was paused. */
  #pending: Buffer[] = []
  #pendingBytes = 0
  #isPaused = true
  #isHeldBack = false
  /** The socket is closed. */
  #isGone = false
  #hasHeardEnd = false
  #isDelivering = false
  /** Bytes that the kernel has not taken yet. */
  #unsent: Buffer[] = []
  /** TLS runs on this socket: its bytes go to TLS only. */
  #isUpgraded = false

  /** A client may end its side and still read; for a backend, the end is the end of both sides. */
  constructor(of: 'client' | 'backend') {
    super()
    this.#isOfBackend = of === 'backend'
  }

  use(socket: BunSocket): void {
    this.#socket = socket
  }

  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress
  }

  get writable(): boolean {
    return !this.writableEnded && !this.destroyed
  }

  get alpnProtocol(): string | false | null {
    return this.#socket?.alpnProtocol ?? null
  }

  get servername(): string | null {
    return this.#socket?.getServername?.() ?? null
  }

  getProtocol(): string | null {
    return this.#socket?.getTLSVersion?.() ?? null
  }

  getCipher(): { readonly name: string | null } | undefined {
    return this.#socket?.getCipher?.()
  }

  getX509Certificate(): { readonly raw: Buffer } | undefined {
    return this.#socket?.getX509Certificate?.()
  }

  write(bytes: Buffer): boolean {
    if (this.writableEnded || this.destroyed) return true
    this.bytesWritten += bytes.length
    return this.#send(bytes)
  }

  end(lastWord?: Buffer): void {
    if (this.writableEnded) return
    if (lastWord !== undefined) this.write(lastWord)
    this.writableEnded = true
    if (this.#unsent.length === 0) this.#finish()
  }

  destroy(): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.#unsent = []
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#isGone) process.nextTick(this.#deliver)
    else this.#socket?.close()
    return this
  }

  pause(): this {
    this.#isPaused = true
    return this
  }

  /** As on Node, nothing is emitted at once: the caller may still have earlier bytes to handle. */
  resume(): this {
    this.#isPaused = false
    if (this.#pending.length > 0 || this.#hasHeardEnd) queueMicrotask(this.#deliver)
    else this.#holdBackNoMore()
    return this
  }

  unshift(bytes: Buffer): void {
    this.#pending.unshift(bytes)
    this.#pendingBytes += bytes.length
  }

  receive(bytes: Buffer): void {
    if (this.#isUpgraded || this.destroyed) return
    this.bytesRead += bytes.length
    if (!this.#isPaused && this.#pending.length === 0) {
      this.emit('data', bytes)
      return
    }
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > MOST_PENDING_BYTES && !this.#isHeldBack) {
      this.#isHeldBack = true
      this.#socket?.pause()
    }
  }

  receiveEnd(): void {
    this.#hasHeardEnd = true
    if (!this.#isPaused) this.#deliver()
  }

  /**
   * The socket is closed. Bytes that a backend sent before are still delivered, as fast as the reader takes them, and
   * then the stream is closed (read-to-end.ts); those of a client that has closed are dropped.
   */
  receiveClose(): void {
    this.#isGone = true
    if (this.#isOfBackend) this.#hasHeardEnd = true
    this.#unsent = []
    process.nextTick(this.#deliver)
  }

  /** The kernel accepts more bytes. */
  flush(): void {
    if (this.#unsent.length === 0 || this.destroyed || this.#isGone) return
    while (this.#unsent.length > 0) {
      const [first = Buffer.alloc(0)] = this.#unsent
      const taken = this.#offer(first)
      if (taken < first.length) {
        this.#unsent[0] = first.subarray(taken)
        return
      }
      this.#unsent.shift()
    }
    if (this.writableEnded) this.#finish()
    else this.emit('drain')
  }

  /** @returns undefined when the first byte of TLS was read already; then TLS has to be given that byte */
  upgrade(context: SecureContext): BunStream | undefined {
    if (this.#pendingBytes > 0 || this.#socket === undefined) return undefined
    this.#isUpgraded = true
    const encrypted = new BunStream('client')
    const [raw, tls] = this.#socket.upgradeTLS({
      isServer: true,
      // The context of Bun's `node:tls` contains Bun's own context.
      tls: {
        secureContext: (context as unknown as { readonly context: unknown }).context,
        ALPNProtocols: ALPN_OFFER,
      },
      data: encrypted,
      socket: TLS_HANDLERS,
    })
    raw.data = this
    this.#socket = raw
    encrypted.use(tls)
    return encrypted
  }

  #send(bytes: Buffer): boolean {
    if (this.#unsent.length > 0) {
      this.#unsent.push(bytes)
      return false
    }
    const taken = this.#offer(bytes)
    if (taken === bytes.length) return true
    this.#unsent.push(bytes.subarray(taken))
    return false
  }

  /** A closed socket takes everything: the writer learns of it by `close`, and goes on reading until then. */
  #offer(bytes: Buffer): number {
    if (this.#isGone) return bytes.length
    const taken = this.#socket?.write(bytes) ?? 0
    return taken < 0 ? bytes.length : taken
  }

  #finish(): void {
    if (this.writableFinished || this.destroyed) return
    this.writableFinished = true
    // When the other side has ended too, both directions are over.
    if (this.readableEnded) this.#socket?.end()
    else this.#socket?.shutdown()
    process.nextTick(() => this.emit('finish'))
  }

  readonly #deliver = (): void => {
    if (this.#isDelivering) return
    this.#isDelivering = true
    try {
      while (!this.#isPaused && this.#pending.length > 0) {
        const bytes = this.#pending.shift() ?? Buffer.alloc(0)
        this.#pendingBytes -= bytes.length
        this.emit('data', bytes)
      }
    } finally {
      this.#isDelivering = false
    }
    if (this.#pending.length > 0 && (this.#isOfBackend || !this.#isGone)) return
    this.#holdBackNoMore()
    if (this.#hasHeardEnd && !this.#isPaused && !this.readableEnded && !this.destroyed) {
      this.readableEnded = true
      this.emit('end')
      if (this.#isOfBackend) this.end()
    }
    if (!this.#isGone || this.closed) return
    this.destroyed = true
    this.closed = true
    this.emit('close')
  }

  #holdBackNoMore(): void {
    if (!this.#isHeldBack) return
    this.#isHeldBack = false
    this.#socket?.resume()
  }
}

/** The transport below a `node:tls` socket, for TLS that was not put on Bun's socket in place. */
class BelowTls extends Duplex {
  readonly #stream: BunStream

  constructor(stream: BunStream) {
    super()
    this.#stream = stream
    stream.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) stream.pause()
    })
    stream.once('end', () => this.push(null))
    stream.once('close', () => this.destroy())
  }

  override _read(): void {
    this.#stream.resume()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#stream.write(bytes) || this.#stream.destroyed) done()
    else this.#stream.once('drain', done)
  }

  override _final(done: () => void): void {
    this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.destroy()
    done(error)
  }
}

const handlersOf = (onConnection: (stream: BunStream) => void): BunHandlers => ({
  ...HANDLERS,
  open(socket) {
    const stream = new BunStream('client')
    socket.data = stream
    stream.use(socket)
    onConnection(stream)
  },
})

export const bunStreams: Streams = {
  takeConnections(server: Server, onConnection) {
    const listener = (server as unknown as { readonly _handle: BunListener })._handle
    listener.reload({ socket: handlersOf(onConnection) })
  },

  listen({ host, port }, onConnection) {
    const listener = runtime().listen({
      ...{ hostname: host, port, reusePort: true, allowHalfOpen: true },
      socket: handlersOf(onConnection),
    })
    return Promise.resolve({
      host,
      port: listener.port,
      close: () => {
        listener.stop()
      },
    })
  },

  async startTls(stream, { early, context, signal }, upgraded) {
    if (!(stream instanceof BunStream)) throw new Error('TLS on Bun is spoken over a socket of Bun')
    if (early.length > 0) stream.unshift(early)
    const encrypted = stream.upgrade(context)
    if (encrypted === undefined) {
      const socket = new TLSSocket(new BelowTls(stream), {
        isServer: true,
        secureContext: context,
        ALPNProtocols: [ALPN_PROTOCOL],
      })
      return handshakeOf(socket, signal, upgraded)
    }
    upgraded(encrypted)
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        encrypted.onHandshake = undefined
        encrypted.off('close', onGone)
        signal.removeEventListener('abort', onAbort)
        end()
      }
      const onGone = () => {
        settle(() => {
          reject(new ConnectionEnded())
        })
      }
      const onAbort = () => {
        settle(() => {
          reject(signal.reason as Error)
        })
      }
      encrypted.onHandshake = (isSecure) => {
        if (isSecure) settle(resolve)
        else onGone()
      }
      encrypted.on('close', onGone)
      signal.addEventListener('abort', onAbort)
    })
    return encrypted
  },

  async connect(socketPath, signal) {
    signal.throwIfAborted()
    const stream = new BunStream('backend')
    const opened = runtime().connect({
      unix: socketPath,
      allowHalfOpen: true,
      data: stream,
      socket: {
        ...HANDLERS,
        open(socket) {
          stream.use(socket)
        },
        connectError: () => undefined,
      },
    })
    let onAbort: () => void = () => undefined
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort)
    })
    try {
      await Promise.race([opened, aborted])
    } catch (error) {
      stream.destroy()
      // The connection may still be opened; then nothing uses it.
      opened.then(
        (socket) => {
          socket.close()
        },
        () => undefined,
      )
      throw error
    } finally {
      // The signal belongs to the login; the backend may serve many others.
      signal.removeEventListener('abort', onAbort)
    }
    return stream
  },
}
