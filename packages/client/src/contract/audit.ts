/** REST types of Lakegate's own paths about the audit. */

/** Fields that are unknown for an event are left out. */
export interface AuditRecordAnswer {
  time: string
  event: string
  outcome: 'admitted' | 'refused' | 'failed'
  /** A name in docs/refusals.md, or the reason why a session was ended. */
  reason?: string
  detail?: string
  identity_id?: string
  identity_name?: string
  role?: string
  via_group_path?: string[]
  via_group_names?: string[]
  instance_uid?: string
  instance_name?: string
  workspace_id?: string
  token_id?: string
  client_address?: string
  database?: string
  /** The code with which PostgreSQL ended the session. */
  sqlstate?: string
  ended_by_id?: string
  ended_by_name?: string
}

export interface AuditAnswer {
  /** Newest first. */
  records: AuditRecordAnswer[]
  next_page_token?: string
}
