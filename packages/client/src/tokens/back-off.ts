/** When something that failed is tried again, and how long to wait before. */
import { LakegateApiError } from '../errors.ts'

const FIRST_DELAY = 500
const LONGEST_DELAY = 10_000
/** A server that says “in an hour” is not waited for: the caller learns it at once. */
const LONGEST_RETRY_AFTER = 60_000

/** 429, and the 5xx that pass by themselves: not 501 and 505, which the same request always gets. */
const isPassing = (status: number): boolean =>
  status === 429 || (status >= 500 && status !== 501 && status !== 505)

const usedUp = new WeakSet<object>()

/** Whoever repeats what failed with this error after others did so would multiply their attempts. */
export function markUsedUp(error: unknown): void {
  if (typeof error === 'object' && error !== null) usedUp.add(error)
}

/**
 * What to wait before the next attempt: what the server said, or a random part of a time that doubles, so that clients
 * which failed together do not come back together.
 * @param attempt counts from 1
 * @param random from 0 to 1
 * @returns undefined where trying again is of no use
 */
export function delayBeforeRetry(error: unknown, attempt: number, random: () => number): number | undefined {
  if (!(error instanceof LakegateApiError) || !isPassing(error.status) || usedUp.has(error)) return undefined
  const said = error.retryAfterMilliseconds
  if (said !== undefined && said > LONGEST_RETRY_AFTER) return undefined
  const doubling = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY)
  // Never less than what the server said, and a little more for the same reason as above.
  return said === undefined ? doubling * (0.5 + random() / 2) : said + random() * FIRST_DELAY
}

/**
 * RFC 9110 §10.2.3: seconds, or a time. A time is read relative to the server's own clock, where it says what that shows.
 * @param date of the answer's header `Date`
 */
export function parseRetryAfter(value: string | null, date: string | null, now: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const then = Date.parse(value)
  if (Number.isNaN(then)) return undefined
  const sent = date === null ? NaN : Date.parse(date)
  return Math.max(0, then - (Number.isNaN(sent) ? now : sent))
}
