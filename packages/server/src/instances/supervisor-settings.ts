/** The settings of the supervisor of database instances, and the events that it reports. */
import type { Fault } from '../domain/fault.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { Reconciled } from '../operations/instances/reconcile-database-instance.ts'

export interface SupervisorSettings {
  /**
   * How many steps may run at the same time. Each may start a postmaster, which needs processor and disk in its first
   * seconds.
   */
  readonly concurrency: number
  /** Pause after the first failure; doubles with each further one, up to `mostRetryMs`. */
  readonly firstRetryMs: number
  readonly mostRetryMs: number
  /** How often to look for instances that another process changed or left behind. */
  readonly recheckMs: number
  /** How long to wait before trying again to prepare the parts of a running instance that failed. */
  readonly repairMs: number
  /** A postmaster that lived at least this long is restarted at once; an earlier death counts as a failure. */
  readonly steadyMs: number
}

export const DEFAULT_SUPERVISOR_SETTINGS: SupervisorSettings = {
  concurrency: 4,
  firstRetryMs: 1_000,
  mostRetryMs: 60_000,
  recheckMs: 15_000,
  repairMs: 60_000,
  steadyMs: 60_000,
}

/** @param failures in a row, without the one that just happened */
export function pauseAfterFailures(failures: number, settings: SupervisorSettings): number {
  // 2^30 pauses exceed any `mostRetryMs`; the exponent is bounded so that the product stays finite.
  return Math.min(settings.firstRetryMs * 2 ** Math.min(failures, 30), settings.mostRetryMs)
}

export type SupervisorEvent =
  | { readonly event: 'reconciled'; readonly uid: InstanceUid; readonly outcome: Reconciled['outcome'] }
  /** A part of a running instance could not be prepared; reported at each attempt. */
  | {
      readonly event: 'not_prepared'
      readonly uid: InstanceUid
      readonly problem: Fault
      readonly retryInMs: number
    }
  | { readonly event: 'postmaster_exited'; readonly uid: InstanceUid; readonly restartInMs: number }
  | {
      readonly event: 'reconcile_failed'
      readonly uid: InstanceUid
      readonly error: unknown
      readonly retryInMs: number
    }
  | { readonly event: 'inspection_failed'; readonly uid: InstanceUid; readonly error: unknown }
  | { readonly event: 'stop_failed'; readonly uid: InstanceUid; readonly error: unknown }
  | { readonly event: 'recheck_failed'; readonly error: unknown }
