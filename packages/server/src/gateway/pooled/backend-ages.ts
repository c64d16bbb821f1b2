/**
 * How long backends may serve: to their longest age, and no longer than the settings hold that they were opened with.
 * Settings of roles and databases are read when a backend is opened, and only then.
 */
import type { PooledBackend } from './backend.ts'

/** What is known of a backend before it is opened. */
export interface Birth {
  readonly settings: string
  readonly until: number
}

/** By how much of the longest age some go earlier, so that those that were opened together are not renewed together. */
const SPREAD = 0.2

export class BackendAges {
  readonly #births = new WeakMap<PooledBackend, Birth>()
  readonly #longestMs: number
  readonly #ports: { readonly now: () => number; readonly random: () => number }
  #settings = ''

  constructor(longestMs: number, ports: { readonly now: () => number; readonly random: () => number }) {
    this.#longestMs = longestMs
    this.#ports = ports
  }

  /** @returns whether backends that were opened before are out of date now */
  useSettings(fingerprint: string): boolean {
    const isNew = fingerprint !== this.#settings
    this.#settings = fingerprint
    return isNew
  }

  /** To be called before it is opened: what is changed meanwhile may have been read or not. */
  birth(): Birth {
    const { now, random } = this.#ports
    return { settings: this.#settings, until: now() + this.#longestMs * (1 - SPREAD * random()) }
  }

  born(backend: PooledBackend, birth: Birth): void {
    this.#births.set(backend, birth)
  }

  isOver(backend: PooledBackend): boolean {
    const birth = this.#births.get(backend)
    return birth?.settings !== this.#settings || birth.until <= this.#ports.now()
  }
}
