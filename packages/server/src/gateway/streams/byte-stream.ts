/**
 * A connection as the gateway sees it: bytes in both directions, with back-pressure, and an orderly end. The names are
 * those of Node's streams, so sockets of `node:net` and `node:tls` are byte streams as they are; bun-streams.ts wraps
 * Bun's own sockets. A broken connection is reported by `close`, never by an error.
 */
import type { Server } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Address, OpenAddress } from '../listening/address.ts'

export interface ByteStream {
  /** Payload bytes, without the overhead of TLS. */
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly closed: boolean
  readonly destroyed: boolean
  readonly readableEnded: boolean
  readonly writable: boolean
  /** `end` was called. */
  readonly writableEnded: boolean
  /** Everything has been handed to the system, including the end. */
  readonly writableFinished: boolean
  /** @returns false when no more should be written before `drain` */
  write(bytes: Buffer): boolean
  /** Sends what is pending, the last message, and the end of the stream; goes on reading. */
  end(): unknown
  // Two signatures, because Node's first argument may also be a callback.
  // eslint-disable-next-line @typescript-eslint/unified-signatures
  end(lastWord: Buffer): unknown
  /** Ends both directions at once, whatever is pending. */
  destroy(): unknown
  pause(): unknown
  resume(): unknown
  /** Puts back bytes that were read too early, in front of later ones. */
  unshift(bytes: Buffer): void
  on(event: 'data', listener: (bytes: Buffer) => void): unknown
  on(event: StreamEvent, listener: () => void): unknown
  once(event: StreamEvent, listener: () => void): unknown
  off(event: 'data', listener: (bytes: Buffer) => void): unknown
  off(event: StreamEvent, listener: () => void): unknown
}

export type StreamEvent = 'end' | 'drain' | 'finish' | 'close'

/** A connection that a client opened, before any TLS. Paused. */
export interface ClientStream extends ByteStream {
  readonly remoteAddress?: string | undefined
}

export interface EncryptedStream extends ByteStream {
  readonly encrypted: true
  /** The protocol agreed on with the client (RFC 7301); otherwise false or null. */
  readonly alpnProtocol: string | false | null
  /** From TLS (SNI, RFC 6066 §3); on Node false when there was none. */
  readonly servername?: string | false | null
  /** E.g. `TLSv1.3`. */
  getProtocol(): string | null
  /** The name that OpenSSL and pg_stat_ssl use. Undefined for a closed connection. */
  getCipher(): { readonly name: string | null } | null | undefined
  /** The certificate that this end presented. */
  getX509Certificate(): { readonly raw: Buffer } | undefined
}

/** The socket functions of the runtime on which the process runs. */
export interface Streams {
  /**
   * Opens an address. On Bun, other processes may open the same one, and the kernel distributes the connections among
   * them.
   * @throws the system's error for the address, e.g. EADDRINUSE
   */
  listen(address: Address, onConnection: (stream: ClientStream) => void): Promise<OpenAddress>
  /** Accepts connections from a listening socket; the caller closes that socket. */
  takeConnections(server: Server, onConnection: (stream: ClientStream) => void): void
  /**
   * The server's side of TLS.
   * @param early bytes that the client sent and that were read already
   * @param upgraded called with the encrypted stream before the handshake: refusals and closes go there from then on
   * @throws ConnectionEnded when the handshake fails, or the reason of the signal
   */
  startTls(
    stream: ClientStream,
    terms: { readonly early: Buffer; readonly context: SecureContext; readonly signal: AbortSignal },
    upgraded: (encrypted: EncryptedStream) => void,
  ): Promise<EncryptedStream>
  /**
   * @returns a stream that goes on reading when nothing can be written any more (read-to-end.ts)
   * @throws the system's error, or the reason of the signal
   */
  connect(socketPath: string, signal: AbortSignal): Promise<ByteStream>
}

/** PostgreSQL, "SSL Session Encryption": direct TLS must agree on this protocol. */
export const ALPN_PROTOCOL = 'postgresql'

/** The other side has closed, so no answer can be sent. */
export class ConnectionEnded extends Error {
  constructor() {
    super('the connection ended during the login')
    this.name = 'ConnectionEnded'
  }
}
