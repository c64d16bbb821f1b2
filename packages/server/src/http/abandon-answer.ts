/**
 * Closes the connection of an answer that cannot be completed. Its framing shows the client that the answer is
 * incomplete, so TLS is closed in an orderly way (RFC 9112 §9.8). Only where the end of the connection would be the end
 * of the answer, as in HTTP/1.0, it is closed without close_notify, which clients treat as truncation.
 */
import type { ServerResponse } from 'node:http'
import type { CloseConnection } from './connections.ts'

export function abandonAnswer(response: ServerResponse, closeConnection: CloseConnection): void {
  if (response.closed) return
  const endsWithConnection =
    response.headersSent && !response.chunkedEncoding && !response.hasHeader('content-length')
  if (endsWithConnection) response.destroy()
  // An answer that waits behind another one has no socket of its own yet (attack 65).
  else closeConnection(response.socket ?? response.req.socket)
}
