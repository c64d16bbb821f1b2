/**
 * How long backends may serve: up to their maximum age, and only while the settings that they were opened with are
 * current. PostgreSQL reads the settings of roles and databases only when a backend is opened.
 */
import type { PooledBackend } from './backend.ts'

/** What is known of a backend before it is opened. */
export interface Birth {
  readonly settings: string
  readonly until: number
}

/**
 * The fraction of the maximum age by which a backend may be closed early, so that backends opened together are not
 * renewed together.
 */
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

  /** @returns whether backends that were opened before are out of date */
  useSettings(fingerprint: string): boolean {
    const isNew = fingerprint !== this.#settings
    this.#settings = fingerprint
    return isNew
  }

  /** Call before the backend is opened: it may or may not have read a change made meanwhile. */
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
