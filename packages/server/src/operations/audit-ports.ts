/** The audit beyond its lines in the log: kept in the system database, read by administrators. */
import type { WorkspaceId } from '../domain/ids.ts'
import type { AuditEntry, AuditLog } from './ports.ts'

export interface AuditRecord {
  readonly at: Date
  readonly entry: AuditEntry
}

/** A record with its place in the order of all records. */
export interface KeptAuditRecord extends AuditRecord {
  readonly id: string
}

export interface AuditFilter {
  /** Undefined: of the whole account. */
  readonly workspaceId: WorkspaceId | undefined
  readonly event: string | undefined
  readonly outcome: string | undefined
  readonly reason: string | undefined
  readonly identityId: string | undefined
  readonly instanceUid: string | undefined
  /** This instant and later. */
  readonly since: Date | undefined
  /** Before this instant. */
  readonly until: Date | undefined
}

export interface AuditStore {
  /** All of them or none. */
  appendRecords(records: readonly AuditRecord[]): Promise<void>
  /** Newest first, beginning behind `before`, which need not exist any more. */
  pageOfRecords(
    filter: AuditFilter,
    page: { readonly before: { readonly at: Date; readonly id: string } | undefined; readonly size: number },
  ): Promise<readonly KeptAuditRecord[]>
  /**
   * Removes the oldest of those from before that instant.
   * @returns how many; `busy` when another process is at it
   */
  removeRecords(before: Date, atMost: number): Promise<number | 'busy'>
}

/** An audit log that can say whether its records are safe. */
export interface KeptAuditLog extends AuditLog {
  /**
   * Resolves when everything recorded so far is in the system database.
   * @throws Fault audit_not_kept, retryable
   */
  kept(): Promise<void>
}
