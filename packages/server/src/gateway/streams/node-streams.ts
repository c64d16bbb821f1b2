/** Byte streams on Node: sockets of `node:net` and `node:tls`, as they are. */
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net'
import { TLSSocket } from 'node:tls'
import { readToEnd } from '../read-to-end.ts'
import { ALPN_PROTOCOL, ConnectionEnded, type EncryptedStream, type Streams } from './byte-stream.ts'

export const nodeStreams: Streams = {
  async listen({ host, port }, onConnection) {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    this.takeConnections(server, onConnection)
    return {
      host,
      port: (server.address() as AddressInfo).port,
      close: () => {
        server.close()
      },
    }
  },

  takeConnections(server: Server, onConnection) {
    server.on('connection', (socket: Socket) => {
      onConnection(asClientStream(socket))
    })
  },

  async startTls(stream, { early, context, signal }, upgraded) {
    if (!(stream instanceof Socket)) throw new Error('TLS on Node is spoken over a socket of Node')
    // The first record was read to recognise TLS; it is put back for TLS to read.
    if (early.length > 0) stream.unshift(early)
    const socket = new TLSSocket(stream, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: [ALPN_PROTOCOL],
    })
    return handshakeOf(socket, signal, upgraded)
  },

  async connect(socketPath, signal) {
    const socket = readToEnd(connect({ path: socketPath }))
    try {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          reject(signal.reason as Error)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        socket.once('connect', () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        })
        socket.once('error', reject)
      })
    } catch (error) {
      socket.destroy()
      signal.throwIfAborted()
      throw error
    }
    socket.on('error', () => undefined)
    return socket
  },
}

/** @param socket from which nothing has been read */
function asClientStream(socket: Socket): Socket {
  // Without a listener a broken connection would end the process; users of the stream notice by `close`.
  socket.on('error', () => undefined)
  // A client that has ended its side still reads its answers, as with PostgreSQL. TLS inherits this option.
  socket.allowHalfOpen = true
  // A listening socket that came from another process does not have our options. PostgreSQL sets this one too
  // (`StreamConnection`).
  socket.setNoDelay(true)
  return socket
}

/** @returns the same socket, after the handshake */
export async function handshakeOf(
  socket: TLSSocket,
  signal: AbortSignal,
  upgraded: (encrypted: EncryptedStream) => void,
): Promise<EncryptedStream> {
  socket.on('error', () => undefined)
  const encrypted = socket as TLSSocket & { readonly encrypted: true }
  upgraded(encrypted)
  await new Promise<void>((resolve, reject) => {
    const settle = (end: () => void) => () => {
      socket.off('secure', onSecure).off('error', onGone).off('close', onGone)
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const onSecure = settle(resolve)
    const onGone = settle(() => {
      reject(new ConnectionEnded())
    })
    const onAbort = settle(() => {
      reject(signal.reason as Error)
    })
    socket.on('secure', onSecure).on('error', onGone).on('close', onGone)
    signal.addEventListener('abort', onAbort)
  })
  return encrypted
}
