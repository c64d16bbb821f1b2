/** Live data of a control plane: how instances are used, and which changes the open consoles are notified of. */
import { randomUUID } from 'node:crypto'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { beginOfSlot, slotAt } from '../domain/instance-activity.ts'
import type { InstanceUid } from '../domain/ids.ts'
import { createEventStreams, type EventStreams } from '../http/console/event-streams.ts'
import { createActivityHistory } from '../observation/activity-history.ts'
import type { ActivityHistory } from '../operations/ports/activity.ts'
import { createControlPlaneNotices } from '../store/control-plane-notices.ts'
import { createWatchSender, type SentHint } from '../store/live-hints.ts'
import type { Foundation } from './foundation.ts'

export interface Live {
  readonly history: ActivityHistory
  readonly streams: EventStreams
  start(): Promise<void>
  /** Ends the streams at once; call it before HTTP waits for open responses. */
  stop(): Promise<void>
}

/** How long to wait for the reports of a slot after the slot has ended. */
const REPORTS_ARE_THERE_MS = 3_000
const LEARN_AGAIN_MS = 5_000

export function buildLive(foundation: Foundation): Live {
  const { clock, log, stores, hints, database, confirmMasterKey } = foundation
  const history = createActivityHistory(clock)
  const streams = createEventStreams({
    loadGranted: ({ workspaceId, identity, groupIds }) =>
      stores.instances.loadPermissionsIn(workspaceId, [identity.id, ...groupIds]),
    watch: createWatchSender(database),
    uptimeMs: () => performance.now(),
    newEpoch: () => randomUUID().slice(0, 8),
    log,
  })
  /** The instances as last read, each with all of its known facts as a text, to detect changes. */
  let known:
    ReadonlyMap<InstanceUid, { readonly instance: DatabaseInstance; readonly text: string }> | undefined
  let learning: Promise<void> | undefined
  let mustLearnAgain = false
  let learnLater: NodeJS.Timeout | undefined
  let completing: NodeJS.Timeout | undefined
  let isStopped = false

  async function learn(): Promise<void> {
    const before = known
    const instances = await stores.instances.listAll()
    known = new Map(instances.map((instance) => [instance.uid, { instance, text: JSON.stringify(instance) }]))
    history.know(new Set(known.keys()))
    if (before === undefined) return
    for (const [uid, { instance, text }] of known)
      if (before.get(uid)?.text !== text) streams.say({ kind: 'instance', instance })
    for (const [uid, { instance }] of before) if (!known.has(uid)) streams.say({ kind: 'instance', instance })
  }

  /** Reads one at a time, and once for many changes. */
  function learnSoon(): void {
    clearTimeout(learnLater)
    if (isStopped) return
    if (learning !== undefined) {
      mustLearnAgain = true
      return
    }
    learning = learn()
      .catch((error: unknown) => {
        log.warn({ err: error }, 'changed instances could not be read')
        if (!isStopped) learnLater = setTimeout(learnSoon, LEARN_AGAIN_MS).unref()
      })
      .finally(() => {
        learning = undefined
        if (mustLearnAgain) learnSoon()
        mustLearnAgain = false
      })
  }

  function receive(hint: SentHint): void {
    if (hint.kind === 'audit') {
      streams.say(hint)
      return
    }
    const instance = known?.get(hint.instanceUid)?.instance
    if (instance !== undefined) streams.say({ kind: 'sessions', instance })
  }

  function completeInTime(): void {
    const now = clock()
    const next = beginOfSlot(slotAt(now) + 1).getTime() - now.getTime()
    completing = setTimeout(() => {
      history.complete()
      completeInTime()
    }, next + REPORTS_ARE_THERE_MS).unref()
  }

  const notices = createControlPlaneNotices(
    foundation.address,
    {
      onLost: (error) => {
        log.warn({ err: error }, 'the connection that receives change notices for the console was lost')
      },
      confirmMasterKey,
    },
    {
      onInstanceChange: learnSoon,
      onReport: (report) => {
        history.receive(report)
      },
      onHints: (heard) => {
        heard.forEach(receive)
      },
      onWatched: () => {
        hints.watched()
      },
      onMissed: () => {
        streams.missed()
        learnSoon()
      },
    },
  )

  return {
    history,
    streams,
    async start() {
      await notices.start()
      await learn()
      completeInTime()
    },
    async stop() {
      isStopped = true
      streams.close()
      clearTimeout(completing)
      clearTimeout(learnLater)
      hints.stop()
      await notices.stop()
      await learning
    },
  }
}
