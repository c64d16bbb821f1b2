/** The script of one connection, from its first byte to its last. Reads like DESIGN §6. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Duplex } from 'node:stream'
import type { InstanceUid } from '../domain/ids.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'
import { agreeOnProtocol } from '../protocol/protocol-version.ts'
import { decodeName, lastValue, type StartupMessage } from '../protocol/startup.ts'
import { askForPassword } from './ask-for-password.ts'
import { openBackend } from './backend-session.ts'
import { ConnectionEnded } from './byte-reader.ts'
import { forwardCancelRequest } from './cancel.ts'
import type { Counter } from './connection-limits.ts'
import { shakeHands, type Handshake } from './handshake.ts'
import { endWith, refusalMessage } from './refusal-message.ts'
import { relay } from './relay.ts'
import type { GatewayDependencies, GatewaySettings } from './settings.ts'

export interface SessionContext {
  readonly dependencies: GatewayDependencies
  readonly settings: GatewaySettings
  readonly instanceUid: InstanceUid
  readonly secureContext: SecureContext
  readonly logins: Counter
  readonly sessions: Counter
}

/** Resolves when the connection is over, however it ended. */
export async function serveConnection(socket: Socket, context: SessionContext): Promise<void> {
  const deadline = startDeadline(context.settings.loginDeadlineMs)
  const clientAddress = socket.remoteAddress ?? 'unknown'
  const release = context.logins.take(clientAddress)
  let current: Duplex = socket
  // Every read and write notices a broken connection by itself; without a listener it would end the process.
  socket.on('error', () => undefined)
  try {
    if (release === undefined) throw tooMany(context.settings.loginsPerAddress)
    const handshake = await shakeHands(socket, context.secureContext, deadline.signal, (encrypted) => {
      encrypted.on('error', () => undefined)
      current = encrypted
    })
    if (handshake.kind === 'cancel_request') {
      await cancel(handshake.request, context)
      socket.destroy()
      return
    }
    await serveLogin(
      handshake,
      clientAddress,
      context,
      () => {
        deadline.clear()
        release()
      },
      deadline.signal,
    )
  } catch (error) {
    if (error instanceof ConnectionEnded) {
      current.destroy()
    } else {
      if (!(error instanceof RefusedError)) context.dependencies.log.error({ err: error }, 'a login failed')
      endWith(current, refusalMessage(error))
    }
  } finally {
    deadline.clear()
    release?.()
  }
}

async function serveLogin(
  { socket, reader, message }: Handshake & { kind: 'login' },
  clientAddress: string,
  { dependencies, settings, instanceUid, sessions }: SessionContext,
  onOpen: () => void,
  signal: AbortSignal,
): Promise<void> {
  const protocol = agreeOnProtocol(message)
  if (protocol.negotiation !== undefined) socket.write(protocol.negotiation)
  const roleName = requireRoleName(message)
  const leave = sessions.take(instanceUid)
  if (leave === undefined) throw tooMany(settings.connectionsPerInstance)
  try {
    const admission = await dependencies.admit(
      { instanceUid, roleName, database: nameOf(message, 'database') ?? roleName, clientAddress },
      () => askForPassword(socket, reader),
    )
    const answer = await openBackend(admission, { message, version: protocol.version }, signal)
    if (answer.kind === 'refused') {
      endWith(socket, answer.message)
      return
    }
    const { session } = answer
    session.socket.on('error', () => undefined)
    socket.write(session.greeting)
    // Sent behind the password and before the answer: PostgreSQL would read it next as well (attack 14).
    const early = reader.takeRest()
    if (early.length > 0) session.socket.write(early)
    onOpen()
    await relay(socket, session.socket)
  } finally {
    leave()
  }
}

async function cancel(
  request: Parameters<typeof forwardCancelRequest>[0],
  { dependencies, instanceUid }: SessionContext,
): Promise<void> {
  const instance = await dependencies.instances.loadInstance(instanceUid)
  if (instance?.socketDirectory === undefined) return
  await forwardCancelRequest(request, instance.socketDirectory)
}

function requireRoleName(message: StartupMessage): string {
  const roleName = nameOf(message, 'user')
  if (roleName === undefined || roleName === '') throw new RefusedError(refuse('user_name_missing'))
  return roleName
}

function nameOf(message: StartupMessage, parameter: string): string | undefined {
  const value = lastValue(message, parameter)
  if (value === undefined) return undefined
  const name = decodeName(value)
  if (name === undefined) {
    throw new RefusedError(
      refuse('protocol_violation', { violation: `the parameter ${parameter} is not UTF-8` }),
    )
  }
  return name
}

const tooMany = (limit: number): RefusedError =>
  new RefusedError(refuse('too_many_connections', { limit: String(limit) }))

/** behaviour 72: a login that is not complete in time is over, in whatever state it is (attack 10). */
function startDeadline(limitMs: number): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(new RefusedError(refuse('handshake_timeout', { seconds: String(limitMs / 1000) })))
  }, limitMs)
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer)
    },
  }
}
