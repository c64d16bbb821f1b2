/** The audit log: one JSON line per login, refusal and minting, marked `audit` in the log stream. */
import type { AuditLog } from '../operations/ports/audit.ts'
import type { Log } from './log.ts'

export function createAuditLog(log: Log): AuditLog {
  return {
    record: (entry) => {
      log.audit({ audit: true, ...entry }, `${entry.event} ${entry.outcome}`)
    },
  }
}
