/**
 * A connection to a database instance like that of any client: through the gateway, over TLS with a verified
 * certificate, with a token as the password. The gateway and PostgreSQL decide what it may do.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Redacted } from '../../../domain/redacted.ts'
import { encodeTerminate } from '../../../protocol/frontend-statements.ts'
import { FieldCursor } from '../../../protocol/frame.ts'
import { buildMessage, field } from '../../../protocol/message-builder.ts'
import { BACKEND, ERROR_FIELD, FRONTEND } from '../../../protocol/message-types.ts'
import { encodeCancelRequest, encodeStartupMessage } from '../../../protocol/startup.ts'
import { createBackendMessages, readErrorFields, type BackendListener } from './backend-messages.ts'

/** Where the gateway listens for an instance, and how its certificate is verified. */
export interface GatewayAddress {
  readonly host: string
  readonly port: number
  /** Authorities of its certificate, as PEM. */
  readonly ca: readonly string[]
}

export interface BackendLogin {
  readonly gateway: GatewayAddress
  /** Sent before anything else: tells the gateway the address of the client. */
  readonly preface: Buffer | undefined
  readonly role: string
  readonly database: string
  readonly password: Redacted<string>
  readonly settings: Readonly<Record<string, string>>
}

export interface BackendConnection {
  readonly processId: number
  /** From now on everything that arrives is passed to the listener. */
  listen(listener: BackendListener, onClose: () => void): void
  send(...messages: readonly Buffer[]): void
  pause(): void
  resume(): void
  /** Resolves when the request was delivered, or could not be delivered. */
  cancel(): Promise<void>
  /** Sends Terminate and closes; PostgreSQL rolls back an open transaction. */
  end(): void
}

/** The gateway or PostgreSQL refused the login; the fields of its ErrorResponse. */
export class LoginRefused extends Error {
  readonly fields: ReadonlyMap<string, string>

  constructor(fields: ReadonlyMap<string, string>) {
    super('the gateway refused the login')
    this.name = 'LoginRefused'
    this.fields = fields
  }
}

/** The gateway does not answer, or is not what it should be. */
export class GatewayUnreachable extends Error {
  constructor(reason: string, options?: { readonly cause: unknown }) {
    super(reason, options)
    this.name = 'GatewayUnreachable'
  }
}

/** PostgreSQL, "SSL Session Encryption": a client that begins with TLS must name this protocol. */
const ALPN_PROTOCOL = 'postgresql'
const PROTOCOL_VERSION = { major: 3, minor: 0 }
const CLEARTEXT_PASSWORD = 3
const CANCEL_LIMIT_MS = 5_000

/** @throws LoginRefused, GatewayUnreachable */
export async function openBackendConnection(
  login: BackendLogin,
  signal: AbortSignal,
): Promise<BackendConnection> {
  const socket = await openTls(login.gateway, login.preface, signal)
  try {
    return await logIn(socket, login, signal)
  } catch (error) {
    socket.end()
    throw error
  }
}

async function openTls(
  { host, port, ca }: GatewayAddress,
  preface: Buffer | undefined,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const tcp = connectTcp({ host, port, noDelay: true })
  try {
    await once(tcp, 'connect', signal)
    if (preface !== undefined) tcp.write(preface)
    const encrypted = connectTls({
      socket: tcp,
      host,
      ca: [...ca],
      minVersion: 'TLSv1.2',
      ALPNProtocols: [ALPN_PROTOCOL],
      // RFC 6066 §3: an IP address must not be sent as the server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
    await once(encrypted, 'secureConnect', signal)
    encrypted.on('error', () => undefined)
    return encrypted
  } catch (error) {
    tcp.end()
    signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    throw new GatewayUnreachable(`${host}:${String(port)}: ${reason}`, { cause: error })
  }
}

function once(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => () => {
      signal.removeEventListener('abort', onAbort)
      socket.off(event, onDone).off('close', onClose)
      end()
    }
    const onDone = settle(resolve)
    const onClose = settle(() => {
      reject(new Error('the connection was closed'))
    })
    const onAbort = settle(() => {
      socket.end()
      reject(signal.reason as Error)
    })
    socket.once(event, onDone).once('close', onClose)
    // This listener stays: a later error is followed by 'close', which is handled.
    socket.on('error', (error) => {
      settle(() => {
        reject(error)
      })()
    })
    signal.addEventListener('abort', onAbort)
  })
}

