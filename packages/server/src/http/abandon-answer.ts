/**
 * Ends the connection of an answer that will not be whole. Its framing tells the client so, and TLS ends in order (RFC 9112
 * §9.8). Only where the end of the connection would be the end of the answer, as in HTTP/1.0, it ends without close_notify,
 * which clients take for a part that is missing.
 */
import type { ServerResponse } from 'node:http'
import type { CloseConnection } from './connections.ts'

export function abandonAnswer(response: ServerResponse, closeConnection: CloseConnection): void {
  if (response.closed) return
  const endsWithConnection =
    response.headersSent && !response.chunkedEncoding && !response.hasHeader('content-length')
  if (endsWithConnection) response.destroy()
  // One that waits behind another one has no connection of its own yet (attack 65).
  else closeConnection(response.socket ?? response.req.socket)
}
