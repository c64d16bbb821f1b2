/**
 * One address that speaks HTTP: over TLS with a client that begins with a ClientHello, in clear text with any other.
 * The sockets are ours and the protocol is Node's. In between we keep track of every connection, so that each can be
 * closed in an orderly way, with close_notify, where Node would destroy it.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket, type SecureContext } from 'node:tls'
import { unmappedAddress } from '../domain/loopback.ts'
import { abandonAnswer } from './abandon-answer.ts'
import { answerToBrokenRequest, answerToConnect } from './broken-request.ts'
import type { CloseConnection, TakeUpgrade, TlsContexts } from './connections.ts'
import { detectTls } from './first-byte.ts'
import type { Places } from './places.ts'
import { returnRequest } from './return-request.ts'

export interface Endpoint {
  /** Listens and accepts connections. */
  readonly sockets: Server
  /** Never listens; it serves the accepted connections. */
  readonly http: HttpServer
  /** Accepts no new connections, lets requests in progress finish, then closes the rest. */
  close(): Promise<void>
}

export interface EndpointParts {
  readonly handle: RequestListener
  readonly takeUpgrade: TakeUpgrade
  /** A TLS connection waits for them. */
  readonly contexts: Promise<TlsContexts>
  readonly closeConnection: CloseConnection
  readonly timeouts: EndpointTimeouts
  readonly places: Places
}

export interface EndpointTimeouts {
  /** How long a client may take until its first byte and, with TLS, until the end of the handshake. */
  readonly beginMs: number
  /** From then until the headers of its first request. */
  readonly headersMs: number
  /** How long an unused connection is kept open. */
  readonly idleMs: number
  /** How long requests in progress may take when the server closes. */
  readonly stopMs: number
}

const REQUEST_TIMEOUT_MS = 30_000
/** How often Node looks for requests that take too long. */
const MOST_BETWEEN_CHECKS_MS = 5_000
/** TLS refuses a client that offers only other protocols (RFC 7301 §3.2); a client that offers none is served. */
const PROTOCOLS = ['http/1.1', 'http/1.0']

export const createEndpoint = (parts: EndpointParts): Endpoint => new HttpEndpoint(parts)

class HttpEndpoint implements Endpoint {
  readonly #parts: EndpointParts
  /** Connections that have not yet shown which protocol they use. */
  readonly #beginning = new Set<Socket>()
  /** Connections that speak HTTP, with their unfinished answers. */
  readonly #speaking = new Map<Duplex, Set<ServerResponse>>()
  #isClosing = false
  readonly http: HttpServer
  readonly sockets: Server

