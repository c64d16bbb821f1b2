/**
 * How far the clock of a node is from that of the system database, which all nodes compare with: by it they know how far
 * they are from one another.
 */
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/claims.ts'

/** One question for the time, by the clock of who asks. */
export interface ClockComparison {
  readonly askedAt: Date
  readonly roundTripMs: number
  /** At some moment between question and answer. */
  readonly databaseTime: Date
}

/** Two nodes that both keep within it are no further apart than tokens forgive. */
const WORRYING_SKEW_SECONDS = CLOCK_TOLERANCE_SECONDS / 2

/**
 * The skew that is certain: the database looked at its clock half a round trip after the question, give or take as much.
 * @returns seconds; above zero the node is ahead
 */
export function certainSkewSeconds({ askedAt, roundTripMs, databaseTime }: ClockComparison): number {
  const halfMs = roundTripMs / 2
  const aheadMs = askedAt.getTime() + halfMs - databaseTime.getTime()
  const certainMs = Math.abs(aheadMs) - halfMs
  return certainMs <= 0 ? 0 : (Math.sign(aheadMs) * certainMs) / 1000
}

export type ClockJudgement = 'right' | 'ahead' | 'behind'

export function judgeClock(skewSeconds: number): ClockJudgement {
  if (Math.abs(skewSeconds) <= WORRYING_SKEW_SECONDS) return 'right'
  return skewSeconds > 0 ? 'ahead' : 'behind'
}