function logIn(socket: TLSSocket, login: BackendLogin, signal: AbortSignal): Promise<BackendConnection> {
  return new Promise((resolve, reject) => {
    let key: { readonly processId: number; readonly key: Buffer } | undefined
    let ready = false
    let onClose = (): void => {
      reject(new GatewayUnreachable('the gateway ended the connection during the login'))
    }
    /** ParameterStatus messages that arrived during the login. */
    const early: { readonly type: number; readonly body: Buffer }[] = []
    const onAbort = (): void => {
      socket.end()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', onAbort)
      socket.end()
      reject(error)
    }
    let listener: BackendListener = {
      message(type, body) {
        switch (type) {
          case BACKEND.authentication: {
            const answer = answerToAuthentication(body, login)
            if (answer === 'not_a_token') fail(new LoginRefused(NOT_BOUND))
            else if (answer !== 'done') socket.write(answer)
            return
          }
          case BACKEND.errorResponse:
            fail(new LoginRefused(readErrorFields(body)))
            return
          case BACKEND.backendKeyData:
            key = {
              processId: body.length >= 4 ? body.readInt32BE(0) : 0,
              key: Buffer.from(body.subarray(4)),
            }
            return
          case BACKEND.readyForQuery: {
            if (key === undefined) {
              fail(new GatewayUnreachable('the backend has no key'))
              return
            }
            signal.removeEventListener('abort', onAbort)
            ready = true
            messages.pause()
            resolve(connectionOf(key))
            return
          }
          default:
            if (type === BACKEND.parameterStatus || type === BACKEND.noticeResponse)
              early.push({ type, body: Buffer.from(body) })
        }
      },
      row: () => undefined,
      roomFor: () => 0,
      wantsRows: () => false,
      violated() {
        fail(new GatewayUnreachable('the gateway does not speak the protocol of PostgreSQL'))
      },
    }
    const messages = createBackendMessages({
      message: (...message) => {
        listener.message(...message)
      },
      row: (values) => {
        listener.row(values)
      },
      roomFor: (...of) => listener.roomFor(...of),
      wantsRows: () => listener.wantsRows(),
      violated: () => {
        listener.violated()
      },
    })
    socket.on('data', (chunk: Buffer) => {
      messages.push(chunk)
      if (messages.isPaused) socket.pause()
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      onClose()
    })

    const connectionOf = (own: { readonly processId: number; readonly key: Buffer }): BackendConnection => ({
      processId: own.processId,
      listen(next, closed) {
        listener = next
        onClose = closed
        for (const { type, body } of early) listener.message(type, body, false)
        messages.resume()
        if (ready && !messages.isPaused) socket.resume()
      },
      send(...parts) {
        if (socket.writable) socket.write(Buffer.concat(parts))
      },
      pause() {
        messages.pause()
        socket.pause()
      },
      resume() {
        messages.resume()
        if (!messages.isPaused) socket.resume()
      },
      cancel: () => cancel(login.gateway, own),
      end() {
        messages.resume()
        socket.resume()
        if (socket.writable) socket.end(encodeTerminate())
      },
    })

    socket.write(startupMessageOf(login))
  })
}

/** SCRAM is requested while native login is on, for a role that is bound to no identity; a token cannot answer it. */
function answerToAuthentication(body: Buffer, login: BackendLogin): Buffer | 'done' | 'not_a_token' {
  const code = new FieldCursor(body).int32()
  if (code === 0) return 'done'
  if (code !== CLEARTEXT_PASSWORD) return 'not_a_token'
  return buildMessage(FRONTEND.passwordMessage, field.string(login.password.reveal()))
}

function startupMessageOf({ role, database, settings }: BackendLogin): Buffer {
  const parameters = Object.entries({ user: role, database, ...settings })
  return encodeStartupMessage(
    PROTOCOL_VERSION,
    parameters.map(([name, value]) => ({ name, value: Buffer.from(value, 'utf8') })),
  )
}

/**
 * The same error that the gateway sends for a token with such a role while native login is off
 * (docs/decisions/0010-which-proof.md).
 */
const NOT_BOUND: ReadonlyMap<string, string> = new Map([
  [ERROR_FIELD.severity, 'FATAL'],
  [ERROR_FIELD.sqlstate, '28P01'],
  [ERROR_FIELD.message, 'this role is not bound to an identity; only its own password opens it'],
  [
    ERROR_FIELD.hint,
    'Bind the role to an identity or a group, or log in with psql and the password of the role.',
  ],
])

async function cancel(
  gateway: GatewayAddress,
  key: { readonly processId: number; readonly key: Buffer },
): Promise<void> {
  const limit = AbortSignal.timeout(CANCEL_LIMIT_MS)
  try {
    const socket = await openTls(gateway, undefined, limit)
    socket.resume()
    await new Promise<void>((resolve) => {
      socket.once('close', () => {
        resolve()
      })
      limit.addEventListener('abort', () => {
        socket.end()
        resolve()
      })
      socket.write(encodeCancelRequest(key))
      socket.once('end', () => socket.end())
    })
  } catch {
    // Best effort by definition (PostgreSQL, "Canceling Requests in Progress"): the query continues, and the person
    // sees that.
  }
}
