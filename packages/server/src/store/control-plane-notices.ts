/**
 * The notices that a control plane receives for its console, on one connection: changed instances, reports of gateways,
 * hints, and watchers.
 */
import type { ActivityReport } from '../domain/instance-activity.ts'
import { parseActivityReport } from './activity-notices.ts'
import { parseHints, type SentHint } from './live-hints.ts'
import { listenOn, type Listening, type StandingConnection } from './notices.ts'
import type { SystemDatabaseAddress } from './system-database.ts'

export interface ControlPlaneNoticeListener {
  onInstanceChange(): void
  onReport(report: ActivityReport): void
  onHints(hints: readonly SentHint[]): void
  /** Somebody watches live data at a control plane, so hints must be sent. */
  onWatched(): void
  /** Called after a lost connection: the notices sent meanwhile were missed. */
  onMissed(): void
}

/** @param standing as for `listenOn` */
export const createControlPlaneNotices = (
  address: SystemDatabaseAddress,
  standing: StandingConnection,
  listener: ControlPlaneNoticeListener,
): Listening =>
  listenOn(['database_instance', 'instance_activity', 'live_hint', 'live_watch'], address, {
    onNotice(payload, channel) {
      switch (channel) {
        case 'database_instance':
          listener.onInstanceChange()
          return
        case 'instance_activity': {
          const report = parseActivityReport(payload)
          if (report !== undefined) listener.onReport(report)
          return
        }
        case 'live_hint':
          listener.onHints(parseHints(payload))
          return
        case 'live_watch':
          listener.onWatched()
          return
        default:
          // No other channel is listened on.
          return
      }
    },
    onResumed() {
      listener.onMissed()
    },
    ...standing,
  })