  constructor(parts: EndpointParts) {
    this.#parts = parts
    this.http = createHttpServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: this.#parts.timeouts.headersMs,
        keepAliveTimeout: this.#parts.timeouts.idleMs,
        connectionsCheckingInterval: Math.min(this.#parts.timeouts.headersMs, MOST_BETWEEN_CHECKS_MS),
      },
      (request, response) => {
        this.#answer(request, response)
      },
    )
    this.http.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (socket.writableEnded) return
      const isAnswering = [...(this.#speaking.get(socket) ?? [])].some(({ headersSent }) => headersSent)
      this.#parts.closeConnection(socket, isAnswering ? {} : { lastWord: answerToBrokenRequest(error.code) })
    })
    this.http.on('connect', (_request, socket) => {
      this.#parts.closeConnection(socket, { lastWord: answerToConnect() })
    })
    this.http.on('upgrade', (request, socket, head) => {
      // While earlier pipelined requests have unfinished answers, nothing else may be sent.
      if (this.#isClosing || (this.#speaking.get(socket)?.size ?? 0) > 0) this.#parts.closeConnection(socket)
      else if (!this.#parts.takeUpgrade(request, socket, head))
        returnRequest(this.http, request, socket, head)
    })
    // An idle kept-alive connection.
    this.http.on('timeout', (socket: Socket) => {
      this.#parts.closeConnection(socket)
    })
    // Node starts to check its timeouts when a server begins to listen; this server never listens.
    this.http.emit('listening')
    this.sockets = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accept(socket)
    })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    const closed = new Promise<void>((resolve) => this.sockets.close(() => resolve()))
    for (const socket of this.#beginning) this.#parts.closeConnection(socket)
    for (const [socket, answers] of this.#speaking) {
      if (answers.size === 0) this.#parts.closeConnection(socket)
      for (const answer of answers) if (!answer.headersSent) answer.setHeader('connection', 'close')
    }
    const deadline = setTimeout(() => {
      for (const answers of this.#speaking.values())
        for (const answer of answers) abandonAnswer(answer, this.#parts.closeConnection)
    }, this.#parts.timeouts.stopMs)
    await closed
    clearTimeout(deadline)
    this.http.close()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    // The answer could not be sent any more, so the request must not be carried out: the client will repeat it.
    if (socket.writableEnded) return
    const answers = this.#speaking.get(socket)
    answers?.add(response)
    response.once('close', () => {
      answers?.delete(response)
      if (this.#isClosing && answers?.size === 0) this.#parts.closeConnection(socket)
    })
    if (this.#isClosing) response.setHeader('connection', 'close')
    this.#parts.handle(request, response)
  }

  #accept(socket: Socket): void {
    const giveBack = this.#parts.places.take(socket.remoteAddress ?? '')
    if (giveBack === undefined) {
      socket.destroy()
      return
    }
    socket.once('close', giveBack)
    let current = socket
    this.#beginning.add(current)
    const giveUp = () => {
      this.#parts.closeConnection(current)
    }
    const deadline = setTimeout(giveUp, this.#parts.timeouts.beginMs).unref()
    const begun = () => {
      clearTimeout(deadline)
      this.#beginning.delete(current)
      current.off('end', giveUp)
    }
    // A connection reset; 'close' follows.
    socket.on('error', () => undefined)
    socket.once('close', begun).once('end', giveUp)
    detectTls(socket, (isTls) => {
      if (!isTls) {
        begun()
        this.#speak(socket)
        socket.resume()
        return
      }
      startTls(socket, this.#parts.contexts, {
        // From now on the end of the TLS stream is the end of the socket.
        upgraded: (encrypted) => {
          this.#beginning.delete(current)
          current = encrypted.once('end', giveUp)
          this.#beginning.add(current)
        },
        secured: () => {
          begun()
          this.#speak(current)
        },
      }).catch(giveUp)
    })
  }

  #speak(socket: Socket): void {
    const answers = new Set<ServerResponse>()
    this.#speaking.set(socket, answers)
    socket.once('close', () => {
      this.#speaking.delete(socket)
      // Node emits 'close' for the answer that is being sent, but not for answers that wait behind it (pipelining, RFC
      // 9112 §9.3.2). Code that holds a resource until their 'close' would keep it for ever (attack 65).
      for (const answer of [...answers]) if (answer.socket === null) answer.emit('close')
    })
    // Node calls this after the last answer, and would destroy the socket. A client that is still sending, for example
    // a body that is too large, would then get an error before it reads the answer (RFC 9112 §9.6).
    socket.destroySoon = () => {
      this.#parts.closeConnection(socket)
    }
    if (this.#isClosing) this.#parts.closeConnection(socket)
    else this.http.emit('connection', socket)
  }
}

interface Handshake {
  upgraded(encrypted: TLSSocket): void
  /** Called when the handshake is done. When it fails, the socket closes instead. */
  secured(): void
}

/** @throws when no certificate is available */
async function startTls(socket: Socket, contexts: Promise<TlsContexts>, told: Handshake): Promise<void> {
  const address = unmappedAddress(socket.localAddress ?? '')
  const { contextFor } = await contexts
  const secureContext = await contextFor({ address, serverName: undefined })
  if (socket.destroyed || socket.writableEnded) return
  const SNICallback = (serverName: string, done: (error: Error | null, context?: SecureContext) => void) => {
    contextFor({ address, serverName }).then(
      (context) => {
        done(null, context)
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }
  const encrypted = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    SNICallback,
    ALPNProtocols: PROTOCOLS,
  })
  // The handshake failed: the client has received an alert, and 'close' follows.
  encrypted.on('error', () => undefined)
  encrypted.once('secure', () => {
    told.secured()
  })
  told.upgraded(encrypted)
}
