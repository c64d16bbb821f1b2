/**
 * A source that renews its token: at use, when the one at hand is about to expire, or ahead of time in the background.
 *
 * All who ask while a request is on its way share it. How long a token lives is measured from when it came, by two clocks, the
 * one of the wall and one that nobody can set; the token counts as old as the one says that shows more. So neither a clock
 * that is set back nor a laptop that slept makes an expired token look good.
 */
import { delayBeforeRetry, markUsedUp } from './back-off.ts'
import { inBackground, isInBackground } from './background.ts'
import { systemClock, unlessAborted, wait, type Clock } from './clock.ts'
import type { Token, TokenOptions, TokenSource } from './token-source.ts'

/** When a token is renewed, and how often that is tried. */
export interface TokenSourceOptions {
  /** `on_use` (default): nothing happens while nobody asks. `ahead`: from the first use on there is always a fresh token. */
  readonly refresh?: 'on_use' | 'ahead'
  /** How often a request is made before it has failed; default 5. */
  readonly attempts?: number
  readonly clock?: Clock
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number
}

/** What a request for a new token is told. */
export interface TokenRequest {
  /** A value that a server has refused: whoever keeps tokens somewhere must not answer with this one. */
  readonly refused: string | undefined
  /** The value that is to be replaced because it is about to expire: that is no answer either while another can be had. */
  readonly atHand: string | undefined
  /** The source was closed, and nobody waits for this. */
  readonly signal: AbortSignal
}

interface Held {
  readonly token: Token
  /** Milliseconds from when it came; Infinity for one that does not expire. */
  readonly lifetime: number
  readonly cameAt: { readonly wall: number; readonly steady: number }
  /** A random factor around 1: sources that were started together do not refresh together. */
  readonly jitter: number
}

/** A request for a new token, with its repetitions. */
interface Flight {
  readonly result: Promise<Held>
  /** Resolves when the first attempt is over, whether or not it brought a token. */
  readonly attempted: Promise<void>
  readonly abort: () => void
  /** How many callers wait for it; 0: it goes on in the background. */
  waiting: number
}

/** At use a token is renewed in the last tenth of its life, at most two minutes. */
const SHARE_BEFORE_EXPIRY = 0.1
const LONGEST_BEFORE_EXPIRY = 120_000
/** Ahead of time it is renewed in the second half of its life, at the earliest twenty minutes before its end, as the SDKs do. */
const SHARE_AHEAD = 0.5
const LONGEST_AHEAD = 1_200_000
/** After a refresh ahead of time has failed, with all its attempts: a quarter of what is left of the token. */
const SHARE_AFTER_FAILURE = 0.25
const LONGEST_AFTER_FAILURE = 30_000
/** How long a caller is kept waiting for a new token while the one at hand is valid. */
const LONGEST_DELAY_OF_CALLER = 2_500
/** A server whose tokens have expired when they come is not asked without end. */
const SHORTEST_PAUSE = 500

/**
 * A source of tokens that keeps one as long as it is valid, and asks for the next one in time.
 * @param fetchToken makes one request for a new token. An answer of 429 or 5xx (`LakegateApiError`) makes it be called again,
 *   after what `Retry-After` says or a time that doubles. Nothing else does: a connection that cannot be made, and every other
 *   error, reaches the callers of `token()` at once, and the next call asks again. As long as the token at hand has not
 *   expired, callers get that in place of an error.
 */
export function createTokenSource(
  fetchToken: (request: TokenRequest) => Promise<Token>,
  options: TokenSourceOptions = {},
): TokenSource {
  return new RenewingTokenSource(fetchToken, options)
}

class RenewingTokenSource implements TokenSource {
  readonly #fetchToken: (request: TokenRequest) => Promise<Token>
  readonly #isAhead: boolean
  readonly #attempts: number
  readonly #clock: Clock
  readonly #random: () => number
  #held: Held | undefined
  #refused: string | undefined
  #flight: Flight | undefined
  #stopTimer: (() => void) | undefined
  #isClosed = false

  constructor(fetchToken: (request: TokenRequest) => Promise<Token>, options: TokenSourceOptions) {
    this.#fetchToken = fetchToken
    this.#isAhead = options.refresh === 'ahead'
    this.#attempts = options.attempts ?? 5
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
  }

  async token({ minSeconds = 0, signal }: TokenOptions = {}): Promise<Token> {
    signal?.throwIfAborted()
    const least = minSeconds * 1000
    const held = this.#held
    if (held !== undefined && this.#remaining(held) > Math.max(marginOf(held), least)) return held.token
    // Whoever waits for a token keeps the process alive, not what goes on in the background.
    const release = this.#clock.after(Infinity, () => undefined, !isInBackground())
    try {
      const came = await this.#waitFor((flight) => this.#renewed(flight, least), signal)
      // A machine that slept over the answer gets one that has expired: it asks once more, now that it is awake.
      return this.#remaining(came) > 0
        ? came.token
        : (await this.#waitFor(({ result }) => result, signal)).token
    } finally {
      release()
    }
  }

  /** Shares the request for a new token, or makes it. */
  async #waitFor(what: (flight: Flight) => Promise<Held>, signal: AbortSignal | undefined): Promise<Held> {
    const flight = this.#refresh()
    flight.waiting += 1
    try {
      return await unlessAborted(what(flight), signal)
    } finally {
      flight.waiting -= 1
      this.#endUnwanted(flight)
    }
  }

  /** The new token; or the one at hand, where that is still good and the new one fails to come or takes its time. */
  async #renewed(flight: Flight, least: number): Promise<Held> {
    if (this.#heldFor(least) !== undefined) {
      await new Promise<void>((resolve) => {
        const stop = this.#clock.after(LONGEST_DELAY_OF_CALLER, resolve, false)
        void flight.attempted.then(() => {
          stop()
          resolve()
        })
      })
      const held = this.#heldFor(least)
      if (held !== undefined) return held
    }
    return flight.result
  }

