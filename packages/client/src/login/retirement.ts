/**
 * When a connection leaves its pool. An open session outlives its token, so a pool needs no timer; yet connections that live for
 * days keep what was true at their login (a membership, a role, the gateway that they go through), so each leaves after less than
 * an hour. Where an instance ends sessions with their token (`session_policy.end_on_token_expiry`), they leave before that.
 */
import type { Token, TokenSource } from '../tokens/token-source.ts'
import { LoginError } from './login-error.ts'

/** When pooled connections are replaced by new ones. */
export interface RetirementOptions {
  /**
   * `by_age`: a connection leaves its pool when it is as old as the pool allows.
   * `before_token_expiry`: and that is before its token expires. For instances that end sessions with their token; new
   * connections then take tokens only that live longer than they do.
   * @default 'by_age'
   */
  readonly retire?: 'by_age' | 'before_token_expiry' | undefined
  /**
   * The age at which a connection leaves its pool at the latest; the first leave a fifth earlier, so that not all leave at once. One
   * that is in use stays until it is returned. 0: no limit.
   * @default 2700, and 1500 with `before_token_expiry`
   */
  readonly maxLifetimeSeconds?: number | undefined
}

export interface Retirement {
  readonly maxLifetimeSeconds: number
  readonly minLifetimeSeconds: number
  /** What a token must still live when a connection is opened with it. */
  readonly minTokenSeconds: number
  /** Of one connection: between the two limits, another one each time; 0 for no limit. */
  lifetimeSeconds(): number
}

const BY_AGE_SECONDS = 2_700
/** Less than half of the hour that a token lives, so that every token serves for a while before it is too old for new connections. */
const BEFORE_TOKEN_EXPIRY_SECONDS = 1_500
const JITTER = 1 / 5
/** A query that runs when its connection retires has this long to finish before the token expires. */
const GRACE_SECONDS = 60

export function planRetirement(options: RetirementOptions, random: () => number = Math.random): Retirement {
  const beforeExpiry = options.retire === 'before_token_expiry'
  const maxLifetimeSeconds =
    options.maxLifetimeSeconds ?? (beforeExpiry ? BEFORE_TOKEN_EXPIRY_SECONDS : BY_AGE_SECONDS)
  if (!Number.isFinite(maxLifetimeSeconds) || maxLifetimeSeconds < 0)
    throw new RangeError(
      `The lifetime of connections is ${String(maxLifetimeSeconds)} seconds. Give a number of seconds, or 0 for no limit.`,
    )
  if (beforeExpiry && maxLifetimeSeconds === 0)
    throw new RangeError(
      "Connections without a limit of their lifetime outlive their token. Give a limit, or leave out retire: 'before_token_expiry'.",
    )
  return {
    maxLifetimeSeconds,
    minLifetimeSeconds: maxLifetimeSeconds * (1 - JITTER),
    minTokenSeconds: beforeExpiry ? maxLifetimeSeconds + Math.min(GRACE_SECONDS, maxLifetimeSeconds) : 0,
    lifetimeSeconds: () => maxLifetimeSeconds * (1 - JITTER * random()),
  }
}

/**
 * The token for a new connection: the one at hand, or a new one when that does not live long enough.
 * @throws LoginError when a new one does not live long enough either
 */
export async function takeToken(credentials: TokenSource, minTokenSeconds: number): Promise<Token> {
  // Not refused where it is too short: other pools may do with it.
  const token = await credentials.token(minTokenSeconds === 0 ? {} : { minSeconds: minTokenSeconds })
  const remaining = remainingSeconds(token)
  if (remaining > minTokenSeconds - CLOCKS_DIFFER_SECONDS) return token
  throw new LoginError(
    'TOKEN_TOO_SHORT_LIVED',
    `A new token lives for ${remaining.toFixed(0)} seconds, and connections that retire before their token expires need ${String(minTokenSeconds)}.`,
    'Give connections a shorter lifetime.',
  )
}

/** The source counts by other clocks, and a moment earlier. */
const CLOCKS_DIFFER_SECONDS = 1

const remainingSeconds = ({ expiresAt }: Token): number =>
  expiresAt === undefined ? Infinity : (expiresAt.getTime() - Date.now()) / 1000
