/** What a new connection begins with: a ClientHello, or HTTP in clear. */
import type { Socket } from 'node:net'

/** RFC 8446 §5.1: the first byte of a handshake record. No method of HTTP begins with it (RFC 9110 §5.6.2). */
const TLS_HANDSHAKE_RECORD = 0x16

/**
 * Waits for the first byte and takes nothing away: whoever reads next reads it too. The socket stands still until then.
 * @param told never called when the connection ends before
 */
export function hearFirstByte(socket: Socket, told: (isTls: boolean) => void): void {
  socket.once('data', (first: Buffer) => {
    socket.pause()
    socket.unshift(first)
    told(first[0] === TLS_HANDSHAKE_RECORD)
  })
}
