/**
 * A request that offers to go on in a protocol that we do not speak is answered as if it had not (RFC 9110 §7.8): Java's
 * HttpClient and curl offer HTTP/2 with every request in clear. Node lets go of such a request as soon as anybody listens for
 * upgrades at all, so its bytes are put back without the offer, and the connection begins anew.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** Headers that belong to the offer (RFC 7540 §3.2.1). */
const OF_THE_OFFER = new Set(['upgrade', 'http2-settings'])

/** @param head what came behind the headers */
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
