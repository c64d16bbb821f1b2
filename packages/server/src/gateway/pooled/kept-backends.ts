/**
 * The backends of a pool that hold something which cannot be moved: at most half of a pool's backends, and half of an
 * instance's.
 */
import type { PooledBackend } from './backend.ts'
import type { InstanceBackends } from './instance-backends.ts'

export class KeptBackends {
  readonly #kept = new Set<PooledBackend>()
  readonly #instance: InstanceBackends
  /** The other half of the pool stays for sessions that keep no backend. */
  readonly most: number

  constructor(backendsPerPool: number, instance: InstanceBackends) {
    this.most = Math.floor(backendsPerPool / 2)
    this.#instance = instance
  }

  get size(): number {
    return this.#kept.size
  }

  has(backend: PooledBackend): boolean {
    return this.#kept.has(backend)
  }

  /** @returns false when too many are kept already */
  keep(backend: PooledBackend): boolean {
    if (this.#kept.has(backend)) return true
    if (this.#kept.size >= this.most || !this.#instance.mayKeepMore) return false
    this.#kept.add(backend)
    this.#instance.kept += 1
    return true
  }

  keepNoLonger(backend: PooledBackend): void {
    if (this.#kept.delete(backend)) this.#instance.kept -= 1
  }
}
