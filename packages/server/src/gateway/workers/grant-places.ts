/**
 * The main process's counterpart of leased-places.ts: how many places of each key every worker holds, and how many are
 * left.
 */
import type { PlacesOfKey } from './messages.ts'

/** The most places granted at once. A worker that accepts more connections from one address soon asks again. */
const LARGEST_BLOCK = 16

export interface PlaceHolder {
  isGone(): boolean
  /** Takes back the places that it does not use. @returns how many; 0 when the worker has ended */
  recall(places: PlacesOfKey): Promise<number>
}

export class GrantedPlaces {
  /** By counter and key: how many places each worker holds. */
  readonly #held = new Map<string, Map<PlaceHolder, number>>()

  /** @returns how many `holder` gets; 0 when all are in use */
  async grant(
    holder: PlaceHolder,
    { counter, key, most }: PlacesOfKey & { readonly most: number },
    holders: number,
  ): Promise<number> {
    const places = { counter, key }
    if (this.#left(places, most) <= 0) await this.#recallFromOthers(holder, places)
    const left = this.#left(places, most)
    if (left <= 0 || holder.isGone()) return 0
    // Only a part of what is left, so that other workers get some too.
    const count = Math.max(1, Math.min(LARGEST_BLOCK, Math.floor(left / (2 * Math.max(1, holders)))))
    this.#add(holder, places, count)
    return count
  }

  giveBack(holder: PlaceHolder, places: PlacesOfKey, count: number): void {
    this.#add(holder, places, -count)
  }

  /** The worker has ended; everything that it held is free. */
  forget(holder: PlaceHolder): void {
    for (const [name, held] of this.#held) {
      held.delete(holder)
      if (held.size === 0) this.#held.delete(name)
    }
  }

  #left(places: PlacesOfKey, most: number): number {
    let left = most
    for (const count of this.#held.get(nameOf(places))?.values() ?? []) left -= count
    return left
  }

  async #recallFromOthers(asker: PlaceHolder, places: PlacesOfKey): Promise<void> {
    const others = [...(this.#held.get(nameOf(places))?.keys() ?? [])].filter((holder) => holder !== asker)
    await Promise.all(
      others.map(async (holder) => {
        this.#add(holder, places, -(await holder.recall(places)))
      }),
    )
  }

  #add(holder: PlaceHolder, places: PlacesOfKey, count: number): void {
    const name = nameOf(places)
    const held = this.#held.get(name) ?? new Map<PlaceHolder, number>()
    // A worker that has been forgotten meanwhile holds nothing.
    const now = Math.max(0, (held.get(holder) ?? 0) + count)
    if (now === 0) held.delete(holder)
    else held.set(holder, now)
    if (held.size === 0) this.#held.delete(name)
    else this.#held.set(name, held)
  }
}

const nameOf = ({ counter, key }: PlacesOfKey): string => `${counter} ${key}`