  #heldFor(least: number): Held | undefined {
    const held = this.#held
    return held !== undefined && this.#remaining(held) > least ? held : undefined
  }

  refuse(value: string): void {
    this.#refused = value
    if (this.#held?.token.value === value) this.#held = undefined
  }

  close(): void {
    this.#isClosed = true
    this.#stopTimer?.()
    this.#stopTimer = undefined
    if (this.#flight !== undefined) this.#endUnwanted(this.#flight)
  }

  #endUnwanted(flight: Flight): void {
    if (!this.#isClosed || flight.waiting > 0) return
    // Who comes now is not to share it.
    if (this.#flight === flight) this.#flight = undefined
    flight.abort()
  }

  #remaining({ lifetime, cameAt }: Held): number {
    const age = Math.max(0, this.#clock.wallTime() - cameAt.wall, this.#clock.steadyTime() - cameAt.steady)
    return lifetime - age
  }

  /** Of all who ask while a request is on its way, only the first makes one. */
  #refresh(): Flight {
    if (this.#flight !== undefined) return this.#flight
    let tell: () => void = () => undefined
    const attempted = new Promise<void>((resolve) => {
      tell = resolve
    })
    const end = new AbortController()
    const result = inBackground(() => this.#request(tell, end.signal)).finally(() => {
      if (this.#flight === flight) this.#flight = undefined
      tell()
    })
    // Whoever asks learns of a failure; in the background nobody does.
    result.catch(() => undefined)
    const abort = () => end.abort(new Error('The source of the token was closed.'))
    const flight: Flight = { result, attempted, abort, waiting: 0 }
    this.#flight = flight
    return flight
  }

  async #request(onFailedAttempt: () => void, signal: AbortSignal): Promise<Held> {
    for (let attempt = 1; ; attempt += 1) {
      const cameAt = { wall: this.#clock.wallTime(), steady: this.#clock.steadyTime() }
      try {
        return this.#keep(
          await this.#fetchToken({ refused: this.#refused, atHand: this.#held?.token.value, signal }),
          cameAt,
        )
      } catch (error) {
        const isLast = attempt >= this.#attempts
        if (isLast && attempt > 1) markUsedUp(error)
        const delay = isLast ? undefined : delayBeforeRetry(error, attempt, this.#random)
        if (delay === undefined) {
          this.#scheduleAfterFailure()
          throw error
        }
        onFailedAttempt()
        await wait(this.#clock, delay, false, signal)
      }
    }
  }

  /** @param cameAt of the request: the life of a token begins before its answer comes */
  #keep(token: Token, cameAt: Held['cameAt']): Held {
    const lifetime = token.expiresAt === undefined ? Infinity : token.expiresAt.getTime() - cameAt.wall
    const held = { token, lifetime, cameAt, jitter: 0.75 + this.#random() / 2 }
    this.#held = token.value === this.#refused ? undefined : held
    if (lifetime === Infinity) this.#schedule(undefined)
    else this.#schedule(Math.max(this.#remaining(held) - aheadOf(held), this.#pauseBefore(held)))
    return held
  }

  /** Goes on trying as long as there is something to lose; after that, whoever asks tries. */
  #scheduleAfterFailure(): void {
    const held = this.#held
    this.#schedule(held === undefined || this.#remaining(held) <= 0 ? undefined : this.#pauseBefore(held))
  }

  /** Between a request that did not bring what it was made for, a failure or an old token, and the next one. */
  #pauseBefore(held: Held): number {
    const left = Math.min(this.#remaining(held) * SHARE_AFTER_FAILURE, LONGEST_AFTER_FAILURE)
    return Math.max(left * (0.75 + this.#random() / 2), SHORTEST_PAUSE)
  }

  /** Refreshes after so many milliseconds, if this source does that at all. */
  #schedule(milliseconds: number | undefined): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    if (!this.#isAhead || this.#isClosed || milliseconds === undefined) return
    this.#stopTimer = this.#clock.after(milliseconds, () => void this.#refresh(), false)
  }
}

const marginOf = ({ lifetime, jitter }: Held): number =>
  lifetime === Infinity ? 0 : Math.min(lifetime * SHARE_BEFORE_EXPIRY, LONGEST_BEFORE_EXPIRY) * jitter

const aheadOf = ({ lifetime, jitter }: Held): number =>
  Math.min(lifetime * SHARE_AHEAD, LONGEST_AHEAD) * jitter
