/**
 * One listener for each database instance, kept in step with the instances that there are; or, under a domain, one
 * for all of them at each address. Sockets are handed over unread.
 */
import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import type { InstanceUid } from '../domain/ids.ts'
import { chooseInstanceHost } from './instance-host.ts'
import type { ListeningSettings } from './settings.ts'

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
  { port: wanted, addresses }: ListeningSettings,
  onConnection: (socket: Socket, host: string) => void,
): Promise<OpenListener> {
  const hosts = addresses ?? loopbackAddressesOf(instance)
  const ports = portsToTry(wanted, instance.listener.port)
  let failure: unknown
  for (const candidate of hosts) {
    for (const port of ports) {
      // On an address that all instances share, a common port would belong to only one of them.
      try {
        return await listenAt(candidate, port, onConnection)
      } catch (error) {
        failure = error
      }
    }
    if (!isMissingAddress(failure)) break
  }
  throw explain(failure, hosts[0] ?? COMMON_LOOPBACK, instance.name, wanted)
}

/**
 * Listens for all instances, which the TLS server name tells apart.
 * @throws Fault gateway_port_taken, gateway_address_unusable
 */
export async function openSharedListener(
  host: string,
  wanted: number | undefined,
  onConnection: (socket: Socket, host: string) => void,
): Promise<OpenListener> {
  const port = wanted ?? POSTGRESQL_PORT
  try {
    return await listenAt(host, port, onConnection)
  } catch (error) {
    throw explain(error, host, 'the instances', port)
  }
}

/** Where it was before, as long as that is an address of this kind; settings may have changed since. */
function loopbackAddressesOf({ uid, listener }: DatabaseInstance): readonly string[] {
  const own =
    isIP(listener.host) === 4 && listener.host.startsWith('127.') ? listener.host : chooseInstanceHost(uid)
  return own === COMMON_LOOPBACK ? [own] : [own, COMMON_LOOPBACK]
}

async function listenAt(
  host: string,
  port: number,
  onConnection: (socket: Socket, host: string) => void,
): Promise<OpenListener> {
  // Paused: whoever serves the connection, perhaps another process, reads its first byte.
  const server = createServer({ allowHalfOpen: false, pauseOnConnect: true, noDelay: true }, (socket) => {
    onConnection(socket, host)
  })
  await listen(server, host, port)
  return { host, port: (server.address() as AddressInfo).port, server }
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

function explain(cause: unknown, host: string, whom: string, wanted: number | undefined): Fault {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  return new Fault({
    code: isTaken ? 'gateway_port_taken' : 'gateway_address_unusable',
    origin: 'configuration',
    message: isTaken
      ? `Port ${String(wanted)} on ${host}, where clients of ${whom} would connect, is in use.`
      : `The gateway cannot listen on ${host} for ${whom}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    nextStep: 'Choose another port with LAKEGATE_GATEWAY_PORT (0 takes any free one).',
    cause,
  })
}

export type ListenersByInstance = Map<InstanceUid, OpenListener>
