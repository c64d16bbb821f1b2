/**
 * What a connection holds until its login is over, and what until it ends: the deadline, its places, and how far the
 * login has come. Whatever was taken is given back once, however the connection ends.
 */
import type { InstanceUid } from '../domain/ids.ts'
import { refused, type RefusedError } from '../operations/refused-error.ts'
import type { Counter } from './connection-limits.ts'
import type { LoginLog } from './settings.ts'

/** The stations of a login, in their order (docs/architecture.md). */
export type Station =
  | 'client_address'
  | 'handshake'
  | 'route'
  | 'proof_asked_for'
  | 'proof_there'
  | 'admitted'
  | 'backend_open'
  | 'session_open'
  | 'session_over'
  | 'refused'

/** Until when a place is held. */
type Held = 'until_open' | 'until_over'

let lastConnection = 0

export class LoginUnderWay {
  /** The instance that the client asked for; it need not exist. */
  instanceUid: InstanceUid | undefined
  readonly #began = performance.now()
  readonly #deadline: Deadline
  readonly #log: LoginLog
  readonly #connection = (lastConnection += 1)
  readonly #held: Record<Held, (() => void)[]> = { until_open: [], until_over: [] }

  /**
   * behaviour 72: a login that is not complete in time is ended, whatever it is waiting for (attack 10).
   * @param stopping its abort refuses the login
   */
  constructor(instanceUid: InstanceUid | undefined, limitMs: number, stopping: AbortSignal, log: LoginLog) {
    this.instanceUid = instanceUid
    this.#log = log
    this.#deadline = startDeadline(limitMs, stopping, () =>
      refused('handshake_timeout', { seconds: String(limitMs / 1000) }),
    )
  }

  /** Its abort ends whatever the login waits for; the reason is a refusal. */
  get signal(): AbortSignal {
    return this.#deadline.signal
  }

  /** @returns false when the limit is reached */
  async take(counter: Counter, key: string, most: number, held: Held): Promise<boolean> {
    const release = await counter.take(key, most)
    if (release === undefined) return false
    this.#held[held].push(release)
    return true
  }

  /** At log level `trace` every station writes one line. */
  reached(station: Station): void {
    if (!this.#log.isTracing()) return
    this.#log.trace(
      {
        pid: process.pid,
        connection: this.#connection,
        station,
        milliseconds: Number((performance.now() - this.#began).toFixed(2)),
        ...(this.instanceUid === undefined ? {} : { instanceUid: this.instanceUid }),
      },
      'login',
    )
  }

  /** The session is open, and no deadline applies any more. @returns how long the login took, in milliseconds */
  open(): number {
    this.#deadline.clear()
    this.#release('until_open')
    this.reached('session_open')
    return performance.now() - this.#began
  }

  over(): void {
    this.#deadline.clear()
    this.#release('until_open')
    this.#release('until_over')
  }

  /** Releases in reverse order. */
  #release(held: Held): void {
    for (const release of this.#held[held].splice(0).reverse()) release()
  }
}

export interface Deadline {
  readonly signal: AbortSignal
  clear(): void
}

/** @param reasonOf called when the time is over: an error costs its stack trace, and hardly any login needs this one */
export function startDeadline(
  limitMs: number,
  stopping: AbortSignal,
  reasonOf: () => RefusedError,
): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(reasonOf())
  }, limitMs)
  const onStopping = () => {
    controller.abort(refused('server_is_stopping'))
  }
  stopping.addEventListener('abort', onStopping)
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer)
      stopping.removeEventListener('abort', onStopping)
    },
  }
}
