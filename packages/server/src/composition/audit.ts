/** The audit of one process: writes log lines and records in the system database, and removes old records. */
import type { LoadedSettings } from '../config/load.ts'
import { createAuditLog } from '../observation/audit-log.ts'
import { createAuditQueue, type AuditQueue } from '../observation/audit-queue.ts'
import type { Log } from '../observation/log.ts'
import { parseWorkspaceId } from '../domain/ids.ts'
import type { HintSender } from '../operations/ports/activity.ts'
import type { AuditStore } from '../operations/ports/audit.ts'
import type { Clock } from '../operations/ports/clock.ts'
import { createAuditStore } from '../store/audit-records.ts'
import type { SystemDatabase } from '../store/system-database.ts'

export const buildAudit = (
  clock: Clock,
  log: Log,
  database: SystemDatabase,
  hints: Pick<HintSender, 'auditWritten'>,
): AuditQueue =>
  createAuditQueue({
    lines: createAuditLog(log),
    async append(records) {
      await createAuditStore(database).appendRecords(records)
      hints.auditWritten(
        records.map(({ entry }) =>
          entry.workspaceId === undefined ? undefined : parseWorkspaceId(entry.workspaceId),
        ),
      )
    },
    clock,
    log,
  })

const DAY_MS = 24 * 60 * 60 * 1000
const REMOVE_EVERY_MS = 60 * 60 * 1000
/** Small enough that the transaction hardly disturbs others. */
const REMOVED_AT_A_TIME = 5_000

/**
 * Removes records that are older than the retention, now and every hour. Every control plane tries; only one at a time
 * removes.
 * @returns a function that stops it
 */
export function keepRetention(
  store: Pick<AuditStore, 'removeRecords'>,
  settings: LoadedSettings,
  clock: Clock,
  log: Log,
): () => Promise<void> {
  const days = settings['audit-retention-days'].value
  if (days === 0) return () => Promise.resolve()
  let isStopping = false
  const remove = async () => {
    const before = new Date(clock().getTime() - days * DAY_MS)
    let removed: number | 'busy'
    do removed = await store.removeRecords(before, REMOVED_AT_A_TIME)
    while (removed === REMOVED_AT_A_TIME && !isStopping)
  }
  let running: Promise<void> = Promise.resolve()
  const run = () => {
    running = remove().catch((error: unknown) => {
      log.warn({ err: error }, 'old audit records could not be removed; the next attempt is in an hour')
    })
  }
  run()
  const timer = setInterval(run, REMOVE_EVERY_MS).unref()
  return async () => {
    isStopping = true
    clearInterval(timer)
    await running
  }
}
