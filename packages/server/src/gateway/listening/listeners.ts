/** One listener for each existing database instance; or, with a domain, one for all of them at each address. */
import { isIP } from 'node:net'
import type { DatabaseInstance, InstanceListener } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import type { StandInPort } from '../../domain/stand-in-port.ts'
import { chooseInstanceHost } from './instance-host.ts'
import { choosePorts, placeAt, POSTGRESQL_PORT, type ClaimedPlaces } from './own-port.ts'
import type { Address, OpenAddress } from './address.ts'
import type { GatewayLog, ListeningSettings } from '../settings.ts'

/** Opens an address for a fixed target. @throws the system's error for the address */
export type ListenAt = (address: Address) => Promise<OpenAddress>

export interface OpenListener {
  readonly host: string
  readonly port: number
  readonly ownPort: number
  /** Set when `port` stands in for `ownPort`, which another program has taken. */
  readonly standIn: StandInPort | undefined
  close(): void
}

/** One of the endpoints of an instance. */
export interface WantedListener extends Pick<StandInPort, 'instance' | 'endpoint'> {
  /** Its own loopback address. */
  readonly loopback: string
  /** Where it listened before. */
  readonly before: InstanceListener | undefined
}

/** Every system has it; the other loopback addresses exist on Linux only. */
const COMMON_LOOPBACK = '127.0.0.1'

/**
 * Listens for one instance at the first address that works and the first port that is free: its own port, then the port
 * it had last, then any other.
 * @param claimed the places that belong to endpoints; this endpoint's own place is added
 * @throws Fault gateway_port_taken, gateway_address_unusable
 */
export async function openListener(
  { instance, endpoint, loopback, before }: WantedListener,
  { port: wanted, addresses }: ListeningSettings,
  claimed: ClaimedPlaces,
  listen: ListenAt,
): Promise<OpenListener> {
  const hosts = addresses ?? [...new Set([loopback, COMMON_LOOPBACK])]
  let failure: unknown
  for (const candidate of hosts) {
    const { ownPort, candidates } = choosePorts({
      wanted,
      isOwnAddress: addresses === undefined && candidate !== COMMON_LOOPBACK,
      ownPort: candidate === before?.host ? before.ownPort : undefined,
      lastPort: before?.port,
      isDefaultClaimed: claimed.has(placeAt(candidate, POSTGRESQL_PORT)),
    })
    for (const port of candidates) {
      try {
        const opened = await listen({ host: candidate, port })
        const own = ownPort ?? opened.port
        claimed.add(placeAt(candidate, own))
        const isStandIn = candidates.includes(own) && opened.port !== own
        const { host, port: found } = opened
        return {
          ...{ host, port: found, ownPort: own },
          close: () => {
            opened.close()
          },
          standIn: isStandIn ? { instance, endpoint, host, ownPort: own, port: found } : undefined,
        }
      } catch (error) {
        failure = error
      }
    }
    if (!isMissingAddress(failure)) break
  }
  throw explain(failure, hosts[0] ?? COMMON_LOOPBACK, instance, wanted)
}

/**
 * Listens for all instances, which are told apart by the TLS server name.
 * @throws Fault gateway_port_taken, gateway_address_unusable
 */
export async function openSharedListener(
  host: string,
  wanted: number | undefined,
  listen: ListenAt,
): Promise<OpenListener> {
  const port = wanted ?? POSTGRESQL_PORT
  try {
    const opened = await listen({ host, port })
    return {
      ...{ host: opened.host, port: opened.port, ownPort: opened.port, standIn: undefined },
      close: () => {
        opened.close()
      },
    }
  } catch (error) {
    throw explain(error, host, 'the instances', port)
  }
}

/** The address it had before, as long as that is a loopback address; settings may have changed since. */
export const loopbackOf = ({ uid, listener: { host } }: DatabaseInstance): string =>
  isIP(host) === 4 && host.startsWith('127.') ? host : chooseInstanceHost(uid)

const isMissingAddress = (error: unknown): boolean => hasCode(error, 'EADDRNOTAVAIL')

function explain(cause: unknown, host: string, whom: string, wanted: number | undefined): Fault {
  const isTaken = hasCode(cause, 'EADDRINUSE')
  return new Fault({
    code: isTaken ? 'gateway_port_taken' : 'gateway_address_unusable',
    origin: 'configuration',
    message: isTaken
      ? `Port ${String(wanted)} on ${host}, where clients of ${whom} would connect, is in use.`
      : `The gateway cannot listen on ${host} for ${whom}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    nextStep: nextStepFor(cause),
    cause,
  })
}

function nextStepFor(cause: unknown): string {
  if (hasCode(cause, 'EADDRNOTAVAIL', 'EAFNOSUPPORT'))
    return 'Name addresses that this machine has with LAKEGATE_GATEWAY_HOST.'
  const another = 'Choose another port with LAKEGATE_GATEWAY_PORT (0 takes any free one)'
  // ip(7): ports below 1024 belong to root.
  return hasCode(cause, 'EACCES')
    ? `${another}: those below 1024 need root, or the capability CAP_NET_BIND_SERVICE.`
    : `${another}.`
}

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

export function isSameListener(
  one: InstanceListener | undefined,
  other: InstanceListener | undefined,
): boolean {
  return one?.host === other?.host && one?.port === other?.port && one?.ownPort === other?.ownPort
}

/** Logged at every start, until the port is free again. */
export function warnOfStandIn(log: Pick<GatewayLog, 'warn'>, standIn: StandInPort | undefined): void {
  if (standIn === undefined) return
  log.warn(
    { ...standIn, nextStep: 'Free the port, and the next start goes back to it.' },
    'the own port of an endpoint is taken by another program; the endpoint uses another one until the next start',
  )
}

export type ListenersByInstance = Map<InstanceUid, OpenListener>

export const standInsOf = (listeners: ListenersByInstance): readonly StandInPort[] =>
  [...listeners.values()].flatMap(({ standIn }) => standIn ?? [])
