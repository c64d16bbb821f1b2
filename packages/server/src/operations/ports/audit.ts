/** The audit: lines in the log, and records that the system database keeps for administrators to read. */
import type { WorkspaceId } from '../../domain/ids.ts'

export interface AuditLog {
  record(entry: AuditEntry): void
}

/** One record per login, refusal or minting. Carries ids and names, never a token (behaviour 74). */
export interface AuditEntry {
  readonly event:
    | 'login'
    | 'mint_database_credential'
    | 'create_role'
    | 'change_role'
    | 'take_over_binding'
    | 'client_credentials'
    | 'sign_in'
    | 'local_login'
    | 'set_password'
    | 'token_exchange'
    | 'register_table'
    | 'change_readers'
    | 'end_session'
    | 'workspace_files'
    | 'check_login'
    | 'saved_query'
    | 'rotate_signing_keys'
    | 'rotate_master_key'
    | 'replace_master_key'
    | 'recover_access'
    | 'make_backup'
    | 'restore_backup'
  readonly outcome: 'admitted' | 'refused' | 'failed'
  readonly reason?: string
  readonly detail?: string
  readonly identityId?: string
  readonly identityName?: string
  readonly role?: string
  /** The kind of proof that a login was asked for. */
  readonly proof?: 'token' | 'password_of_role'
  /** From the group down to the identity: ids, and the names at that moment. */
  readonly viaGroupPath?: readonly string[]
  readonly viaGroupNames?: readonly string[]
  readonly instanceUid?: string
  readonly instanceName?: string
  readonly workspaceId?: string
  readonly tokenId?: string
  readonly clientAddress?: string
  readonly database?: string
  /** SQLSTATE with which PostgreSQL ended a session. */
  readonly sqlstate?: string
  /** Who ended another identity's session. */
  readonly endedById?: string
  readonly endedByName?: string
}

export interface AuditRecord {
  readonly at: Date
  readonly entry: AuditEntry
}

/** A record with its place in the order of all records. */
export interface KeptAuditRecord extends AuditRecord {
  readonly id: string
}

export interface AuditFilter {
  /** Undefined: the whole account. */
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
  /** Newest first, starting after `before`, which need not exist any more. */
  pageOfRecords(
    filter: AuditFilter,
    page: { readonly before: { readonly at: Date; readonly id: string } | undefined; readonly size: number },
  ): Promise<readonly KeptAuditRecord[]>
  /**
   * Removes the oldest records from before that instant.
   * @returns how many; `busy` when another process is removing records
   */
  removeRecords(before: Date, atMost: number): Promise<number | 'busy'>
}

/** An audit log that can tell whether its records are stored. */
export interface KeptAuditLog extends AuditLog {
  /**
   * Resolves when everything recorded so far is in the system database.
   * @throws Fault audit_not_kept, retryable
   */
  kept(): Promise<void>
}
