/**
 * Hints that sessions were opened or ended and audit records written, sent by any process to the control planes as
 * notices. Nothing is sent unless a control plane reports that somebody watches. Then each process sends at once, and
 * afterwards at most once a second, however many logins there are.
 */
import { sql } from 'kysely'
import { z } from 'zod'
import type { InstanceUid, WorkspaceId } from '../domain/ids.ts'
import type { HintSender } from '../operations/ports/activity.ts'
import { jsonOrUndefined } from './activity-notices.ts'
import { gatherPayloads } from './notice-payload.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

const PAUSE_MS = 1_000
/** Control planes repeat the report every 20 s (`WATCH_AGAIN_MS` of http/console/event-streams.ts). */
const WATCHED_MS = 60_000

export type SentHint =
  | { readonly kind: 'sessions'; readonly instanceUid: InstanceUid }
  | { readonly kind: 'audit'; readonly workspaceId: WorkspaceId | undefined }

export interface RunningHintSender extends HintSender {
  stop(): void
}

/** @param ports.onFailure called when a notice could not be sent; it is sent again while somebody watches */
export function createHintSender(
  database: SystemDatabase,
  ports: { readonly uptimeMs: () => number; readonly onFailure: (error: unknown) => void },
): RunningHintSender {
  let watchedUntil = -Infinity
  let marked = new Set<string>()
  let pause: NodeJS.Timeout | undefined
  let isStopped = false

  function mark(hint: string): void {
    if (isStopped || ports.uptimeMs() > watchedUntil) return
    marked.add(hint)
    if (pause === undefined) sendAndPause()
  }

  function sendAndPause(): void {
    const hints = marked
    marked = new Set()
    waitAndSend()
    send(hints).catch((error: unknown) => {
      ports.onFailure(error)
      for (const hint of hints) marked.add(hint)
      if (!isStopped) waitAndSend()
    })
  }

  function waitAndSend(): void {
    pause ??= setTimeout(() => {
      pause = undefined
      if (ports.uptimeMs() > watchedUntil) marked.clear()
      if (marked.size > 0) sendAndPause()
    }, PAUSE_MS).unref()
  }

  async function send(hints: ReadonlySet<string>): Promise<void> {
    for (const payload of gatherPayloads([...hints]))
      await askSystemDatabase(() => sql`SELECT pg_notify('live_hint', ${payload})`.execute(database))
  }

  return {
    watched() {
      watchedUntil = ports.uptimeMs() + WATCHED_MS
    },
    sessionsChanged(uid) {
      mark(JSON.stringify({ sessions: uid }))
    },
    auditWritten(workspaceIds) {
      for (const id of workspaceIds) mark(JSON.stringify({ audit: id ?? null }))
    },
    stop() {
      isStopped = true
      clearTimeout(pause)
    },
  }
}

/** Makes every process send its hints for the next WATCHED_MS. */
export const createWatchSender = (database: SystemDatabase) => (): Promise<void> =>
  askSystemDatabase(async () => {
    await sql`NOTIFY live_watch`.execute(database)
  })

const hintsShape = z.array(
  z.union([z.object({ sessions: z.uuid() }), z.object({ audit: z.string().max(32).nullable() })]),
)

/** @returns an empty list for a payload of another shape, which another version wrote */
export function parseHints(payload: string): readonly SentHint[] {
  const parsed = hintsShape.safeParse(jsonOrUndefined(payload))
  if (!parsed.success) return []
  return parsed.data.map((hint) =>
    'sessions' in hint
      ? { kind: 'sessions', instanceUid: hint.sessions as InstanceUid }
      : { kind: 'audit', workspaceId: (hint.audit ?? undefined) as WorkspaceId | undefined },
  )
}
