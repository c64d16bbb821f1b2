/** The backends of a pool with something in them that cannot be moved: half of a pool, and of an instance, may be that. */
import type { PooledBackend } from './backend.ts'
import type { InstanceBackends } from './instance-backends.ts'

export class KeptBackends {
  readonly #kept = new Set<PooledBackend>()
  readonly #instance: InstanceBackends
  /** Half of the pool stays for those who come and go. */
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

  /** @returns false when there are too many */
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
