/**
 * What a client of the proxy says before a session is open: SSLRequest and GSSENCRequest, to which the answer is no, and then
 * a startup message or a cancel request. A length is compared with its limit before anything is kept for it, and all of it
 * has to be said within the deadline.
 */
import type { Socket } from 'node:net'
import { encodeErrorResponse, type ErrorFields } from '../../../protocol/error-response.ts'
import { decodeFrame, type Decoded } from '../../../protocol/frame.ts'
import { LONGEST_PASSWORD_MESSAGE } from '../../../protocol/limits.ts'
import { buildMessage, field } from '../../../protocol/message-builder.ts'
import { BACKEND, FRONTEND } from '../../../protocol/message-types.ts'
import {
  decodeStartupPacket,
  type CancelRequest,
  type StartupMessage,
  type StartupPacket,
} from '../../../protocol/startup.ts'

export type Opening = StartupMessage | CancelRequest

/** What ends the connection before it has become a session. */
export class RefusedClient extends Error {
  readonly fields: ErrorFields

  constructor(fields: ErrorFields) {
    super(fields.message)
    this.name = 'RefusedClient'
    this.fields = fields
  }
}

/** The client went, or said nothing for too long. */
export class ClientGone extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'ClientGone'
  }
}

const NO = Buffer.from('N')
/** SSLRequest and GSSENCRequest, once each. */
const MOST_REQUESTS = 2
const AUTHENTICATION_CLEARTEXT_PASSWORD = 3

export class LocalClient {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** @throws RefusedClient, ClientGone */
  async opening(signal: AbortSignal): Promise<Opening> {
    for (let requests = 0; ; requests += 1) {
      const packet = await this.#read(decodeStartupPacket, signal)
      if (packet.kind === 'startup_message' || packet.kind === 'cancel_request') return packet
      if (packet.kind === 'unsupported_version' || requests >= MOST_REQUESTS) throw unsupported(packet)
      // Encrypting what never leaves this machine would only ask for a certificate that nobody has.
      this.#socket.write(NO)
    }
  }

  /** Asks for a password in clear, which stays on this machine. @throws RefusedClient, ClientGone */
  async password(signal: AbortSignal): Promise<Buffer> {
    this.#socket.write(buildMessage(BACKEND.authentication, field.int32(AUTHENTICATION_CLEARTEXT_PASSWORD)))
    const { type, body } = await this.#read((bytes) => decodeFrame(bytes, LONGEST_PASSWORD_MESSAGE), signal)
    const end = body.indexOf(0)
    if (type !== FRONTEND.passwordMessage || end !== body.length - 1) throw violated('expected a password')
    return body.subarray(0, end)
  }

  /** What was read and belongs to the session. */
  rest(): Buffer {
    const rest = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return rest
  }

  async #read<Message>(decode: (bytes: Buffer) => Decoded<Message>, signal: AbortSignal): Promise<Message> {
    for (;;) {
      const decoded = decode(this.#bytes)
      if (decoded.outcome === 'violation') throw violated(decoded.violation)
      if (decoded.outcome === 'message') {
        this.#bytes = this.#bytes.subarray(decoded.length)
        return decoded.message
      }
      this.#bytes = Buffer.concat([this.#bytes, await this.#more(signal)])
    }
  }

  #more(signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#socket.off('readable', onReadable).off('end', onGone).off('close', onGone)
        signal.removeEventListener('abort', onLate)
        finish()
      }
      const onReadable = () => {
        const chunk = this.#socket.read() as Buffer | null
        if (chunk !== null) settle(() => resolve(chunk))
      }
      const onGone = () => settle(() => reject(new ClientGone('it closed the connection')))
      const onLate = () => settle(() => reject(new ClientGone('it said too little for too long')))
      if (signal.aborted) {
        reject(new ClientGone('it said too little for too long'))
        return
      }
      signal.addEventListener('abort', onLate)
      this.#socket.on('readable', onReadable).on('end', onGone).on('close', onGone)
      onReadable()
    })
  }
}

const violated = (message: string): RefusedClient =>
  new RefusedClient({ severity: 'FATAL', sqlstate: '08P01', message })

const unsupported = (packet: StartupPacket): RefusedClient =>
  new RefusedClient({
    severity: 'FATAL',
    sqlstate: '0A000',
    message:
      packet.kind === 'unsupported_version'
        ? `unsupported frontend protocol ${String(packet.version.major)}.${String(packet.version.minor)}: server supports 3.0 to 3.2`
        : 'too many requests for encryption',
  })

/** Tells the client why, and closes. */
export function refuse(socket: Socket, fields: ErrorFields): void {
  socket.end(encodeErrorResponse(fields))
  // A client that does not close does not keep the connection.
  socket.setTimeout(2_000, () => socket.destroy())
  socket.resume()
}
