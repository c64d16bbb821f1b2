/** One listener for each database instance, kept in step with the instances that there are. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { GatewayDependencies, GatewaySettings } from './settings.ts'

export interface OpenListener {
  readonly host: string
  readonly port: number
  readonly server: Server
}

const POSTGRESQL_PORT = 5432
/** Every machine has it; the other loopback addresses are Linux's alone. */
const COMMON_LOOPBACK = '127.0.0.1'

/**
 * Listens for one instance at the first address that works: where it listened before, the wanted port, any free
 * one. A port that was asked for by number is never replaced by another.
 * @throws Fault gateway_port_taken, gateway_address_unusable
 */
export async function openListener(
  instance: DatabaseInstance,
  wanted: GatewaySettings['port'],
  certificates: GatewayDependencies['certificates'],
  onConnection: (socket: Socket, secureContext: SecureContext) => void,
): Promise<OpenListener> {
  const { host, port: earlier } = instance.listener
  const ports = portsToTry(wanted, earlier)
  let failure: unknown
  for (const candidate of [host, ...(host === COMMON_LOOPBACK ? [] : [COMMON_LOOPBACK])]) {
    const secureContext = await secureContextFor(certificates, candidate)
    for (const port of ports) {
      // On the address that all instances share, a common port would belong to only one of them.
      const server = createServer(
        { allowHalfOpen: false, pauseOnConnect: false, noDelay: true },
        (socket) => {
          onConnection(socket, secureContext)
        },
      )
      try {
        await listen(server, candidate, port)
        return { host: candidate, port: (server.address() as AddressInfo).port, server }
      } catch (error) {
        failure = error
      }
    }
    if (!isMissingAddress(failure)) break
  }
  throw explain(failure, instance, wanted)
}

function portsToTry(wanted: number | undefined, earlier: number | undefined): readonly number[] {
  if (wanted !== undefined && wanted !== 0) return [wanted]
  const again = earlier === undefined ? [] : [earlier]
  return wanted === 0 ? [...again, 0] : [...again, POSTGRESQL_PORT, 0]
}

const isMissingAddress = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL'

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function explain(cause: unknown, { name, listener }: DatabaseInstance, wanted: number | undefined): Fault {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  return new Fault({
    code: isTaken ? 'gateway_port_taken' : 'gateway_address_unusable',
    origin: 'configuration',
    message: isTaken
      ? `Port ${String(wanted)} on ${listener.host}, where clients of ${name} would connect, is in use.`
      : `The gateway cannot listen on ${listener.host} for ${name}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    nextStep: 'Choose another port with LAKEGATE_GATEWAY_PORT (0 takes any free one).',
    cause,
  })
}

/** TLS 1.2 and later; the certificate of the host that clients name. */
async function secureContextFor(
  certificates: GatewayDependencies['certificates'],
  host: string,
): Promise<SecureContext> {
  const { certificateChainPem, privateKeyPem } = await certificates.certificateFor(host)
  return createSecureContext({
    cert: certificateChainPem,
    key: privateKeyPem.reveal(),
    minVersion: 'TLSv1.2',
  })
}

export type ListenersByInstance = Map<InstanceUid, OpenListener>
