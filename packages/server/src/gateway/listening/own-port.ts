/**
 * Which port an endpoint listens on. Every endpoint has a port of its own, which clients keep in their connection
 * strings: when another program has taken that port, the endpoint uses another one until the next start.
 */
import type { DatabaseInstance, InstanceListener } from '../../domain/database-instance.ts'

export const POSTGRESQL_PORT = 5432

export interface PortFacts {
  /** The setting. Undefined: 5432 where it is free; 0: any free port. */
  readonly wanted: number | undefined
  /** Whether no other endpoint of ours listens at this address, so that 5432 belongs to this one. */
  readonly isOwnAddress: boolean
  /** The recorded own port at this address. */
  readonly ownPort: number | undefined
  /** The port it had last. */
  readonly lastPort: number | undefined
  /** Whether 5432 at this address belongs to another endpoint. */
  readonly isDefaultClaimed: boolean
}

export interface PortChoice {
  /** Undefined: whichever port it gets becomes its own. */
  readonly ownPort: number | undefined
  /** To be tried in this order; 0 means any free port. */
  readonly candidates: readonly number[]
}

/** A port that was set by number is never replaced by another. */
export function choosePorts(facts: PortFacts): PortChoice {
  const { wanted, ownPort, lastPort } = facts
  if (wanted !== undefined && wanted !== 0) return { ownPort, candidates: [wanted] }
  const own = wanted === undefined && facts.isOwnAddress ? POSTGRESQL_PORT : decideOwnPort(facts)
  const known = [own, lastPort].filter((port) => port !== undefined)
  return { ownPort: own, candidates: [...new Set([...known, 0])] }
}

/** Where endpoints share an address, one of them has 5432 and the others keep the port they got. */
function decideOwnPort({ wanted, ownPort, lastPort, isDefaultClaimed }: PortFacts): number | undefined {
  const byDefault = wanted === undefined && !isDefaultClaimed ? POSTGRESQL_PORT : undefined
  return ownPort ?? lastPort ?? byDefault
}

/** The places that belong to endpoints, by address and port. */
export type ClaimedPlaces = Set<string>
export const placeAt = (host: string, port: number): string => `${host} ${String(port)}`

export function claimedBy(instances: readonly DatabaseInstance[]): ClaimedPlaces {
  const listeners = instances.flatMap(({ listener, pooledListener }) => [listener, pooledListener])
  return new Set(listeners.flatMap((listener) => (listener === undefined ? [] : claimOf(listener))))
}

function claimOf({ host, port, ownPort = port }: InstanceListener): readonly string[] {
  return ownPort === undefined ? [] : [placeAt(host, ownPort)]
}
