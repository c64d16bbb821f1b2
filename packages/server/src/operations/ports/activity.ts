/** Where the activity of instances goes, and hints that something has changed. */
import type { ActivityPoint, ActivityReport } from '../../domain/instance-activity.ts'
import type { InstanceUid, WorkspaceId } from '../../domain/ids.ts'

export interface ActivityHistory {
  /** Since when reports have been received. */
  collectedSince(): Date
  /** The complete slots, oldest first: from the slot with that instant on, or from the beginning. */
  pointsOf(uid: InstanceUid, since: Date | undefined): Iterable<ActivityPoint>
  /** The gateways whose reports arrived in time for the last point. */
  heardGateways(): ReadonlySet<string>
}

/** The gateways that are recorded as alive, by the ids of their processes. */
export type LoadLiveGateways = () => Promise<readonly string[]>

/** Sends activity to the control planes; a report that cannot be sent is dropped rather than delayed. */
export interface ActivitySender {
  send(report: ActivityReport): Promise<void>
}

/** Marks what has changed. Costs nothing while nobody watches; otherwise sends at most one notice per second. */
export interface HintSender {
  /** Somebody watches on some control plane: for a while from now on, hints are wanted. */
  watched(): void
  sessionsChanged(uid: InstanceUid): void
  /** @param workspaceIds undefined entries: records of the account only */
  auditWritten(workspaceIds: readonly (WorkspaceId | undefined)[]): void
}
