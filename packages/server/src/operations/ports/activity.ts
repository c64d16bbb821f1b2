/** What becomes of the activity of instances, and of hints that something has changed. */
import type { ActivityPoint, ActivityReport } from '../../domain/instance-activity.ts'
import type { InstanceUid, WorkspaceId } from '../../domain/ids.ts'

export interface ActivityHistory {
  /** Since when reports are heard. */
  collectedSince(): Date
  /** Of the slots that are complete, oldest first: from the one with that instant on, or from where it begins. */
  pointsOf(uid: InstanceUid, since: Date | undefined): Iterable<ActivityPoint>
  /** Those whose reports came in time for the last point. */
  heardGateways(): ReadonlySet<string>
}

/** Gateways that are said to live, by the ids of their processes. */
export type LoadLiveGateways = () => Promise<readonly string[]>

/** Tells the control planes; lost rather than late when they cannot be told. */
export interface ActivitySender {
  send(report: ActivityReport): Promise<void>
}

/** Marks what has changed. Costs nothing while nobody watches, and one notice a second at most otherwise. */
export interface HintSender {
  /** Some control plane has somebody who watches; from now on and for a while hints are wanted. */
  watched(): void
  sessionsChanged(uid: InstanceUid): void
  /** @param workspaceIds undefined: of the account alone */
  auditWritten(workspaceIds: readonly (WorkspaceId | undefined)[]): void
}
