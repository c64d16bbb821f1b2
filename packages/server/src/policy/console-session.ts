/** How long a browser stays signed in to the web console, by when the session began and was last used. */

const HOUR_MS = 60 * 60 * 1000
const LONGEST_IDLE_MS = 8 * HOUR_MS
const LONGEST_MS = 24 * HOUR_MS

export interface ConsoleSessionTimes {
  readonly createdAt: Date
  readonly usedAt: Date
  /** Expiry of the session of the sign-in pages in the same browser; undefined: it never expires. */
  readonly browserSessionExpiresAt: Date | undefined
}

export interface ConsoleSessionEnd {
  /** The latest possible end, however much it is used. */
  readonly endsAt: Date
  /** The end if it is not used again. */
  readonly idleEndsAt: Date
  readonly isOver: boolean
}

export function endOfConsoleSession(times: ConsoleSessionTimes, now: Date): ConsoleSessionEnd {
  const longest = times.createdAt.getTime() + LONGEST_MS
  const endsAt = Math.min(longest, times.browserSessionExpiresAt?.getTime() ?? longest)
  const idleEndsAt = Math.min(times.usedAt.getTime() + LONGEST_IDLE_MS, endsAt)
  return { endsAt: new Date(endsAt), idleEndsAt: new Date(idleEndsAt), isOver: idleEndsAt <= now.getTime() }
}

/** Sessions that began, or were last used, before these instants are over. */
export const oldestConsoleSessions = (
  now: Date,
): { readonly createdBefore: Date; readonly usedBefore: Date } => ({
  createdBefore: new Date(now.getTime() - LONGEST_MS),
  usedBefore: new Date(now.getTime() - LONGEST_IDLE_MS),
})
