/**
 * Handles a request that offers to switch to a protocol that we do not speak as if it made no offer (RFC 9110 §7.8):
 * Java's HttpClient and curl offer HTTP/2 with every request in clear text. Once anybody listens for 'upgrade', Node
 * stops handling such a request, so its bytes are put back without the offer, and the connection is handled from the
 * beginning.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** Headers that are part of the offer (RFC 7540 §3.2.1). */
const OF_THE_OFFER = new Set(['upgrade', 'http2-settings'])

/** @param head the bytes that followed the headers */
export function returnRequest(http: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method ?? ''} ${request.url ?? ''} HTTP/${request.httpVersion}`]
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    if (OF_THE_OFFER.has(name.toLowerCase())) continue
    const kept = name.toLowerCase() === 'connection' ? withoutOffer(value) : value
    if (kept !== '') lines.push(`${name}: ${kept}`)
  }
  // Node decoded the bytes of headers as latin1.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  http.emit('connection', socket)
}

const withoutOffer = (connection: string): string =>
  connection
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !OF_THE_OFFER.has(option.toLowerCase()))
    .join(', ')
