/**
 * How many connections there may be at one moment, in all and of one client, said before anything is read of them: each takes
 * memory and a file descriptor, of which the gateway, PostgreSQL and the keys need some too (attack 65).
 */
import { clientNetwork } from '../domain/client-network.ts'
import { unmappedAddress } from '../domain/loopback.ts'

const MOST = 4_000
/** Far more than a person or a script has. */
const MOST_OF_ONE = 1_000

export interface Places {
  /** @returns the way to give it back, once; undefined when there is none */
  take(address: string): (() => void) | undefined
}

/**
 * @param ports.isProxy of an address that speaks for many
 * @param ports.onCrowded told once of a client that has too many, until it has none
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
