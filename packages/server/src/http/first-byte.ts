/** Detects whether a new connection begins with a ClientHello or with HTTP in clear text. */
import type { Socket } from 'node:net'

/** RFC 8446 §5.1: the first byte of a handshake record. No method of HTTP begins with it (RFC 9110 §5.6.2). */
const TLS_HANDSHAKE_RECORD = 0x16

/**
 * Waits for the first byte without consuming it: the next reader reads it too. The socket is paused afterwards.
 * @param onDetected not called when the connection ends first
 */
export function detectTls(socket: Socket, onDetected: (isTls: boolean) => void): void {
  socket.once('data', (first: Buffer) => {
    socket.pause()
    socket.unshift(first)
    onDetected(first[0] === TLS_HANDSHAKE_RECORD)
  })
}
