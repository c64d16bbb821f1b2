/** REST types of Lakegate's own paths about the audit. */

/** Something that happened, or was refused. Fields that are unknown for an event are left out. */
export interface AuditRecordAnswer {
  /** @format date-time */
  time: string
  event: string
  outcome: 'admitted' | 'refused' | 'failed'
  /** A name in docs/refusals.md, or the reason why a session was ended. */
  reason?: string
  detail?: string
  identity_id?: string
  identity_name?: string
  role?: string
  /** The kind of proof that a login was asked for. */
  proof?: 'token' | 'password_of_role'
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

/** A page of the audit. */
export interface AuditAnswer {
  /** Newest first. */
  records: AuditRecordAnswer[]
  next_page_token?: string
}

/** Which records are wanted; all conditions must hold. */
export interface AuditQuery {
  /** Name of the event, such as `login`. */
  event?: string
  /** `admitted`, `refused` or `failed`. */
  outcome?: string
  /** A name in docs/refusals.md, or the reason why a session was ended. */
  reason?: string
  /** The SCIM id of the identity that did it. */
  identity_id?: string
  /** The uid of the database instance where it was. */
  instance_uid?: string
  /**
   * The earliest time.
   *
   * @format date-time
   */
  since?: string
  /**
   * The time before which records are wanted.
   *
   * @format date-time
   */
  until?: string
  /**
   * At most so many records; 100 when left out.
   *
   * @minimum 1
   * @maximum 1000
   */
  page_size?: number
  /** `next_page_token` of the page before; left out for the first one. */
  page_token?: string
}
