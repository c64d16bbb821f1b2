/** Logs in at the gateway for a client of the proxy: with a token as the password, over TLS with the certificate verified. */
import type { TLSSocket } from 'node:tls'
import type { InstanceConnection } from '@lakegate/client'
import { encodeErrorResponse, decodeErrorResponse } from '../../../protocol/error-response.ts'
import { decodeFrame, FieldCursor, type Frame } from '../../../protocol/frame.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE } from '../../../protocol/limits.ts'
import { buildMessage, field } from '../../../protocol/message-builder.ts'
import { BACKEND, FRONTEND } from '../../../protocol/message-types.ts'
import { encodeStartupMessage, type CancelRequest, type ProtocolVersion } from '../../../protocol/startup.ts'
import { connectToGateway } from '../gateway-connection.ts'
import type { Destination } from './startup-parameters.ts'

export type CancelKey = Omit<CancelRequest, 'kind'>

export interface LoggedIn {
  readonly connection: TLSSocket
  /** AuthenticationOk up to ReadyForQuery: what the client is to read. */
  readonly welcome: Buffer
  readonly cancelKey: CancelKey | undefined
  /** What was read behind ReadyForQuery. */
  readonly rest: Buffer
}

/** The gateway's own refusal, byte for byte. */
export class RefusedByGateway extends Error {
  readonly bytes: Buffer
  readonly sqlstate: string | undefined

  constructor(bytes: Buffer) {
    const { message, sqlstate } = decodeErrorResponse(bytes.subarray(5))
    super(message ?? 'the gateway refused the login')
    this.name = 'RefusedByGateway'
    this.bytes = bytes
    this.sqlstate = sqlstate
  }
}

const WRONG_PASSWORD = '28P01'
const LIMIT_MS = 30_000
const OK = 0
const CLEARTEXT_PASSWORD = 3

/** @throws RefusedByGateway; Fault when no token can be had or the gateway cannot be reached */
export async function logIn(
  target: InstanceConnection,
  destination: Destination,
  version: ProtocolVersion,
): Promise<LoggedIn> {
  const { value } = await target.credentials.token()
  try {
    return await attempt(target, destination, version, value)
  } catch (error) {
    // A token may have been revoked, or the signing keys replaced, before it expired.
    if (!(error instanceof RefusedByGateway) || error.sqlstate !== WRONG_PASSWORD) throw error
    target.credentials.refuse(value)
    const next = await target.credentials.token()
    if (next.value === value) throw error
    return attempt(target, destination, version, next.value)
  }
}

async function attempt(
  target: InstanceConnection,
  { parameters }: Destination,
  version: ProtocolVersion,
  token: string,
): Promise<LoggedIn> {
  const connection = await connectToGateway(target)
  const limit = setTimeout(
    () => connection.destroy(new Error('the gateway did not answer in time')),
    LIMIT_MS,
  )
  try {
    connection.write(encodeStartupMessage(version, parameters))
    return await converse(connection, token)
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    clearTimeout(limit)
  }
}

async function converse(connection: TLSSocket, token: string): Promise<LoggedIn> {
  const messages = new Messages(connection)
  const welcome: Buffer[] = []
  let cancelKey: CancelKey | undefined
  for (;;) {
    const message = await messages.next()
    const bytes = buildMessage(message.type, message.body)
    switch (message.type) {
      case BACKEND.errorResponse:
        throw new RefusedByGateway(bytes)
      case BACKEND.authentication: {
        const request = new FieldCursor(message.body).int32()
        if (request === CLEARTEXT_PASSWORD)
          connection.write(buildMessage(FRONTEND.passwordMessage, field.string(token)))
        else if (request === OK) welcome.push(bytes)
        else throw new RefusedByGateway(OWN_PASSWORD)
        break
      }
      case BACKEND.backendKeyData: {
        const fields = new FieldCursor(message.body)
        const processId = fields.int32()
        if (processId !== undefined) cancelKey = { processId, key: Buffer.from(fields.rest()) }
        welcome.push(bytes)
        break
      }
      default:
        // NegotiateProtocolVersion comes before AuthenticationOk; both are for the client.
        welcome.push(bytes)
    }
    if (message.type === BACKEND.readyForQuery)
      return { connection, welcome: Buffer.concat(welcome), cancelKey, rest: messages.rest() }
  }
}

/** The gateway asks for a proof of the role's own password when no identity is bound to the role. */
const OWN_PASSWORD = encodeErrorResponse({
  severity: 'FATAL',
  sqlstate: '28000',
  message: 'the role logs in with a password of its own, not with a token',
  hint: 'Name a role that is bound to you or to a group of yours: `lakegate database list-database-instance-roles` shows them.',
})

/** One message after another, none longer than a login needs. */
class Messages {
  readonly #connection: TLSSocket
  #bytes = Buffer.alloc(0)

  constructor(connection: TLSSocket) {
    this.#connection = connection
  }

  async next(): Promise<Frame> {
    for (;;) {
      const decoded = decodeFrame(this.#bytes, LONGEST_BACKEND_LOGIN_MESSAGE)
      if (decoded.outcome === 'violation') throw new Error(`the gateway sent an ${decoded.violation}`)
      if (decoded.outcome === 'message') {
        this.#bytes = this.#bytes.subarray(decoded.length)
        return decoded.message
      }
      this.#bytes = Buffer.concat([this.#bytes, await this.#more()])
    }
  }

  rest(): Buffer {
    return this.#bytes
  }

  #more(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const connection = this.#connection
      const settle = (finish: () => void) => {
        connection.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError)
        finish()
      }
      const onReadable = () => {
        const chunk = connection.read() as Buffer | null
        if (chunk !== null) settle(() => resolve(chunk))
      }
      const onEnd = () => settle(() => reject(new Error('the gateway closed the connection')))
      const onError = (error: Error) => settle(() => reject(error))
      connection.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError)
      onReadable()
    })
  }
}
