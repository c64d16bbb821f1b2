/** What HTTP is handed to keep its connections: how TLS is spoken, and how a connection ends, are the same at every edge. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'

/** Which certificate a connection is shown. */
export interface TlsContexts {
  contextFor(reached: {
    /** The address of ours that was reached. */
    readonly address: string
    /** That was asked for (RFC 6066 §3), as it was written; undefined when there was none. */
    readonly serverName: string | undefined
  }): Promise<SecureContext>
}

/**
 * Takes a connection that asks to go on in another protocol, with what came behind its headers.
 * @returns false for one that it does not take; that request is answered like any other
 */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** With close_notify where there is TLS. */
export type CloseConnection = (socket: Duplex, options?: { readonly lastWord?: Buffer }) => void
