/** The idle backends of a pool, the longest idle first. */
import type { PooledBackend, Tenant } from './backend.ts'

export class IdleBackends {
  /** Nothing of a session is left in these. */
  readonly #clean = new Set<PooledBackend>()
  /** Each still holds what its last session left; that session gets it back unless another one needs it first. */
  readonly #left = new Set<PooledBackend>()
  /** Each holds something that cannot be moved and so belongs to its session alone. Not counted in `size`. */
  readonly #resting = new Set<PooledBackend>()

  get size(): number {
    return this.#clean.size + this.#left.size
  }

  add(backend: PooledBackend): void {
    if (backend.tenant === undefined) this.#clean.add(backend)
    else this.#left.add(backend)
  }

  addResting(backend: PooledBackend): void {
    this.#resting.add(backend)
  }

  /** @returns whether it was there */
  delete(backend: PooledBackend): boolean {
    return this.#clean.delete(backend) || this.#left.delete(backend) || this.#resting.delete(backend)
  }

  deleteResting(backend: PooledBackend): boolean {
    return this.#resting.delete(backend)
  }

  /** The backend that the session used last, if no other session has taken it. */
  takeHomeOf({ home }: Tenant): PooledBackend | undefined {
    return home !== undefined && (this.#left.delete(home) || this.#resting.delete(home)) ? home : undefined
  }

  /** An empty backend; else the one idle for longest, if it may be taken from its session. */
  take(mayTake: (left: PooledBackend) => boolean): PooledBackend | undefined {
    const [clean] = this.#clean
    if (clean !== undefined) {
      this.#clean.delete(clean)
      return clean
    }
    const [left] = this.#left
    if (left === undefined || !mayTake(left)) return undefined
    this.#left.delete(left)
    return left
  }

  get longest(): PooledBackend | undefined {
    const [[clean], [left]] = [this.#clean, this.#left]
    if (clean === undefined || left === undefined) return clean ?? left
    return clean.releasedAt <= left.releasedAt ? clean : left
  }

  /** The backends that other sessions may be given; a copy. */
  all(): readonly PooledBackend[] {
    return [...this.#clean, ...this.#left]
  }

  resting(): readonly PooledBackend[] {
    return [...this.#resting]
  }
}
