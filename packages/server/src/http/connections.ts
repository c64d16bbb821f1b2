/** What the HTTP server is given to handle its connections, so that TLS and closing work the same way at every edge. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'

/** Chooses the certificate for a connection. */
export interface TlsContexts {
  contextFor(reached: {
    /** The local address that was reached. */
    readonly address: string
    /** The server name that the client sent (RFC 6066 §3), as written; undefined when it sent none. */
    readonly serverName: string | undefined
  }): Promise<SecureContext>
}

/**
 * Takes over a connection that asks to switch to another protocol, with the bytes that followed its headers.
 * @returns false when it does not take it over; the request is then answered like any other
 */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** Closes a connection, with close_notify where there is TLS. */
export type CloseConnection = (socket: Duplex, options?: { readonly lastWord?: Buffer }) => void
