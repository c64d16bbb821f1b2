/**
 * The brake on guessing passwords (failed-login-brake.ts), counted by the main process for all workers. Where no password was
 * wrong there is nothing to count: a worker answers for itself, and asks only about networks that it was told to watch.
 * The first wrong password from a network is answered when every worker knows of it, so that no right one slips by.
 */
import { clientNetwork } from '../../domain/client-network.ts'
import { createFailedLogins } from '../../operations/login/failed-login-brake.ts'
import type { FailedLoginsAnswer, FailedLoginsQuestion } from '../../operations/ports/proof.ts'
import type { WatchedNetwork } from './messages.ts'

const NOTHING_WENT_WRONG: FailedLoginsAnswer = { delayMs: 0, closedUntil: null }
/** As the brake itself: the oldest goes first. */
const MOST_NETWORKS = 10_000

/** Of the main process. */
export class FailedLoginCount {
  readonly #failedLogins = createFailedLogins()
  readonly #watched = new Map<string, number>()
  readonly #telling = new Map<string, Promise<unknown>>()
  readonly #tellAll: (watched: WatchedNetwork) => Promise<unknown>

  /** @param tellAll resolves when every worker knows */
  constructor(tellAll: (watched: WatchedNetwork) => Promise<unknown>) {
    this.#tellAll = tellAll
  }

  async answer(question: FailedLoginsQuestion): Promise<FailedLoginsAnswer> {
    if (question.kind === 'wrong') await this.#watch(question)
    return this.#failedLogins.answer(question)
  }

  /** For a worker that starts now. */
  watched(): readonly WatchedNetwork[] {
    return [...this.#watched].map(([network, until]) => ({ network, until }))
  }

  /** Twice the window: what is counted until its half is forgotten before nobody watches any more. */
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

/** Of a worker. */
export class WatchedNetworks {
  readonly #watched = new Map<string, number>()
  /** Whoever fills the memory with networks must not make us forget one: until then all are watched. */
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

/** @returns until when the one was watched that there was no more room for; 0 when there was */
function remember(watched: Map<string, number>, network: string, until: number): number {
  watched.delete(network)
  watched.set(network, until)
  const oldest = watched.size > MOST_NETWORKS ? watched.keys().next().value : undefined
  if (oldest === undefined) return 0
  const forgotten = watched.get(oldest) ?? 0
  watched.delete(oldest)
  return forgotten
}
