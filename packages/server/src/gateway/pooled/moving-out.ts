/**
 * Takes a session out of the backend that it used last: asks what it left there, if there is reason to, takes with it
 * what can be moved, and empties the backend. What cannot be moved keeps the backend for the session, as far as there
 * are places for that (docs/decisions/0011).
 */
import { refused } from '../../operations/refused-error.ts'
import type { PooledBackend, Tenant } from './backend.ts'
import type { KeptBackends } from './kept-backends.ts'

/** Of a backend that was to be emptied: it is; it stays with its session; it is gone. */
export type Outcome = 'emptied' | 'stays' | 'gone'

export class MovingOut {
  readonly #kept: KeptBackends
  readonly #random: () => number
  readonly #onStay: (backend: PooledBackend, isKept: boolean) => void

  /** @param onStay called before the session goes on: it must find its backend where it looks for it */
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

  /** @param why a session is ended for a backend that is needed, not for one that is only to be closed */
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

  /** A backend is gone, with what its session had in it, if it had something. */
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
