/**
 * A backend that ends a session still answers earlier requests, says why, and closes, often with bytes of ours unread.
 * A further write then fails with EPIPE or ECONNRESET, and Node destroys the socket together with everything that was
 * not read yet. libpq goes on reading when it cannot write any more (fe-misc.c, `pqSendSome`); so do we.
 */
import type { Socket } from 'node:net'

/** From here on failed writes are dropped, and the socket ends after the last byte that the other side sent. */
export function readToEnd<Connection extends Socket>(socket: Connection): Connection {
  const write = socket._write.bind(socket)
  const writeMany = socket._writev?.bind(socket)
  const finish = socket._final.bind(socket)
  const destroy = socket.destroy.bind(socket)
  let hasFailed = false
  let underWay: (() => void) | undefined
  /** After a failed write, all later writes are dropped: the writer learns of it when the socket ends. */
  const orDrop = (done: () => void) => {
    const settle = (error?: Error | null) => {
      if (underWay !== settle) return
      underWay = undefined
      hasFailed ||= error instanceof Error
      done()
    }
    underWay = settle
    return settle
  }
  socket._write = (chunk, encoding, done) => {
    if (hasFailed) done()
    else write(chunk, encoding, orDrop(done))
  }
  if (writeMany !== undefined) {
    socket._writev = (chunks, done) => {
      if (hasFailed) done()
      else writeMany(chunks, orDrop(done))
    }
  }
  socket._final = (done) => {
    if (hasFailed) done()
    else finish(orDrop(done))
  }
  socket.destroy = (error) => {
    if (!isEndOfReading(error) || socket.destroyed || socket.readableEnded) return destroy(error)
    // Node fails a write that is under way; Bun never reports it, and the socket would wait for it for ever.
    hasFailed = true
    underWay?.()
    // The reset arrived after bytes that have not been read yet: they are delivered first.
    socket.push(null)
    socket.read(0)
    return socket
  }
  return socket
}

const isEndOfReading = (error: Error | undefined): boolean =>
  error !== undefined && 'syscall' in error && error.syscall === 'read'
