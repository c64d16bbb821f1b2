/**
 * Counts places of connections over all workers without a message for each connection: the main process grants places
 * in blocks (grant-places.ts); a worker hands out those it holds, and gives back what it does not need. Near the limit
 * a block has one place, and unused places are called back from the other workers, so that a connection is refused only
 * when the limit is really reached, and never admitted above it.
 */
import { once, type Counter, type CounterName } from '../connection-limits.ts'
import type { AskedOfMain, PlacesOfKey } from './messages.ts'

/** A worker that holds more unused places than this gives the rest back. */
const KEPT_UNUSED = 32

interface Lease extends PlacesOfKey {
  granted: number
  used: number
  /** The limit that was in force when the places were granted. */
  most: number
  /** One question at a time for each key. */
  asking: Promise<number> | undefined
  wasUsed: boolean
}

export interface LeasedPlacesPorts {
  /** @returns undefined when the main process is gone; connections that got this far are then served */
  ask(question: AskedOfMain['lease'][0]): Promise<number | undefined>
  giveBack(places: PlacesOfKey, count: number): void
}

export class LeasedPlaces {
  readonly #leases = new Map<string, Lease>()
  readonly #ports: LeasedPlacesPorts

  constructor(ports: LeasedPlacesPorts) {
    this.#ports = ports
  }

  counter(counter: CounterName): Counter {
    return { take: (key, most) => this.#take({ counter, key }, most) }
  }

  /** The main process needs places of this key. @returns how many are given back */
  recall({ counter, key }: PlacesOfKey): number {
    const lease = this.#leases.get(nameOf({ counter, key }))
    return lease === undefined ? 0 : this.#withdraw(lease, 0)
  }

  /** Called regularly: places that were not used since the last call are given back. */
  sweep(): void {
    for (const [name, lease] of this.#leases) {
      const isIdle = lease.used === 0 && !lease.wasUsed && lease.asking === undefined
      lease.wasUsed = false
      const count = this.#withdraw(lease, isIdle ? 0 : KEPT_UNUSED)
      if (count > 0) this.#ports.giveBack({ counter: lease.counter, key: lease.key }, count)
      if (isIdle) this.#leases.delete(name)
    }
  }

  async #take(places: PlacesOfKey, most: number): Promise<(() => void) | undefined> {
    const lease = this.#leaseOf(places, most)
    // These places were granted under another limit, so the unused ones are given back.
    if (lease.most !== most) {
      lease.most = most
      const count = this.#withdraw(lease, 0)
      if (count > 0) this.#ports.giveBack(places, count)
    }
    lease.wasUsed = true
    while (lease.used >= lease.granted) {
      lease.asking ??= this.#ask(lease)
      if ((await lease.asking) === 0 && lease.used >= lease.granted) return undefined
    }
    lease.used += 1
    return once(() => {
      lease.used -= 1
    })
  }

  #leaseOf(places: PlacesOfKey, most: number): Lease {
    const name = nameOf(places)
    const known = this.#leases.get(name)
    if (known !== undefined) return known
    const lease = { ...places, most, granted: 0, used: 0, asking: undefined, wasUsed: true }
    this.#leases.set(name, lease)
    return lease
  }

  async #ask(lease: Lease): Promise<number> {
    const { counter, key, most } = lease
    const count = (await this.#ports.ask({ counter, key, most })) ?? 1
    lease.granted += count
    lease.asking = undefined
    return count
  }

  /** @returns how many unused places the lease has lost */
  #withdraw(lease: Lease, keep: number): number {
    const count = Math.max(0, lease.granted - lease.used - keep)
    lease.granted -= count
    return count
  }
}

const nameOf = ({ counter, key }: PlacesOfKey): string => `${counter} ${key}`
