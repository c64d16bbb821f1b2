/**
 * Limits the number of simultaneous connections, in total and for each client, before anything is read from them. Each
 * connection uses memory and a file descriptor, which the gateway, PostgreSQL and the key files also need (attack 66).
 */
import { clientNetwork } from '../domain/client-network.ts'
import { unmappedAddress } from '../domain/loopback.ts'

const MOST = 4_000
/** Far more than a person or a script uses. */
const MOST_OF_ONE = 1_000

export interface Places {
  /** @returns a function that gives the place back, to be called once; undefined when none is free */
  take(address: string): (() => void) | undefined
}

/**
 * @param ports.isProxy whether the address is a listed proxy, which speaks for many clients
 * @param ports.onCrowded called once for a client that has too many, and again only after it had none
 */
export function createPlaces(ports: {
  readonly isProxy: (address: string) => boolean
  readonly onCrowded: (address: string) => void
}): Places {
  const taken = new Map<string, number>()
  const told = new Set<string>()
  let all = 0
  return {
    take(address) {
      const network = clientNetwork(address)
      const own = taken.get(network) ?? 0
      if (all >= MOST || (own >= MOST_OF_ONE && !ports.isProxy(unmappedAddress(address)))) {
        if (own > 0 && !told.has(network)) {
          told.add(network)
          ports.onCrowded(unmappedAddress(address))
        }
        return undefined
      }
      all += 1
      taken.set(network, own + 1)
      return () => {
        all -= 1
        const left = (taken.get(network) ?? 0) - 1
        if (left > 0) taken.set(network, left)
        else {
          taken.delete(network)
          told.delete(network)
        }
      }
    },
  }
}
