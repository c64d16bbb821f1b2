/** Reports to the control planes, every ten seconds by the clock, what this gateway process does for each instance. */
import { beginOfSlot, slotAt, type ActivityReport } from '../domain/instance-activity.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { SessionTotals } from '../gateway/sessions/open-sessions.ts'
import type { PoolFigures } from '../gateway/pooled/pool-counts.ts'
import type { ActivityCounter, PresentActivity } from '../observation/activity-counter.ts'
import type { ActivitySender } from '../operations/ports/activity.ts'
import type { Clock } from '../operations/ports/clock.ts'

/** A minute of reports: older ones that could not be sent are dropped. */
const MOST_UNSENT = 6

export interface ActivityReporting {
  start(): void
  stop(): void
}

export function reportActivity(
  ports: {
    readonly clock: Clock
    readonly counter: Pick<ActivityCounter, 'take'>
    readonly sender: ActivitySender
    readonly sessions: () => ReadonlyMap<InstanceUid, SessionTotals>
    readonly pools: () => readonly PoolFigures[]
    readonly onFailure: (error: unknown) => void
  },
  gatewayId: string,
): ActivityReporting {
  let timer: NodeJS.Timeout | undefined
  let unsent: readonly ActivityReport[] = []
  let sending: Promise<void> | undefined

  async function sendAll(): Promise<void> {
    // Looked at anew each time: another report may have come while one was sent.
    for (let [next] = unsent; next !== undefined; [next] = unsent) {
      const sent = next
      await ports.sender.send(sent)
      unsent = unsent.filter((one) => one !== sent)
    }
  }

  function report(instances: ActivityReport['instances']): void {
    const made = { gatewayId, slot: slotAt(ports.clock()) - 1, instances }
    unsent = [...unsent, made].slice(-MOST_UNSENT)
    sending ??= sendAll()
      .catch(ports.onFailure)
      .finally(() => {
        sending = undefined
      })
  }

  function waitForEndOfSlot(): void {
    const now = ports.clock()
    const left = beginOfSlot(slotAt(now) + 1).getTime() - now.getTime()
    timer = setTimeout(() => {
      report(ports.counter.take(presentActivity(ports.sessions(), ports.pools())))
      waitForEndOfSlot()
    }, left).unref()
  }

  return {
    start() {
      // An empty report at once, so that this gateway is not taken for a silent one.
      report([])
      waitForEndOfSlot()
    },
    stop() {
      clearTimeout(timer)
    },
  }
}

/** Joins the totals of sessions with the figures of pools. */
function presentActivity(
  sessions: ReadonlyMap<InstanceUid, SessionTotals>,
  pools: readonly PoolFigures[],
): ReadonlyMap<InstanceUid, PresentActivity> {
  const poolOf = new Map(pools.map((pool) => [pool.instanceUid, pool]))
  return new Map(
    [...new Set([...sessions.keys(), ...poolOf.keys()])].map((uid) => {
      const own = sessions.get(uid)
      const pool = poolOf.get(uid)
      return [
        uid,
        {
          now: {
            openSessions: own?.open ?? 0,
            pooledSessions: pool?.sessions ?? 0,
            pooledBackendsInUse: pool?.backendsInUse ?? 0,
            pooledClientsWaiting: pool?.waiting ?? 0,
          },
          bytesFromClient: own?.bytesFromClient ?? 0,
          bytesToClient: own?.bytesToClient ?? 0,
        },
      ]
    }),
  )
}
