/**
 * A backend that ends a session answers what it was asked before, says why, and closes, often with bytes of ours unread.
 * To whoever goes on writing the kernel then says EPIPE or ECONNRESET, and Node destroys the socket with everything that
 * was not read yet. libpq goes on reading when it cannot write any more (fe-misc.c, `pqSendSome`); so do we.
 */
import type { Socket } from 'node:net'

/** From here on what fails in writing is dropped, and the socket ends behind the last byte that the other side sent. */
export function hearOut<Connection extends Socket>(socket: Connection): Connection {
  const write = socket._write.bind(socket)
  const writeMany = socket._writev?.bind(socket)
  const finish = socket._final.bind(socket)
  const destroy = socket.destroy.bind(socket)
  let isDeaf = false
  let underWay: (() => void) | undefined
  /** Whatever is written to nobody is written: the writer finds out by the end. */
  const orDrop = (done: () => void) => {
    const settle = (error?: Error | null) => {
      if (underWay !== settle) return
      underWay = undefined
      isDeaf ||= error instanceof Error
      done()
    }
    underWay = settle
    return settle
  }
  socket._write = (chunk, encoding, done) => {
    if (isDeaf) done()
    else write(chunk, encoding, orDrop(done))
  }
  if (writeMany !== undefined) {
    socket._writev = (chunks, done) => {
      if (isDeaf) done()
      else writeMany(chunks, orDrop(done))
    }
  }
  socket._final = (done) => {
    if (isDeaf) done()
    else finish(orDrop(done))
  }
  socket.destroy = (error) => {
    if (!isEndOfReading(error) || socket.destroyed || socket.readableEnded) return destroy(error)
    // Node fails a write that is under way; Bun says nothing of it any more, and the socket would wait for it for ever.
    isDeaf = true
    underWay?.()
    // A reset behind bytes that nobody has taken yet: they come first.
    socket.push(null)
    socket.read(0)
    return socket
  }
  return socket
}

const isEndOfReading = (error: Error | undefined): boolean =>
  error !== undefined && 'syscall' in error && error.syscall === 'read'
