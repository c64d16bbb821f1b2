/** A client that says exactly the bytes it is told to, plainly or over TLS, and reads what comes back. */
import { connect as connectPlainly, type Socket } from 'node:net'
import { connect as connectOverTls, TLSSocket, type ConnectionOptions } from 'node:tls'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Lakegate } from './lakegate.ts'
import { sslRequest, startupMessage } from './byte-builder.ts'

export interface ServerMessage {
  readonly type: string
  readonly body: Buffer
}

export interface WireClient {
  send(...bytes: readonly Buffer[]): void
  /** Resolves when the connection takes more, or is over; a client that keeps to it holds little in memory. */
  sendInTurn(bytes: Buffer): Promise<void>
  /** Undefined when the server closes before it says another message. */
  next(): Promise<ServerMessage | undefined>
  /** Every message until the server closes. */
  untilClosed(): Promise<readonly ServerMessage[]>
  /** One byte without a frame, such as the answer to SSLRequest; undefined when the server closes instead. */
  byte(): Promise<string | undefined>
  /** Goes on over TLS on the same connection. */
  startTls(options?: ConnectionOptions): Promise<WireClient>
  /** Reads no more, so that the server cannot go on, until `resume`. */
  pause(): void
  resume(): void
  /** What came and is no whole message. */
  rest(): Buffer
  /** What the server showed on this connection, as DER. */
  peerCertificate(): Buffer
  /** Sends no more, and reads on. */
  end(): void
  /** As a crashed client does: RST. */
  reset(): void
  close(): void
}

export async function connectWire(
  lakegate: Lakegate,
  /** `localAddress`: where this client comes from; all of 127.0.0.0/8 is this machine on Linux. */
  instance: {
    readonly host: string
    readonly port: number
    readonly localAddress?: string
  } = lakegate.ready.instance,
): Promise<WireClient> {
  const socket = connectPlainly(instance)
  await once(socket, 'connect')
  return wireOver(socket, socket)
}

/** SSLRequest, the S, TLS. */
export async function connectWireOverTls(
  lakegate: Lakegate,
  options?: ConnectionOptions,
  instance?: Parameters<typeof connectWire>[1],
): Promise<WireClient> {
  const plain = await connectWire(lakegate, instance)
  plain.send(sslRequest())
  if ((await plain.byte()) !== 'S') throw new Error('the server does not take TLS')
  return plain.startTls(options)
}

/** Up to and including the startup message; the password is not asked for yet. */
export async function beginLogin(
  lakegate: Lakegate,
  parameters: readonly (readonly [string | Buffer, string | Buffer])[],
  version?: number,
): Promise<WireClient> {
  const client = await connectWireOverTls(lakegate)
  client.send(startupMessage(parameters, version))
  return client
}

/** The fields of an ErrorResponse by their code. */
export function errorFields(message: ServerMessage | undefined): Record<string, string> {
  if (message?.type !== 'E') throw new Error(`expected ErrorResponse, got ${message?.type ?? 'the end'}`)
  const fields: Record<string, string> = {}
  for (const part of message.body.toString('utf8').split('\0')) {
    if (part !== '') fields[part.slice(0, 1)] = part.slice(1)
  }
  return fields
}

function wireOver(stream: Duplex, socket: Socket): WireClient {
  // Put together only when a message is whole: a long one comes in thousands of pieces.
  let pieces: Buffer[] = []
  let buffered = 0
  let isClosed = false
  let wake: () => void = () => undefined
  const onData = (chunk: Buffer) => {
    pieces.push(chunk)
    buffered += chunk.length
    wake()
  }
  const onClose = () => {
    isClosed = true
    wake()
  }
  // A reset counts as the end: what matters to these tests is what was said before it.
  stream.on('data', onData).on('close', onClose).on('error', onClose)

  const take = async (count: number): Promise<Buffer | undefined> => {
    while (buffered < count) {
      if (isClosed) return undefined
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const [first] = pieces
    const all = first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces)
    pieces = [all.subarray(count)]
    buffered -= count
    return all.subarray(0, count)
  }
  const next = async (): Promise<ServerMessage | undefined> => {
    const header = await take(5)
    if (header === undefined) return undefined
    const body = await take(header.readInt32BE(1) - 4)
    return body === undefined ? undefined : { type: header.toString('latin1', 0, 1), body }
  }
  return {
    send: (...bytes) => {
      stream.write(Buffer.concat(bytes))
    },
    async sendInTurn(bytes) {
      if (isClosed || stream.write(bytes)) return
      await new Promise<void>((resolve) => {
        const settle = () => {
          stream.off('drain', settle).off('close', settle)
          resolve()
        }
        stream.on('drain', settle).on('close', settle)
      })
    },
    next,
    async untilClosed() {
      const messages: ServerMessage[] = []
      for (let message = await next(); message !== undefined; message = await next()) messages.push(message)
      return messages
    },
    byte: async () => (await take(1))?.toString('latin1'),
    async startTls(options = {}) {
      stream.off('data', onData).off('close', onClose).off('error', onClose)
      // What these tests are about is not the trust in the certificate; clients/ verify it.
      const encrypted = connectOverTls({ socket, rejectUnauthorized: false, ...options })
      const overTls = wireOver(encrypted, socket)
      await once(encrypted, 'secureConnect')
      return overTls
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    rest: () => Buffer.concat(pieces),
    peerCertificate() {
      if (!(stream instanceof TLSSocket)) throw new Error('this connection has no TLS')
      return stream.getPeerCertificate().raw
    },
    end() {
      // Before the server ends its side, or Node closes ours with it.
      socket.allowHalfOpen = true
      stream.end()
    },
    reset: () => socket.resetAndDestroy(),
    close: () => socket.destroy(),
  }
}
