/** Builds the register of open sessions of a gateway process, and lets it answer questions of other processes. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { LoadedSettings } from '../config/load.ts'
import { createOpenSessions, type OpenSessions } from '../gateway/sessions/open-sessions.ts'
import type { PoolFigures } from '../gateway/pooled/pool-counts.ts'
import type { SessionLimits } from '../gateway/sessions/session-end.ts'
import { createBackendTermination } from '../instances/session-termination.ts'
import type { ActivityCounter } from '../observation/activity-counter.ts'
import { createRecheckSession } from '../operations/sessions/recheck-session.ts'
import { createActivitySender } from '../store/activity-notices.ts'
import { createSessionAnswerer } from '../store/session-questions.ts'
import type { Foundation } from './foundation.ts'
import { reportActivity } from './report-activity.ts'

export interface RunningOpenSessions {
  readonly openSessions: OpenSessions
  reload(settings: LoadedSettings): void
  start(): Promise<void>
  stop(): Promise<void>
}

const LEARN_AGAIN_MS = 5_000

/**
 * Call it once in each gateway process.
 * @param activity counts activity, in addition to what its sessions and pools show
 */
export function buildOpenSessions(
  foundation: Foundation,
  settings: LoadedSettings,
  activity: { readonly counter: ActivityCounter; readonly pools: () => readonly PoolFigures[] },
): RunningOpenSessions {
  const { clock, log, audit, stores, clusters, sessionNotices, database, metrics, hints } = foundation
  const openSessions = createOpenSessions(
    {
      clock,
      uptimeMs: () => performance.now(),
      newId: randomUUID,
      termination: createBackendTermination(stores.instances, clusters.connections),
      recheck: createRecheckSession({
        roles: clusters.roles,
        directory: stores.loginDirectory,
        claims: stores.catalog,
        clock,
      }),
      audit,
      log,
      onEnded: (reason) => {
        metrics.count('lakegate_sessions_ended_total', { reason })
      },
      onChanged: (uid) => {
        hints.sessionsChanged(uid)
      },
    },
    limitsOf(settings),
  )
  metrics.read('lakegate_open_sessions', () => [{ value: openSessions.totals().open }])
  metrics.read('lakegate_session_bytes_total', () => {
    const { bytesFromClient, bytesToClient } = openSessions.totals()
    return [
      { labels: { direction: 'from_client' }, value: bytesFromClient },
      { labels: { direction: 'to_client' }, value: bytesToClient },
    ]
  })
  const gatewayId = randomUUID()
  const answerer = createSessionAnswerer(
    database,
    sessionNotices,
    { id: gatewayId, node: hostname(), processId: process.pid },
    (error) => {
      log.warn({ err: error }, 'a question about open sessions could not be answered')
    },
  )
  const reporting = reportActivity(
    {
      clock,
      counter: activity.counter,
      sender: createActivitySender(database),
      sessions: () => openSessions.totalsByInstance(),
      pools: activity.pools,
      onFailure: (error) => {
        log.warn(
          { err: error },
          'instance activity could not be reported to the control planes; the next attempt is in ten seconds',
        )
      },
    },
    gatewayId,
  )
  let learnAgain: NodeJS.Timeout | undefined
  const learn = () =>
    openSessions.learnInstances(async () => {
      const instances = await stores.instances.listAll()
      activity.counter.know(new Set(instances.map(({ uid }) => uid)))
      return instances
    })
  /** Reads them again; until that succeeds, what was read before stays in force. */
  const learnSoon = () => {
    clearTimeout(learnAgain)
    learn().catch((error: unknown) => {
      log.warn({ err: error }, 'the session settings of instances could not be read')
      if (!isStopped) learnAgain = setTimeout(learnSoon, LEARN_AGAIN_MS).unref()
    })
  }
  const stopListening: (() => void)[] = []
  let isStopped = false
  return {
    openSessions,
    reload(next) {
      openSessions.useLimits(limitsOf(next))
    },
    async start() {
      await learn()
      stopListening.push(
        sessionNotices.on('directory', () => {
          openSessions.recheckSoon()
        }),
        sessionNotices.on('database_instance', learnSoon),
        sessionNotices.on('live_watch', hints.watched),
      )
      await answerer.start(({ kind, selection }) =>
        kind === 'end' ? openSessions.end(selection) : Promise.resolve(openSessions.list(selection)),
      )
      await sessionNotices.start()
      openSessions.start()
      reporting.start()
    },
    async stop() {
      if (isStopped) return
      isStopped = true
      clearTimeout(learnAgain)
      openSessions.stop()
      reporting.stop()
      hints.stop()
      await sessionNotices.stop()
      for (const stop of stopListening) stop()
      await answerer.stop()
    },
  }
}

const limitsOf = (settings: LoadedSettings): SessionLimits => ({
  idleMs: settings['session-idle-seconds'].value * 1000,
  lifetimeMs: settings['session-lifetime-seconds'].value * 1000,
})
