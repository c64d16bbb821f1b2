/** How long a browser is signed in to the web console, as a function of when it began and was used. */

const HOUR_MS = 60 * 60 * 1000
const LONGEST_IDLE_MS = 8 * HOUR_MS
const LONGEST_MS = 24 * HOUR_MS

export interface ConsoleSessionTimes {
  readonly createdAt: Date
  readonly usedAt: Date
  /** Of the session of the sign-in pages in the same browser; undefined: it never expires. */
  readonly browserSessionExpiresAt: Date | undefined
}

export interface ConsoleSessionEnd {
  /** However it is used. */
  readonly endsAt: Date
  /** If it is not used any more. */
  readonly idleEndsAt: Date
  readonly isOver: boolean
}

export function endOfConsoleSession(times: ConsoleSessionTimes, now: Date): ConsoleSessionEnd {
  const longest = times.createdAt.getTime() + LONGEST_MS
  const endsAt = Math.min(longest, times.browserSessionExpiresAt?.getTime() ?? longest)
  const idleEndsAt = Math.min(times.usedAt.getTime() + LONGEST_IDLE_MS, endsAt)
  return { endsAt: new Date(endsAt), idleEndsAt: new Date(idleEndsAt), isOver: idleEndsAt <= now.getTime() }
}

/** What began, or was last used, before these is over. */
export const oldestConsoleSessions = (
  now: Date,
): { readonly createdBefore: Date; readonly usedBefore: Date } => ({
  createdBefore: new Date(now.getTime() - LONGEST_MS),
  usedBefore: new Date(now.getTime() - LONGEST_IDLE_MS),
})
