/**
 * How far the clock of a node is from that of the system database. All nodes compare with the same database, so this
 * also limits how far they are from one another.
 */
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/claims.ts'

/** One query for the database's time; `askedAt` is by the clock of the asking node. */
export interface ClockComparison {
  readonly askedAt: Date
  readonly roundTripMs: number
  /** The database's clock at some moment between query and answer. */
  readonly databaseTime: Date
}

/** Two nodes within this limit differ by no more than the clock tolerance of tokens. */
const WORRYING_SKEW_SECONDS = CLOCK_TOLERANCE_SECONDS / 2

/**
 * The skew that is certain: the database read its clock half a round trip after the query, give or take another half.
 * @returns seconds; positive when the node is ahead
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
