/**
 * Moves a session out of the backend that it used last: asks what the session left there, if there is reason to; takes
 * along what can be moved; and empties the backend. When something cannot be moved, the session keeps the backend, as
 * long as fewer than the allowed number are kept (docs/decisions/0011).
 */
import { refused } from '../../operations/refused-error.ts'
import type { PooledBackend, Tenant } from './backend.ts'
import type { KeptBackends } from './kept-backends.ts'

/** Result for a backend that was to be emptied: it is empty; its session keeps it; it has ended. */
export type Outcome = 'emptied' | 'stays' | 'gone'

export class MovingOut {
  readonly #kept: KeptBackends
  readonly #random: () => number
  readonly #onStay: (backend: PooledBackend, isKept: boolean) => void

  /** @param onStay called before the session goes on, so that the backend is where the session looks for it */
  constructor(
    kept: KeptBackends,
    random: () => number,
    onStay: (backend: PooledBackend, isKept: boolean) => void,
  ) {
    this.#kept = kept
    this.#random = random
    this.#onStay = onStay
  }

  mustAsk(backend: PooledBackend, { leftovers }: Tenant): boolean {
    return leftovers.isSuspected || this.#kept.has(backend)
  }

  /**
   * @param why `needed`: the session is ended if the backend cannot be kept for it; `unneeded`, for a backend that is
   * only to be closed: the session goes on
   */
  async moveOut(backend: PooledBackend, tenant: Tenant, why: 'needed' | 'unneeded'): Promise<Outcome> {
    if (tenant.isOver || !this.mustAsk(backend, tenant)) {
      this.#kept.keepNoLonger(backend)
      return (await backend.reset(this.#random())) === undefined ? 'gone' : 'emptied'
    }
    const outcome = this.#askAndEmpty(backend, tenant, why)
    const moving = outcome.then(() => {
      // Another session that waited for the backend may have begun to move this one out again.
      if (tenant.moving === moving) tenant.moving = undefined
    })
    tenant.moving = moving
    return outcome
  }

  /** A backend has ended, together with what its session may have had in it. */
  lose(backend: PooledBackend, tenant: Tenant): void {
    if (tenant.home === backend) tenant.home = undefined
    if (!this.mustAsk(backend, tenant)) return
    tenant.endBecause(backend.lastWord ?? refused('pooled_state_lost'))
  }

  async #askAndEmpty(backend: PooledBackend, tenant: Tenant, why: 'needed' | 'unneeded'): Promise<Outcome> {
    const { leftovers } = tenant
    const { customNames } = leftovers
    const found = await backend.ask(customNames)
    if (found === undefined) {
      this.lose(backend, tenant)
      return 'gone'
    }
    tenant.wasAsked()
    const held = [...found.held, ...leftovers.unseen]
    if (held.length > 0 && !tenant.isOver) {
      if (this.#kept.keep(backend)) {
        leftovers.settled()
        this.#onStay(backend, true)
        return 'stays'
      }
      if (why === 'unneeded') {
        this.#onStay(backend, false)
        return 'stays'
      }
      tenant.endBecause(
        refused('pooled_state_not_kept', { held: held.join('; '), limit: String(this.#kept.most) }),
      )
    }
    this.#kept.keepNoLonger(backend)
    const empty = await backend.reset(this.#random(), customNames)
    const custom = [...found.custom].filter(([name, value]) => value !== (empty?.get(name) ?? ''))
    leftovers.settings = new Map([...custom, ...found.settings])
    leftovers.settled()
    return empty === undefined ? 'gone' : 'emptied'
  }
}
