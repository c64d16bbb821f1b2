/**
 * A connection as the gateway sees it: bytes in both directions, with back-pressure, and an orderly end. The names are those
 * of Node's streams, so that sockets of `node:net` and `node:tls` are byte streams as they are; Bun's own sockets become
 * ones in bun-streams.ts. A connection that broke says so by `close`, never by an error.
 */
import type { Server } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Address, OpenAddress } from '../listening/address.ts'

export interface ByteStream {
  /** Of payload, without what TLS adds. */
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly closed: boolean
  readonly destroyed: boolean
  readonly readableEnded: boolean
  readonly writable: boolean
  /** `end` was called. */
  readonly writableEnded: boolean
  /** Everything is on its way, the end included. */
  readonly writableFinished: boolean
  /** @returns false when the other side should not be given more before `drain` */
  write(bytes: Buffer): boolean
  /** Sends what is pending, the last word, and the end of the stream; goes on reading. */
  end(): unknown
  // Two signatures, because Node's first argument may also be a callback.
  // eslint-disable-next-line @typescript-eslint/unified-signatures
  end(lastWord: Buffer): unknown
  /** Ends both directions at once, whatever is pending. */
  destroy(): unknown
  pause(): unknown
  resume(): unknown
  /** Puts back what was read too early, in front of what comes. */
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
  /** What the client and we agreed on (RFC 7301); otherwise false or null. */
  readonly alpnProtocol: string | false | null
  /** From TLS (SNI, RFC 6066 §3); Node says false where there was none. */
  readonly servername?: string | false | null
  /** E.g. `TLSv1.3`. */
  getProtocol(): string | null
  /** By the name that OpenSSL and pg_stat_ssl use. Nothing of a connection that is gone. */
  getCipher(): { readonly name: string | null } | null | undefined
  /** The certificate that this end showed. */
  getX509Certificate(): { readonly raw: Buffer } | undefined
}

/** What a process does with sockets, on the runtime that runs it. */
export interface Streams {
  /**
   * Opens an address. On Bun others may open the same one, and the kernel gives each its part of the connections.
   * @throws what the system says of the address, e.g. EADDRINUSE
   */
  listen(address: Address, onConnection: (stream: ClientStream) => void): Promise<OpenAddress>
  /** Takes connections of a socket that listens, which is not this function's to close. */
  takeConnections(server: Server, onConnection: (stream: ClientStream) => void): void
  /**
   * The server's side of TLS.
   * @param early what the client sent and somebody has read already
   * @param upgraded is told of the encrypted stream before the handshake: refusals and closes go there from then on
   * @throws ConnectionEnded when the handshake fails, or the reason of the signal
   */
  startTls(
    stream: ClientStream,
    terms: { readonly early: Buffer; readonly context: SecureContext; readonly signal: AbortSignal },
    upgraded: (encrypted: EncryptedStream) => void,
  ): Promise<EncryptedStream>
  /**
   * @returns a stream that goes on reading when nothing can be written any more (hear-out.ts)
   * @throws what the system says, or the reason of the signal
   */
  connect(socketPath: string, signal: AbortSignal): Promise<ByteStream>
}

/** PostgreSQL, "SSL Session Encryption": direct TLS must agree on this protocol. */
export const ALPN_PROTOCOL = 'postgresql'

/** The other side went away; there is nobody left to answer. */
export class ConnectionEnded extends Error {
  constructor() {
    super('the connection ended during the login')
    this.name = 'ConnectionEnded'
  }
}
