/** What the pools of one instance have done since the process started, and what they hold now; for the metrics. */
import type { InstanceUid } from '../../domain/ids.ts'

/**
 * Why a backend was closed, in the order of the names: another pool of the instance needed its place; it was idle for
 * `pool-idle-seconds`, or too many were idle; it was older than `pool-lifetime-seconds`, or settings of its role or
 * database have changed; a statement needs its database without other sessions, or PostgreSQL had no place for another
 * backend of its role or database; its session broke off, PostgreSQL ended it, or it could not be emptied.
 */
export type CloseReason = 'evicted' | 'unused' | 'outdated' | 'yielded' | 'lost'

/** Outlives the pools, which are forgotten when they are unused: a counter must never decrease. */
export class PoolCounts {
  opened = 0
  readonly closed: Record<CloseReason, number> = {
    ...{ evicted: 0, unused: 0, outdated: 0, yielded: 0, lost: 0 },
  }
  resets = 0
  waits = 0
  waitedMs = 0
  /** Waits that ended with pool_exhausted. */
  timeouts = 0
}

export interface PoolFigures {
  readonly instanceUid: InstanceUid
  /** Includes backends that are being opened or emptied. */
  readonly backendsInUse: number
  readonly backendsIdle: number
  readonly sessions: number
  /** Sessions that wait for a backend. */
  readonly waiting: number
  readonly counts: Readonly<PoolCounts>
}
