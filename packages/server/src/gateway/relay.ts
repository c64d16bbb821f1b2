/**
 * Relays bytes between client and backend until one of them is done: unparsed, unchanged, with back-pressure. One
 * function, called once for each direction. The hot path: no allocation of its own per chunk.
 */
import type { Duplex } from 'node:stream'

/** How long the last bytes may take to reach a peer whose other side is already gone. */
const FLUSH_LIMIT_MS = 5_000

/** Resolves when both sockets are closed; every way in which either ends closes the other. */
export async function relay(client: Duplex, backend: Duplex): Promise<void> {
  const bothClosed = Promise.all([closed(client), closed(backend)])
  pass(client, backend)
  pass(backend, client)
  await bothClosed
}

function pass(from: Duplex, to: Duplex): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => {
    from.resume()
  })
  // An orderly end is passed on behind the last byte; so PostgreSQL's last words reach the client.
  from.once('end', () => {
    endOnce(to)
  })
  from.once('close', () => {
    endOnce(to)
    const impatience = setTimeout(() => to.destroy(), FLUSH_LIMIT_MS)
    to.once('close', () => {
      clearTimeout(impatience)
    })
    if (to.destroyed) clearTimeout(impatience)
  })
}

/** Node makes an error, with its stack, of a second end that nobody reads. */
function endOnce(socket: Duplex): void {
  if (!socket.writableEnded) socket.end()
}

const closed = (socket: Duplex): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else
      socket.once('close', () => {
        resolve()
      })
  })
