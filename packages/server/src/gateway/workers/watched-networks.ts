/**
 * The brake on guessing passwords (failed-login-brake.ts), counted by the main process for all workers. Where no
 * password was wrong there is nothing to count: a worker answers by itself, and asks the main process only about
 * networks that it was told to watch. The first wrong password from a network is answered only when every worker knows
 * of it, so that no worker answers a right one without the brake.
 */
import { clientNetwork } from '../../domain/client-network.ts'
import { createFailedLogins } from '../../operations/login/failed-login-brake.ts'
import type { FailedLoginsAnswer, FailedLoginsQuestion } from '../../operations/ports/proof.ts'
import type { WatchedNetwork } from './messages.ts'

const NOTHING_WENT_WRONG: FailedLoginsAnswer = { delayMs: 0, closedUntil: null }
/** As in the brake itself: the oldest entry is dropped first. */
const MOST_NETWORKS = 10_000

/** Used by the main process. */
export class FailedLoginCount {
  readonly #failedLogins = createFailedLogins()
  readonly #watched = new Map<string, number>()
  readonly #telling = new Map<string, Promise<unknown>>()
  readonly #tellAll: (watched: WatchedNetwork) => Promise<unknown>

  /** @param tellAll resolves when every worker knows of the network */
  constructor(tellAll: (watched: WatchedNetwork) => Promise<unknown>) {
    this.#tellAll = tellAll
  }

  async answer(question: FailedLoginsQuestion): Promise<FailedLoginsAnswer> {
    if (question.kind === 'wrong') await this.#watch(question)
    return this.#failedLogins.answer(question)
  }

  /** For a worker that is starting. */
  watched(): readonly WatchedNetwork[] {
    return [...this.#watched].map(([network, until]) => ({ network, until }))
  }

  /** Watches for twice the window and renews after half of that: failures are forgotten before the watching ends. */
  async #watch({ login, limits, now }: FailedLoginsQuestion): Promise<void> {
    const network = clientNetwork(login.clientAddress)
    const known = this.#watched.get(network)
    if (known !== undefined && known - now > limits.windowMs && known - now <= 2 * limits.windowMs) {
      await this.#telling.get(network)
      return
    }
    const until = now + 2 * limits.windowMs
    remember(this.#watched, network, until)
    const telling = this.#tellAll({ network, until }).finally(() => this.#telling.delete(network))
    this.#telling.set(network, telling)
    await telling
  }
}

/** Used by a worker. */
export class WatchedNetworks {
  readonly #watched = new Map<string, number>()
  /**
   * An attacker who fills the memory with networks must not make us forget one: until this time, all networks are
   * watched.
   */
  #allUntil = 0

  watch({ network, until }: WatchedNetwork): void {
    this.#allUntil = Math.max(this.#allUntil, remember(this.#watched, network, until))
  }

  /** @returns undefined when the main process must be asked */
  answer({ kind, login, now }: FailedLoginsQuestion): FailedLoginsAnswer | undefined {
    if (kind === 'wrong') return undefined
    const network = clientNetwork(login.clientAddress)
    const until = Math.max(this.#watched.get(network) ?? 0, this.#allUntil)
    if (until === 0) return NOTHING_WENT_WRONG
    if (now < until) return undefined
    this.#watched.delete(network)
    return NOTHING_WENT_WRONG
  }
}

/** @returns the time until which the dropped network was to be watched; 0 when none had to be dropped */
function remember(watched: Map<string, number>, network: string, until: number): number {
  watched.delete(network)
  watched.set(network, until)
  const oldest = watched.size > MOST_NETWORKS ? watched.keys().next().value : undefined
  if (oldest === undefined) return 0
  const forgotten = watched.get(oldest) ?? 0
  watched.delete(oldest)
  return forgotten
}
