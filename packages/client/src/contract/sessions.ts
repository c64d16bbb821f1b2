/** REST types of Lakegate's own paths about open sessions. */

/** An open session of PostgreSQL. */
export interface OpenSessionAnswer {
  session_id: string
  database_instance_name: string
  database_instance_uid: string
  /** The identity that uses the role; absent for a role that logged in with its own password. */
  identity?: { id: string; type: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP'; name: string }
  /** Ids from the group of the role down to the identity. */
  group_path: string[]
  role: string
  database: string
  client_address: string
  token_id?: string
  token_expire_time?: string
  /** As `pg_stat_activity.pid`. */
  backend_process_id?: number
  create_time: string
  last_activity_time: string
  bytes_from_client: number
  bytes_to_client: number
}

/** Open sessions of PostgreSQL; after some were ended, those. */
export interface OpenSessionsAnswer {
  sessions: OpenSessionAnswer[]
  /** Gateways that did not answer in time: their sessions are missing from the list, and none of them was ended. */
  silent_gateways: number
}
