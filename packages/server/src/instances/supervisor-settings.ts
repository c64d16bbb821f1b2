/** What the supervisor of database instances may be told, and what it tells. */
import type { Fault } from '../domain/fault.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { Reconciled } from '../operations/instances/reconcile-database-instance.ts'

export interface SupervisorSettings {
  /** Steps that run at the same time. Each may start a postmaster, whose first seconds are processor and disk. */
  readonly concurrency: number
  /** Pause after a failure; doubles with every further one up to `mostRetryMs`. */
  readonly firstRetryMs: number
  readonly mostRetryMs: number
  /** How often instances are looked for that another process changed or left behind. */
  readonly recheckMs: number
  /** When an instance runs, but something of it could not be prepared: how long until that is tried again. */
  readonly repairMs: number
  /** A postmaster that lived at least that long is restarted at once; an earlier death counts as a failure. */
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

/** @param failures in a row, the one that just happened not counted */
export function pauseAfterFailures(failures: number, settings: SupervisorSettings): number {
  // 2^30 pauses are beyond any `mostRetryMs`; the exponent is bounded so that the product stays a number.
  return Math.min(settings.firstRetryMs * 2 ** Math.min(failures, 30), settings.mostRetryMs)
}

export type SupervisorEvent =
  | { readonly event: 'reconciled'; readonly uid: InstanceUid; readonly outcome: Reconciled['outcome'] }
  /** A part of an instance that runs; told once for each time that it was tried. */
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
